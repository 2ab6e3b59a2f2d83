"""What several functions use."""


def shout(text: str) -> str:
    """Make it louder."""
    return text.upper() + "!"
