"""Says a domain in ASCII."""

import idna


def handler(event: dict[str, str], _context: object) -> str:
    """Encode the domain of the event."""
    return idna.encode(event.get("domain", "bücher.example")).decode()
