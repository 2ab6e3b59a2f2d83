"""Installed distributions -> the exact files of a zip, and why others do not ship."""
