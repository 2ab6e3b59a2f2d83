"""What the application says."""

GREETING = "hello"
