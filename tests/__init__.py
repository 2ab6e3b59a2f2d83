"""The tests: unit tests in unit/, real builds beside it, what they share in support/."""
