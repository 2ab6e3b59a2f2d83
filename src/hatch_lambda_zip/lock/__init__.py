"""Which lock file, and the part of it that one function needs."""
