"""Finds the secrets that an environment, a user's files and tools' settings hold."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from hatch_lambda_zip.files import home, read_regular
from hatch_lambda_zip.redact.clean import HEADER
from hatch_lambda_zip.redact.urls import (
    AFTER_URL,
    LONG_USER,
    SPACED,
    hidden_user,
    is_token,
    user_without_scheme,
)

_SECRET_NAME: Final = re.compile(
    r"PASS(?:WORD|WD|PHRASE|CODE)|TOKEN|SECRET|CREDENTIAL|SSHPASS|COOKIE|(?:^|_)OTP$"
    r"|(?:API|ACCESS|ACCOUNT|DEPLOY|ENCRYPTION|LICENSE|MASTER|PRIVATE|SIGNING|SSH|STORAGE)[_-]?KEY"
    r"|(?:SERVICE|SHARED|SUBSCRIPTION|HMAC|GPG|PYPI|NUGET)[_-]?KEY$"
    r"|(?:^|_)AUTH(?:ORIZATION)?(?:$|_)"
    r"|_(?:PWD|PSW)(?:$|_)|(?:^|[_-])ART[_-]API$"
    r"|(?:^|_)(?:PAT|CREDS?|JWT|BEARER)\d*(?:$|_)|_(?:PW|WEBHOOK|WEBHOOK_URL)$"
    r"|(?:^|_)PASS_?\d*$"
    r"|^UV_INDEX_.*_USERNAME$",
    re.IGNORECASE,
)
_PLAIN_NAME: Final = re.compile(
    r"(?:FILE|PATH|DIR|DIRECTORY|SOCK|PROVIDER"
    r"|_(?:ALGORITHM|ARN|BACKEND|HOME|HOST|MINUTES|MODE|NAME|PORT|REGION|SECONDS|TYPE|VERSION))$",
    re.IGNORECASE,
)
_PLACE_NAME: Final = re.compile(
    r"URL|INDEX|PROXY|LINKS|REGISTRY|REPOSITORY|GIT_CONFIG_VALUE", re.IGNORECASE
)
_SECRET_KEY: Final = re.compile(r"^(?:sig|signature|key|auth)$", re.IGNORECASE)
_LONG_LINE: Final = 8  # characters: shorter ones may be words
_NETRC: Final = re.compile(
    r"""(?<!\S)(?:password|account)\s+("(?:\\.|[^"\\])*"|\S+)"""
    rf"|(?<!\S)login\s+(\S{{{LONG_USER},}})"
)
_MACHINE: Final = re.compile(r"(?<!\S)(?:machine\s+\S|default\s+login\b)")
# Of INI files, in npm's behind a registry; of TOML, JSON and Python, where several may stand in one
# line.
_LINE: Final = re.compile(r"^[ \t]*(?://[^\s=]{0,200}:)?([\w.-]+)[ \t]*[=:](.*)", re.MULTILINE)
_QUOTED: Final = re.compile(
    r"""(?<![\w.-])([\w.-]+)["']?[ \t]*[=:][ \t]*("(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
)
# Of command lines and connection strings.
_PAIR: Final = re.compile(r"""(?<![\w.-])([\w.-]+)=([^\s"';,&|]+)""")
_CONNECTION: Final = re.compile(r"(?:^|;)[ ]*(?:uid|user(?: id)?)=", re.IGNORECASE)
_FIELD: Final = re.compile(r"^[ \t]*([\w-]+):[ \t]+(\S.*)", re.MULTILINE)  # of a message's head
# Of a header's value.
_KIND: Final = re.compile(r"(?:basic|bearer|token)(?:\s|%20)+", re.IGNORECASE)
_LIST: Final = re.compile(r"[,;|]")
_COMMENT: Final = re.compile(r"[ \t][#;]")
_INCLUDE: Final = re.compile(r"^[ \t]*\[include", re.MULTILINE | re.IGNORECASE)
_CONFIG_VARIABLES: Final = (
    *("PIP_CONFIG_FILE", "UV_CONFIG_FILE", "HATCH_CONFIG", "PDM_CONFIG_FILE"),
    *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "DIST_EXTRA_CONFIG"),
    *("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"),
    *("NPM_CONFIG_USERCONFIG", "NPM_CONFIG_GLOBALCONFIG", "REGISTRY_AUTH_FILE"),
)
# Where URLs with credentials may stand; uv reads the first two in every directory above, too.
_FILES_WITH_URLS: Final = (
    *("pyproject.toml", "uv.toml"),
    *("uv.lock", "pylock.toml", "requirements.txt"),
)
# Where passwords may stand elsewhere, too.
_SETTINGS: Final = ("uv.toml", "poetry.toml", "pdm.toml", ".npmrc", "setup.cfg")
_EXACT_KEYS: Final = frozenset(("password", "token"))
# What stands in such places and says nothing.
_KNOWN: Final = frozenset(
    (
        *("true", "false", "none", "null"),
        # What stands for a secret in examples and tests, and in what is said of them.
        *("password", "passwd", "token", "secret", "user", "username", "admin", "root"),
        *("test", "local", "localhost", "default", "lambda", "postgres", "guest"),
        *("__token__", "oauth2accesstoken", "_json_key_base64", "x-oauth-basic", "x-token-auth"),
    )
)


def secret_values(environ: Mapping[str, str], place: Path | None = None) -> tuple[str, ...]:
    """Return the secrets of an environment, of the user's netrc, and of the settings of tools.

    Args:
        place: a project's directory; URLs that its files and those above name have secrets too.
    """
    found = {*_variables(environ)}
    for directory in (place, *place.parents) if place else ():
        for name in _FILES_WITH_URLS:
            text = _content(f"{directory}/{name}")
            found.update(_url_secrets(_words(text), has_schemes=True))
        # Of many tools' tables, in which a key like "tokenize" is no secret.
        for key, value in _QUOTED.findall(_content(f"{directory}/pyproject.toml")):
            if key.lower().rpartition(".")[2] in _EXACT_KEYS:
                found.update(_meant(value))
        for path in (*(f"{directory}/{name}" for name in _SETTINGS), *_of_checkout(directory)):
            found.update(_settings(path))
    netrcs = (value for value in environ.values() if _MACHINE.search(value))  # to be written
    for text in (_netrc(environ), *netrcs):
        for password, login in _NETRC.findall(text):
            found.update(_meant(password or login))
    for path in _configurations(environ):
        found.update(_settings(path))
    found.update([*map(_password_in, found)])
    return tuple(sorted(value for value in found if value and value.lower() not in _KNOWN))


def _variables(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        for text in filter(None, (value, _decoded(value))):
            if _is_secret(name):
                yield from _parts(text)
            yield from _quoted(text)
            yield from _lines_in(text.replace("\\n", "\n"))
            is_login = _CONNECTION.search(text) is not None  # otherwise PWD is a directory
            for key, each in _PAIR.findall(text):
                is_secret = _is_secret(key) or (is_login and key.lower() == "pwd")
                yield from _parts(each) if is_secret else ()
            yield from _fields(text)
        is_place = _PLACE_NAME.search(name) is not None
        yield from _url_secrets(_words(value), has_schemes=not is_place)
        if is_place:  # a space, too, may be one that should have been escaped
            yield from _url_secrets([value.strip()], has_schemes=False)


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name) and not _PLAIN_NAME.search(name))


