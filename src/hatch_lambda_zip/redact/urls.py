"""Finds users, passwords, tokens and queries in URLs, and blots them out.

What may be a secret is blotted out: too much of a message is better gone than too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

BLOT: Final = "***"
_SCHEME: Final = re.compile(r"[A-Za-z][\w+.-]{0,30}\Z")
_VCS: Final = ("git+", "hg+", "svn+", "bzr+")
# What is no secret behind a URL: hashes, commits, and what pip names there.
_PUBLIC_FRAGMENT: Final = re.compile(
    r"(?:sha\d+(?:_\d+)?|md5|blake2[bs])[=:][0-9a-f]+|[0-9a-f]{40}"
    r"|(?:egg|subdirectory)=[\w./\[\],-]*"
)
# A password that may have blanks, up to the last @ of the line; what looks like a port is none.
SPACED: Final = re.compile(
    r"""(?<=://)([^\s@/:]{0,200}:)(?!\d+(?:[\s/?#,;:)'"\]]|\Z))((?:(?!://)[^\n]){1,200})(?=@)"""
)
LONG_USER: Final = 16
"""How many characters a user's name may have to be taken for a token."""
_NAME: Final = re.compile(r"[\w.+-]*")
_HOST: Final = re.compile(r"[/?#,;|]")  # what ends it
_BEFORE_USER: Final = "'\"`([{<>=,;|/"
AFTER_URL: Final = "'\"`)]}>,;.:|"


def has_password(text: str) -> bool:
    """Tell whether a URL in a text has a password; a user alone may be one that a keyring knows."""
    return any(hidden_user(head, rest).partition(":")[2] for head, rest in _urls(text))


def has_token(text: str) -> bool:
    """Tell whether a URL in a text has a password, or a user that may be a token.

    Names that are none stand in URLs that git hosts show, such as ``https://org@host/org/x``.
    """
    return any(is_token(hidden_user(head, rest), rest) for head, rest in _urls(text))


def is_token(user: str, rest: str) -> bool:
    """Tell whether what stands before a URL's host is a secret.

    Args:
        user: it, with the password if there is one.
        rest: what follows the ``://``.
    """
    name, _, password = user.partition(":")
    is_name = len(name) < LONG_USER and _NAME.fullmatch(name)
    return bool(password) or not (is_name or name in rest.partition("@")[2].split("/"))


def has_query(text: str) -> bool:
    """Tell whether a URL in a text has a query, which may be a signature or token."""
    return any("?" in rest.partition("#")[0] for _, rest in _urls(text))


def _urls(text: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before and behind each ``://`` of a text's words, the first of each."""
    for word in text.split():
        head, separator, rest = word.partition("://")
        if separator:
            yield head, rest


def is_url(word: str) -> bool:
    """Tell whether a ``://`` follows a scheme; in a password it may stand as well."""
    head, separator, rest = word.partition("://")
    is_password = "@" in rest and (":" in head or _SCHEME.search(head) is None)
    return bool(separator) and not is_password


def cleaned_url(word: str) -> str:
    """Clean a word with a URL in it, or with several."""
    head, _, rest = word.partition("://")
    hidden = hidden_user(head, rest)
    end = (len(hidden) if hidden else _end_of_user(head, rest)) + 1
    user, place = f"{BLOT}@" if hidden else rest[:end], rest[end:]  # "git@" is shown
    if start := _start_of_no_port(head, place):
        return f"{head}://{user}{place[:start]}{BLOT}{place[len(place.rstrip(AFTER_URL)) :]}"
    return f"{head}://{user}{_without_query(place)}"


def cleaned_without_scheme(word: str) -> str:
    """Clean a word that may be a URL without a scheme."""
    start, end = user_without_scheme(word)
    if end < 0:
        return word
    return f"{word[:start]}{BLOT}@{_without_query(word[end + 1 :])}"


def user_without_scheme(word: str) -> tuple[int, int]:
    """Return where ``user:password`` starts and ends in a word; a negative end if it has none."""
    end = word.rfind("@")
    colon = word.find(":", 0, max(end, 0))
    start = max(word.rfind(mark, 0, max(colon, 0)) for mark in _BEFORE_USER) + 1
    is_drive = colon - start == 1 and word[colon + 1] in "/\\"
    is_scp = word.startswith("git@", start)  # git@host:path@ref; others log in as me@work:password
    return (0, -1) if colon < 0 or is_drive or is_scp else (start, end)


def hidden_user(head: str, rest: str) -> str:
    """Return user and password of a URL, unless it is a public user name or there is none.

    Args:
        head: what stands before the ``://``.
        rest: what follows it.
    """
    user = rest[: max(_end_of_user(head, rest), 0)]
    is_public = _scheme(head).endswith("ssh") and ":" not in user
    return "" if is_public else user


def _end_of_user(head: str, rest: str) -> int:
    """Return where the ``@`` is that ends user and password; a negative number if there is none.

    Whoever forgets to escape a ``/``, ``#`` or ``@`` in a password makes a URL that means something
    else. So the last ``@`` counts, unless the URL makes sense without.
    """
    last = rest.rfind("@")
    if last < 0:
        return last
    end = next((at for at, letter in enumerate(rest) if letter in "/?#"), len(rest))
    name, _, port = rest[:end].partition(":")
    is_vcs = _scheme(head).startswith(_VCS) or _scheme(head) == "ssh"
    has_ref = is_vcs and "/" not in rest[last:] and "/" in rest[rest.rfind("@", 0, last) + 1 : last]
    if has_ref:
        before = rest.rfind("@", 0, last)
        if before >= 0:
            return before
    is_host = not name or name == "localhost" or name[0] == "[" or "." in name or has_ref
    has_other = "://" in rest[end:last]  # of a list
    if (
        "@" not in rest[:end]
        and is_host
        and not has_other
        and (not port or port.isdigit() or name[:1] == "[")
    ):
        return -1 if rest[end] != "#" else last
    return last


def _start_of_no_port(head: str, place: str) -> int:
    """Return where a URL has a port that is no number, behind its user; 0 if it has none.

    That may be a password, behind which the host was forgotten, or in whose user there is an ``@``.
    In an ssh URL it is a path.

    Args:
        head: what stands before the ``://``.
        place: what follows it and the user.
    """
    name, _, port = _HOST.split(place, maxsplit=1)[0].partition(":")
    is_number = not port.strip(AFTER_URL) or port.strip(AFTER_URL).isdigit()
    is_other = name[:1] == "[" or _scheme(head).endswith("ssh")
    return 0 if is_number or is_other else len(name) + 1


def _scheme(head: str) -> str:
    found = _SCHEME.search(head)
    return found[0].lower() if found else ""


def _without_query(text: str) -> str:
    """Blot out the query, and a fragment that is not known to be public."""
    body = text.rstrip(AFTER_URL)
    before, mark, fragment = body.partition("#")
    path, question, query = before.partition("?")
    if query:
        query = BLOT
    if not all(_PUBLIC_FRAGMENT.fullmatch(part) for part in fragment.split("&") if part):
        fragment = BLOT
    return f"{path}{question}{query}{mark}{fragment}{text[len(body) :]}"
