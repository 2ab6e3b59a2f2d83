"""What the tests share. Each module is named for what it returns."""