def _parts(value: str) -> Iterator[str]:
    """Yield what may be shown alone of a secret's value: its lines, and it without kind or user.

    Of several secrets in one, as a CI system may give all that it has, each may be.
    """
    yield from (value.strip(), *value.splitlines(), *_escaped_lines(value))
    for _, each in _QUOTED.findall(value):
        yield from _meant(each)
    yield from (each for _, each in _PAIR.findall(value))
    bare = _KIND.sub("", value.strip(), count=1)
    yield from (bare, bare.partition(":")[2])


def _escaped_lines(value: str) -> Iterator[str]:
    """Yield the lines of what has its line ends as escapes, as private keys in JSON have them."""
    lines = value.split("\\n")
    yield from (line for line in lines if len(lines) > 1 and len(line) >= _LONG_LINE)


def _lines_in(text: str) -> Iterator[str]:
    """Yield the secrets of a file's text that a variable holds; a single line is no file."""
    for key, rest in _LINE.findall(text) if "\n" in text.strip() else ():
        if _PLACE_NAME.search(key):
            yield from _url_secrets(rest.split(), has_schemes=False)
        if _is_secret(key) and rest[:1] != "/":  # that is a list of paths
            yield _COMMENT.split(rest, maxsplit=1)[0].strip()


def _decoded(value: str) -> str:
    """Return the text of which a value is the Base64, as CI systems keep files; or nothing."""
    try:
        return base64.b64decode("".join(value.split()), validate=True).decode()
    except ValueError:
        return ""


def _words(text: str) -> Iterator[str]:
    """Yield what may be URLs, with the blanks that should have been escaped, and those of lists."""
    for word in text.split():
        parts = _LIST.split(word)
        yield from (word, *(parts if parts[1:] else ()))
    yield from (f"://{found[0]}@" for found in SPACED.finditer(text) if " " in found[2])


def _password_in(value: str) -> str:
    """Return the password in what is Base64 of user and password, as in a header; or nothing."""
    return _decoded(value).partition(":")[2].strip()


def _settings(path: str) -> Iterator[str]:
    """Yield the secrets of a tool's configuration, and of those that it includes."""
    for text in _with_included(path, set()):
        yield from _url_secrets(_words(text), has_schemes=True)
        yield from _settings_in(text)


def _with_included(path: str, known: set[str]) -> Iterator[str]:
    """Yield the texts of a configuration and of what it includes, as git's may (git-config(1)).

    A token that is to be there for one job alone is kept so.

    Args:
        known: the paths that were read already; added to.
    """
    known.add(path)
    text = _content(path)
    yield text
    for key, rest in _LINE.findall(text) if _INCLUDE.search(text) else ():
        if key.lower() == "path":
            named = _COMMENT.split(rest, maxsplit=1)[0].strip(' "\t\r')
            included = str(Path(path).parent / os.path.expanduser(named))  # noqa: PTH111 - see _content
            if included not in known:
                yield from _with_included(included, known)


