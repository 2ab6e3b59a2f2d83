"""Keeps secrets and control characters out of what is shown, and finds secrets in URLs.

What may be a secret is blotted out: too much of a message is better gone than too little. All of
it takes time in proportion to the text; no expression looks ahead from each letter of a long word.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from hatch_lambda_zip.files import home, read_regular
from hatch_lambda_zip.spellings import pattern

_BLOT: Final = "***"
_SCHEME: Final = re.compile(r"[A-Za-z][\w+.-]{0,30}\Z")
_VCS: Final = ("git+", "hg+", "svn+", "bzr+")
# What is no secret behind a URL: hashes, commits, and what pip names there.
_PUBLIC_FRAGMENT: Final = re.compile(
    r"(?:sha\d+(?:_\d+)?|md5|blake2[bs])[=:][0-9a-f]+|[0-9a-f]{40}"
    r"|(?:egg|subdirectory)=[\w./\[\],-]*"
)
# A password that may have blanks, up to the last @ of the line; what looks like a port is none.
_SPACED: Final = re.compile(
    r"""(?<=://)([^\s@/:]{0,200}:)(?!\d+(?:[\s/?#,;:)'"\]]|\Z))((?:(?!://)[^\n]){1,200})(?=@)"""
)
_HOST: Final = re.compile(r"[/?#,;|]")  # what ends it
_BEFORE_USER: Final = "'\"`([{<>=,;|/"
_AFTER_URL: Final = "'\"`)]}>,;.:|"

# Colours and titles of terminals, whole.
_ESCAPE: Final = re.compile(
    r"\x1b\[[0-?]{0,30}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b\n]{0,999}(?:\x07|\x1b\\)"
)
# C0 and C1 but for tabs and line ends, and what turns the direction of writing.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_AT: Final = str.maketrans("\uff20\ufe6b", "@@")  # as they are typed among East Asian letters

