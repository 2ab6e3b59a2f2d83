"""An order service in two functions."""