def _of_checkout(directory: Path) -> Iterator[str]:
    """Yield where git's configuration of a checkout may be (gitrepository-layout(5))."""
    git = f"{directory}/.git"
    pointer = _content(git)  # a file in a worktree and in a submodule
    if pointer.startswith("gitdir:"):
        git = os.path.join(directory, pointer.partition(":")[2].strip())  # noqa: PTH118 - as below
    common = os.path.join(git, _content(f"{git}/commondir").strip())  # noqa: PTH118 - may be empty
    yield from (f"{common}/config", f"{git}/config.worktree")


def _settings_in(text: str) -> Iterator[str]:
    """Yield the secrets of a configuration's text: INI, TOML or JSON, git's among them."""
    yield from _quoted(text)
    for key, rest in _LINE.findall(text):
        if _PLACE_NAME.search(key):
            yield from _url_secrets(rest.split(), has_schemes=False)
        yield from _fields(rest)
        if _SECRET_NAME.search(key):
            value = _COMMENT.split(rest, maxsplit=1)[0].strip()
            yield from (*rest.split()[:1], value, value.replace("%%", "%"))
            yield value[value.find("%") :] if "%" in value else ""  # as configparser shows it
        if key.lower() == "helper" and "store" in rest:  # git-credential-store(1)
            path = rest.partition("--file")[2].strip("= \"'\t\r")
            yield from _url_secrets(_words(_content(path)), has_schemes=True)


def _fields(text: str) -> Iterator[str]:
    """Yield the secrets of HTTP headers that are called so, one in a line."""
    yield from (value.strip() for key, value in _FIELD.findall(text) if _is_secret(key))


def _quoted(text: str) -> Iterator[str]:
    """Yield the secrets that stand in quotes behind their names, and those of HTTP headers."""
    for key, value in _QUOTED.findall(text):
        if _SECRET_NAME.search(key):
            yield from (*_meant(value), *_escaped_lines(value.strip("\"'")))
    yield from (value for _, value in HEADER.findall(text))


def _meant(value: str) -> tuple[str, str]:
    """Return what a value in quotes stands for, with and without escapes."""
    plain = value[1:-1] if value[:1] in {"'", '"'} else value
    return plain, re.sub(r"\\(.)", r"\1", plain)


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
            user = hidden_user(head, rest)
        elif has_schemes:
            continue
        else:
            start, end = user_without_scheme(word)
            user = word[start : max(end, 0)]
        name, _, password = user.partition(":")
        yield from {password} - {""}
        # As in a netrc: GitHub takes a token as the user's name, too.
        yield from {name} if is_token(name, rest) else ()
        for part in re.split(r"[?#&]", rest)[1:]:
            key, _, value = part.rstrip(AFTER_URL).partition("=")
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
    of_all = environ.get("XDG_CONFIG_DIRS", "").split(os.pathsep)
    places = (
        (
            environ.get("XDG_CONFIG_HOME") or f"{at_home}/.config",
            *("pip/pip.conf", "uv/uv.toml", "hatch/config.toml", "git/config"),
            *("git/credentials", "pdm/config.toml", "pypoetry/auth.toml"),
            *("pypoetry/config.toml", "gh/hosts.yml", "containers/auth.json"),
        ),
        (
            environ.get("UV_CREDENTIALS_DIR")
            or f"{environ.get('XDG_DATA_HOME') or f'{at_home}/.local/share'}/uv/credentials",
            "credentials.toml",
        ),
        (
            at_home,
            *(".pip/pip.conf", "pip/pip.ini", ".pypirc", ".git-credentials", ".gitconfig"),
            *(".aws/credentials", ".aws/config", ".docker/config.json"),
            *(".npmrc", ".cargo/credentials.toml", ".cargo/credentials", ".pydistutils.cfg"),
        ),
        (support, "pip/pip.conf", "pypoetry/auth.toml", "hatch/config.toml", "pdm/config.toml"),
        (environ.get("APPDATA"), "pip/pip.ini", "uv/uv.toml", "pypoetry/auth.toml"),
        (environ.get("PROGRAMDATA"), "pip/pip.ini", "uv/uv.toml"),
        (environ.get("VIRTUAL_ENV"), "pip.conf", "pip.ini"),
        (environ.get("CARGO_HOME"), "credentials.toml", "credentials"),
        (environ.get("DOCKER_CONFIG"), "config.json"),
        (environ.get("GH_CONFIG_DIR"), "hosts.yml"),
        (environ.get("POETRY_CONFIG_DIR"), "auth.toml", "config.toml"),
        ("/etc", "gitconfig", "pip.conf", "uv/uv.toml", "xdg/pip/pip.conf", "xdg/uv/uv.toml"),
        *((place, "pip/pip.conf", "uv/uv.toml") for place in of_all),
    )
    for place, *names in places:
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
