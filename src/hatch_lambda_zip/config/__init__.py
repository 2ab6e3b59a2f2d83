"""Tables of pyproject.toml (or hatch.toml) -> one frozen artifact a zip."""
