"""A selection -> installed distributions, read through their verified RECORDs."""
