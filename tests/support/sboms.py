"""What others say of a bill of materials."""

from __future__ import annotations


def check_valid(content: bytes) -> None:
    """Check that CycloneDX's own schema takes it, with no key that is not known."""
    # Three seconds, for each process that collects tests.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(content.decode())
    assert error is None, error