_SECRET_NAME: Final = re.compile(
    r"PASS(?:WORD|WD|PHRASE|CODE)|TOKEN|SECRET|CREDENTIAL|SSHPASS|COOKIE|(?:^|_)OTP$"
    r"|(?:API|ACCESS|ACCOUNT|DEPLOY|ENCRYPTION|LICENSE|MASTER|PRIVATE|SIGNING|SSH)[_-]?KEY"
    r"|(?:^|_)AUTH(?:$|_)"
    r"|_(?:PASS|PWD|PAT|CREDS?|JWT|BEARER)$|^UV_INDEX_.*_USERNAME$",
    re.IGNORECASE,
)
_PLAIN_NAME: Final = re.compile(r"(?:FILE|PATH|DIR|SOCK|PROVIDER)$", re.IGNORECASE)
_PLACE_NAME: Final = re.compile(
    r"URL|INDEX|PROXY|LINKS|REGISTRY|REPOSITORY|GIT_CONFIG_VALUE", re.IGNORECASE
)
_SECRET_KEY: Final = re.compile(r"^(?:sig|signature|key|auth)$", re.IGNORECASE)
_LONG_USER: Final = 16  # characters: such a name may be a token
_NETRC: Final = re.compile(
    r"""(?<!\S)(?:password|account)\s+("(?:\\.|[^"\\])*"|\S+)"""
    rf"|(?<!\S)login\s+(\S{{{_LONG_USER},}})"
)
# Of INI files; of TOML, JSON and Python, where several may stand in one line.
_LINE: Final = re.compile(r"^[ \t]*([\w.-]+)[ \t]*[=:](.*)", re.MULTILINE)
_QUOTED: Final = re.compile(
    r"""(?<![\w.-])([\w.-]+)["']?[ \t]*[=:][ \t]*("(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
)
# Of command lines and connection strings.
_PAIR: Final = re.compile(r"""(?<![\w.-])([\w.-]+)=([^\s"';,&|]+)""")
_FIELD: Final = re.compile(r"^[ \t]*([\w-]+):[ \t]+(\S.*)", re.MULTILINE)  # of a message's head
_KIND: Final = re.compile(r"(?:basic|bearer|token)\s+", re.IGNORECASE)  # of a header's value
_LIST: Final = re.compile(r"[,;|]")
_COMMENT: Final = re.compile(r"[ \t][#;]")
_HEADER: Final = re.compile(
    r"""(authorization["']?[ \t]*[=:][ \t]*["']?(?:basic|bearer|token)[ \t]+)([^\s"',;]+)""",
    re.IGNORECASE,
)
_CONFIG_VARIABLES: Final = (
    *("PIP_CONFIG_FILE", "UV_CONFIG_FILE", "HATCH_CONFIG"),
    *("GIT_CONFIG_GLOBAL", "AWS_SHARED_CREDENTIALS_FILE"),
)
# Where URLs with credentials may stand; uv reads the first two in every directory above, too.
_FILES_WITH_URLS: Final = (
    *("pyproject.toml", "uv.toml"),
    *("uv.lock", "pylock.toml", "requirements.txt"),
)
# What stands in such places and says nothing.
_KNOWN: Final = frozenset(
    (
        *("true", "false", "none", "null"),
        *("__token__", "oauth2accesstoken", "_json_key_base64", "x-oauth-basic", "x-token-auth"),
    )
)


def redact(text: str, values: Iterable[str] = ()) -> str:
    """Return a text as it may be shown.

    Users, passwords, queries and unknown fragments of URLs are blotted out, and control characters
    are written as escapes. A user name alone stays in an ssh URL: it is ``git``, no secret.

    Args:
        values: secrets (see ``secret_values``), blotted out wherever they are.
    """
    text = text.replace("\r\n", "\n").translate(_AT)
    text = _ESCAPE.sub("", text)  # colours may stand within a secret
    if known := pattern(tuple(values)):
        text = known.sub(_BLOT, text)
    text = _HEADER.sub(rf"\1{_BLOT}", _SPACED.sub(_without_blanks, printable(text)))
    return _each_word(text, lambda word: _url(word) if _is_url(word) else _without_scheme(word))


def _without_blanks(found: re.Match[str]) -> str:
    return found[1] + "".join(found[2].split())


def printable(text: str) -> str:
    r"""Return a text with escapes for control characters, which a terminal would obey.

    >>> printable("app\x9b2J.py")
    'app\\x9b2J.py'
    """
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def redact_urls(text: str) -> str:
    """Return a text without the secrets of URLs that have a scheme, and otherwise as it is."""
    return _each_word(text, lambda word: _url(word) if "://" in word else word)


def has_user(text: str) -> bool:
    """Tell whether a URL in a text has a user, password or token before its host."""
    words = (word.partition("://") for word in text.split() if "://" in word)
    return any(_hidden_user(head, rest) for head, _, rest in words)


def has_password(text: str) -> bool:
    """Tell whether a URL in a text has a password; a user alone may be one that a keyring knows."""
    words = (word.partition("://") for word in text.split() if "://" in word)
    return any(":" in _hidden_user(head, rest) for head, _, rest in words)


def has_query(text: str) -> bool:
    """Tell whether a URL in a text has a query, which may be a signature or token."""
    words = (word.partition("://")[2] for word in text.split() if "://" in word)
    return any("?" in word.partition("#")[0] for word in words)


def secret_values(environ: Mapping[str, str], place: Path | None = None) -> tuple[str, ...]:
    """Return the secrets of an environment, of the user's netrc, and of the settings of tools.

    Args:
        place: a project's directory; URLs that its files and those above name have secrets too.
    """
    found: set[str] = set()
    for name, value in environ.items():
        if _is_secret(name):
            found.update(_parts(value))
        found.update(_quoted(value))
        found.update(each for key, each in _PAIR.findall(value) if _is_secret(key))
        found.update(_fields(value))
        is_place = _PLACE_NAME.search(name) is not None
        found.update(_url_secrets(_words(value), has_schemes=not is_place))
        if is_place:  # a space, too, may be one that should have been escaped
            found.update(_url_secrets([value.strip()], has_schemes=False))
    for directory in (place, *place.parents) if place else ():
        for name in _FILES_WITH_URLS:
            text = _content(f"{directory}/{name}")
            found.update(_url_secrets(_words(text), has_schemes=True))
            found.update(_settings(text) if name == "uv.toml" else ())
    for password, login in _NETRC.findall(_netrc(environ)):
        found.update(_meant(password or login))
    for text in map(_content, _configurations(environ)):
        found.update(_url_secrets(_words(text), has_schemes=True))
        found.update(_settings(text))
    return tuple(sorted(value for value in found if value and value.lower() not in _KNOWN))


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name) and not _PLAIN_NAME.search(name))


def _parts(value: str) -> Iterator[str]:
    """Yield what may be shown alone of a secret's value: its lines, and it without kind or user."""
    yield from (value.strip(), *value.splitlines())
    bare = _KIND.sub("", value.strip(), count=1)
    yield from (bare, bare.partition(":")[2])


def _words(text: str) -> Iterator[str]:
    """Yield what may be URLs, with the blanks that should have been escaped, and those of lists."""
    for word in text.split():
        parts = _LIST.split(word)
        yield from (word, *(parts if parts[1:] else ()))
    yield from (f"://{found[0]}@" for found in _SPACED.finditer(text) if " " in found[2])


def _settings(text: str) -> Iterator[str]:
    """Yield the secrets of a tool's configuration: INI, TOML or JSON, git's among them."""
    yield from _quoted(text)
    for key, rest in _LINE.findall(text):
        if _PLACE_NAME.search(key):
            yield from _url_secrets(rest.split(), has_schemes=False)
        yield from _fields(rest)
        if _SECRET_NAME.search(key):
            value = _COMMENT.split(rest, maxsplit=1)[0].strip()
            yield from (*rest.split()[:1], value, value.replace("%%", "%"))


def _fields(text: str) -> Iterator[str]:
    """Yield the secrets of HTTP headers that are called so, one in a line."""
    yield from (value.strip() for key, value in _FIELD.findall(text) if _is_secret(key))


def _quoted(text: str) -> Iterator[str]:
    """Yield the secrets that stand in quotes behind their names, and those of HTTP headers."""
    for key, value in _QUOTED.findall(text):
        if _SECRET_NAME.search(key):
            yield from _meant(value)
    yield from (value for _, value in _HEADER.findall(text))


def _meant(value: str) -> tuple[str, str]:
    """Return what a value in quotes stands for, with and without escapes."""
    plain = value[1:-1] if value[:1] in {"'", '"'} else value
    return plain, re.sub(r"\\(.)", r"\1", plain)


def _each_word(text: str, change: Callable[[str], str]) -> str:
    return "".join(
        change(word) if "@" in word or "://" in word else word for word in re.split(r"(\s+)", text)
    )


def _is_url(word: str) -> bool:
    """Tell whether a ``://`` follows a scheme; in a password it may stand as well."""
    head, separator, rest = word.partition("://")
    is_password = "@" in rest and (":" in head or _SCHEME.search(head) is None)
    return bool(separator) and not is_password


def _url(word: str) -> str:
    """Clean a word with a URL in it, or with several."""
    head, _, rest = word.partition("://")
    hidden = _hidden_user(head, rest)
    end = (len(hidden) if hidden else _end_of_user(head, rest)) + 1
    user, place = f"{_BLOT}@" if hidden else rest[:end], rest[end:]  # "git@" is shown
    if start := _start_of_no_port(head, place):
        return f"{head}://{user}{place[:start]}{_BLOT}{place[len(place.rstrip(_AFTER_URL)) :]}"
    return f"{head}://{user}{_without_query(place)}"


def _without_scheme(word: str) -> str:
    """Clean a word that may be a URL without a scheme."""
    start, end = _user_without_scheme(word)
    if end < 0:
        return word
    return f"{word[:start]}{_BLOT}@{_without_query(word[end + 1 :])}"


def _user_without_scheme(word: str) -> tuple[int, int]:
    """Return where ``user:password`` starts and ends in a word; a negative end if it has none."""
    end = word.rfind("@")
    colon = word.find(":", 0, max(end, 0))
    start = max(word.rfind(mark, 0, max(colon, 0)) for mark in _BEFORE_USER) + 1
    is_drive = colon - start == 1 and word[colon + 1] in "/\\"
    is_scp = word.startswith("git@", start)  # git@host:path@ref; others log in as me@work:password
    return (0, -1) if colon < 0 or is_drive or is_scp else (start, end)


def _hidden_user(head: str, rest: str) -> str:
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
    is_number = not port.strip(_AFTER_URL) or port.strip(_AFTER_URL).isdigit()
    is_other = name[:1] == "[" or _scheme(head).endswith("ssh")
    return 0 if is_number or is_other else len(name) + 1


def _scheme(head: str) -> str:
    found = _SCHEME.search(head)
    return found[0].lower() if found else ""


def _without_query(text: str) -> str:
    """Blot out the query, and a fragment that is not known to be public."""
    body = text.rstrip(_AFTER_URL)
    before, mark, fragment = body.partition("#")
    path, question, query = before.partition("?")
    if query:
        query = _BLOT
    if not all(_PUBLIC_FRAGMENT.fullmatch(part) for part in fragment.split("&") if part):
        fragment = _BLOT
    return f"{path}{question}{query}{mark}{fragment}{text[len(body) :]}"


def _url_secrets(words: Iterable[str], *, has_schemes: bool) -> Iterator[str]:
    """Yield passwords and tokens from the words that are URLs.

    Args:
        has_schemes: whether only what has a scheme is a URL.
    """
    for word in words:
        if "@" not in word and "://" not in word:
            continue
        head, separator, rest = word.partition("://")
        if separator:
            user = _hidden_user(head, rest)
        elif has_schemes:
            continue
        else:
            start, end = _user_without_scheme(word)
            user = word[start : max(end, 0)]
        name, _, password = user.partition(":")
        yield from {password or name} - {""}
        # As in a netrc: GitHub takes a token as the user's name, too.
        yield from {name} if len(name) >= _LONG_USER else ()
        for part in re.split(r"[?#&]", rest)[1:]:
            key, _, value = part.rstrip(_AFTER_URL).partition("=")
            if value and (_SECRET_NAME.search(key) or _SECRET_KEY.search(key)):
                yield value


def _netrc(environ: Mapping[str, str]) -> str:
    at_home = home(environ)
    paths = (*_named(environ, "NETRC"), f"{at_home}/.netrc", f"{at_home}/_netrc")
    return next(filter(None, map(_content, paths)), "")


def _named(environ: Mapping[str, str], variable: str) -> Iterator[str]:
    """Yield where a file may be that a variable names, relative to where the command was typed."""
    if path := environ.get(variable):
        yield from (os.path.join(environ.get("PWD", ""), path), path)  # noqa: PTH118 - may be empty


def _configurations(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield where tools' files with passwords may be."""
    for variable in _CONFIG_VARIABLES:
        yield from _named(environ, variable)
    at_home = home(environ)
    support = f"{at_home}/Library/Application Support"
    places = {
        environ.get("XDG_CONFIG_HOME") or f"{at_home}/.config": (
            *("pip/pip.conf", "uv/uv.toml", "hatch/config.toml", "git/config"),
            *("git/credentials", "pdm/config.toml", "pypoetry/auth.toml"),
        ),
        environ.get("UV_CREDENTIALS_DIR")
        or f"{environ.get('XDG_DATA_HOME') or f'{at_home}/.local/share'}/uv/credentials": (
            "credentials.toml",
        ),
        str(at_home): (
            *(".pip/pip.conf", "pip/pip.ini", ".pypirc", ".git-credentials", ".gitconfig"),
            *(".aws/credentials", ".docker/config.json"),
        ),
        support: ("pip/pip.conf", "pypoetry/auth.toml", "hatch/config.toml", "pdm/config.toml"),
        environ.get("APPDATA"): ("pip/pip.ini", "uv/uv.toml", "pypoetry/auth.toml"),
        environ.get("VIRTUAL_ENV"): ("pip.conf", "pip.ini"),
        "/etc": ("pip.conf", "uv/uv.toml", "xdg/pip/pip.conf", "xdg/uv/uv.toml"),
    }
    for place, names in places.items():
        if place:
            yield from (f"{place}/{name}" for name in names)
    if place := environ.get("HOME"):  # git's on Windows, too
        yield f"{place}/.git-credentials"


def _content(path: str) -> str:
    """Return a file as text; nothing where none is: whoever reads it can't do so either."""
    path = os.path.expanduser(path)  # noqa: PTH111 - pathlib's raises for a user without a home
    try:
        status = os.stat(path)  # noqa: PTH116 - two dozen for each line that is shown
        times = (status.st_mtime_ns, status.st_ctime_ns)
        return _read(path, (status.st_dev, status.st_ino, status.st_size, *times))
    except (OSError, ValueError):
        return ""


@cache
def _read(path: str, _state: tuple[int, ...]) -> str:
    """Return a file as text, read once for each state of it."""
    # Of a pipe there would be nothing left for the tool.
    return (read_regular(path) or b"").decode("utf-8-sig", "replace")
