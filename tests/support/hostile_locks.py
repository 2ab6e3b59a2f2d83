"""Locks that somebody has edited by hand, or made to do harm."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from tests.support.hostile import Case, World, locked, pylock
from tests.support.hostile_wheels import NAME, wheel

_UV_LOCK: Final = """\
version = 1
revision = 3
requires-python = ">=3.10"

[[package]]
name = "app"
version = "1"
source = { editable = "." }
dependencies = [{ name = "carrier" }]

[package.metadata]
requires-dist = [{ name = "carrier", path = "../files/NAME" }]

[[package]]
name = "carrier"
version = "1.0"
source = { path = "../files/NAME" }
wheels = [{ filename = "NAME", hash = "sha256:SHA" }]
"""
_SOURCE: Final = f'\n[tool.uv.sources]\ncarrier = {{ path = "../files/{NAME}" }}\n'


def _prepare(world: World) -> str:
    """Write a right wheel, and return its SHA-256."""
    (world.files / NAME).write_bytes(wheel())
    return hashlib.sha256(wheel()).hexdigest()


def _uv_lock(old: str, new: str, world: World) -> None:
    """Edit a right uv.lock; an empty ``old`` is all of it."""
    digest = _prepare(world)
    with world.project.pyproject.open("a") as file:
        file.write(_SOURCE)
    text = _UV_LOCK.replace("NAME", NAME).replace("SHA", digest)
    old, new = old.replace("SHA", digest), new.replace("ALL", text)
    assert old in text
    edited = text.replace(old, new) if old else new
    world.project.lock_path.write_text(edited, encoding="utf-8", errors="surrogateescape")


def _pylock(old: str, new: str, world: World) -> None:
    """Edit a right pylock.toml; an empty ``old`` is all of it."""
    digest = _prepare(world)
    pylock(world, locked(world.files / NAME))
    path = world.app / "pylock.toml"
    text = path.read_text(encoding="utf-8")
    old, new = old.replace("SHA", digest), new.replace("ALL", text)
    assert old in text
    edited = text.replace(old, new) if old else new
    path.write_text(edited, encoding="utf-8", errors="surrogateescape")


def _requirements(text: str, world: World) -> None:
    """Write a requirements.txt, where LINE is a right one."""
    digest = _prepare(world)
    world.project.configure(lock="requirements.txt")
    line = f"carrier==1.0 --hash=sha256:{digest}"
    text = f"--no-index\n--find-links ../files\n{text}"
    (world.app / "requirements.txt").write_text(
        text.replace("LINE", line).replace("SHA", digest), "utf-8", errors="surrogateescape"
    )


def _file(make: Callable[[Path], object], name: str, world: World) -> None:
    """Put something else in the place of the lock."""
    _prepare(world)
    make(world.app / name)


def _socket_loop(path: Path) -> None:
    path.symlink_to(path.name)


_UV: Final = (
    ("right", "", "ALL"),
    ("another-hash", "SHA", "0" * 64),
    ("hash-cut-short", "SHA", "abc"),
    ("hash-of-md5", "sha256:SHA", "md5:d41d8cd98f00b204e9800998ecf8427e"),
    ("no-hash", ', hash = "sha256:SHA"', ""),
    ("another-version", 'version = "1.0"', 'version = "2.0"'),
    ("version-of-words", 'version = "1.0"', 'version = "latest"'),
    ("another-name", 'name = "carrier"\nversion', 'name = "other"\nversion'),
    ("name-with-parents", 'name = "carrier"\nversion', 'name = "../../carrier"\nversion'),
    ("version-of-locks-9", "version = 1\n", "version = 9\n"),
    ("version-of-locks-in-words", "version = 1\n", 'version = "one"\n'),
    ("revision-99", "revision = 3", "revision = 99"),
    ("truncated", 'source = { path = "../files/NAME" }'.replace("NAME", NAME), ""),
    ("cut-in-the-middle", '[[package]]\nname = "carrier"', "[[pack"),
    (
        "package-missing",
        'dependencies = [{ name = "carrier" }]',
        'dependencies = [{ name = "gone" }]',
    ),
    ("merge-conflict", "version = 1\n", "<<<<<<< HEAD\nversion = 1\n=======\n>>>>>>> other\n"),
    ("not-toml", "", "this is no TOML"),
    ("empty", "", ""),
    ("bytes", "", "\udcff\udcfe"),
    ("nul", "", "version = 1\0"),
    ("nested", "", "a = " + "[" * 100_000 + "]" * 100_000),
    ("a-million-letters", 'version = "1.0"', f'version = "{"9" * 1_000_000}"'),
    ("marker-of-words", '[{ name = "carrier" }]', '[{ name = "carrier", marker = "!!!" }]'),
    ("path-elsewhere", "../files/", "../../../../etc/"),
    ("a-command-in-the-path", "../files/", "$(touch escaped)/"),
    ("twice", "", 'ALL[[package]]\nname = "carrier"\nversion = "1.0"\nsource = { path = "x" }\n'),
)
_PYLOCK: Final = (
    ("right", "", "ALL"),
    ("another-hash", "SHA", "0" * 64),
    ("hash-cut-short", "SHA", "abc"),
    ("hash-not-hexadecimal", "SHA", "z" * 64),
    ("hash-in-capitals", "sha256 =", "SHA256 ="),
    ("hash-of-md5-alone", 'sha256 = "SHA"', 'md5 = "d41d8cd98f00b204e9800998ecf8427e"'),
    ("hashes-empty", 'sha256 = "SHA"', ""),
    ("hashes-of-numbers", 'sha256 = "SHA"', "sha256 = 5"),
    ("another-version", '\nversion = "1.0"', '\nversion = "2.0"'),
    ("version-of-words", '\nversion = "1.0"', '\nversion = "latest"'),
    ("version-of-a-number", '\nversion = "1.0"', "\nversion = 1.0"),
    ("another-name", 'name = "carrier"', 'name = "other"'),
    ("name-with-parents", 'name = "carrier"', 'name = "../../carrier"'),
    ("name-with-escapes", 'name = "carrier"', 'name = "car\\u001b[2Jrier"'),
    ("lock-version-2", 'lock-version = "1.0"', 'lock-version = "2.0"'),
    ("lock-version-missing", 'lock-version = "1.0"\n', ""),
    ("lock-version-of-a-table", 'lock-version = "1.0"', "lock-version = {}"),
    ("cut-in-the-middle", "hashes = {", ""),
    ("no-packages", "[[packages]]", "[[other]]"),
    ("packages-of-words", "", 'lock-version = "1.0"\ncreated-by = "x"\npackages = ["carrier"]\n'),
    ("wheels-of-words", "wheels = [{", 'wheels = ["x", {'),
    ("not-toml", "", "this is no TOML"),
    ("empty", "", ""),
    ("bytes", "", "\udcff\udcfe"),
    ("nested", "", "a = " + "[" * 100_000 + "]" * 100_000),
    ("a-million-letters", '\nversion = "1.0"', f'\nversion = "{"9" * 1_000_000}"'),
    ("marker-of-words", '\nversion = "1.0"', '\nversion = "1.0"\nmarker = "!!!"'),
    ("marker-nested", '\nversion = "1.0"', f'\nversion = "1.0"\nmarker = "{"(" * 5000}"'),
    ("path-elsewhere", "../files/", "../../../../../../../../etc/"),
    ("path-absolute", "../files/", "/etc/"),
    ("path-of-windows", "../files/", "C:\\\\files\\\\"),
    ("path-with-nul", "../files/", "a\\u0000b/"),
    ("path-of-another-name", NAME, "other-1.0-py3-none-any.whl"),
    ("path-of-no-wheel", NAME, "passwd"),
    ("url-of-a-file", 'path = "../files/', 'url = "file:///etc/'),
    ("url-of-a-script", 'path = "../files/', 'url = "javascript:alert(1)//'),
    ("url-of-ftp", 'path = "../files/', 'url = "ftp://127.0.0.1/'),
    ("url-without-host", 'path = "../files/', 'url = "http:///'),
    ("url-of-nobody", 'path = "../files/', 'url = "http://127.0.0.1:1/'),
    ("directory-elsewhere", "wheels = [", 'directory = { path = "/etc" }\nother = ['),
    ("directory-missing", "wheels = [", 'directory = { path = "../gone" }\nother = ['),
    (
        "git-with-options",
        "wheels = [",
        'vcs = { type = "git", url = "--upload-pack=touch escaped", commit-id = "0" }\nother = [',
    ),
    (
        "git-extension",
        "wheels = [",
        (
            'vcs = { type = "git", url = "ext::sh -c touch% escaped", '
            f'commit-id = "{"0" * 40}" }}\n'
            "other = ["
        ),
    ),
    ("twice", "", "ALL[[packages]]\nname = 'carrier'\nversion = '9'\nwheels = []\n"),
    ("requires-another-python", "created-by", 'requires-python = ">=9"\ncreated-by'),
)
_REQUIREMENTS: Final = (
    ("right", "LINE\n"),
    ("no-hash", "carrier==1.0\n"),
    ("another-hash", f"carrier==1.0 --hash=sha256:{'0' * 64}\n"),
    ("hash-cut-short", "carrier==1.0 --hash=sha256:abc\n"),
    ("path", f"../files/{NAME} --hash=sha256:SHA\n"),
    ("includes-itself", "-r requirements.txt\nLINE\n"),
    ("includes-what-is-private", "-r /etc/passwd\nLINE\n"),
    ("constraints", "-c /etc/passwd\nLINE\n"),
    ("editable", "-e ../files\nLINE\n"),
    ("variable", "${HOME}/x.whl --hash=sha256:SHA\n"),
    ("unknown-option", "--exec=touch\nLINE\n"),
    ("global-option", "LINE --global-option='touch escaped'\n"),
    ("continued-at-the-end", "LINE \\"),
    ("nul", "LINE\n\0\n"),
    ("bytes", "\udcff\udcfe\n"),
    ("escapes", "\x1b[2J==1.0 --hash=sha256:SHA\n"),
    ("bidi", "# \u202e\nLINE\n"),
    ("marker-of-words", "LINE ; !!!\n"),
    ("line-of-a-million", "LINE # " + "x" * 1_000_000 + "\n"),
    ("name-of-a-million", "x" * 1_000_000 + "==1.0 --hash=sha256:SHA\n"),
    ("a-hundred-thousand-lines", "# x\n" * 100_000 + "LINE\n"),
    ("ten-thousand-hashes", "LINE" + f" --hash=sha256:{'0' * 64}" * 10_000 + "\n"),
    ("twice", "LINE\nLINE\n"),
    ("twice-with-other-versions", "LINE\ncarrier==2.0 --hash=sha256:SHA\n"),
    ("git", "git+ext::sh%20-c%20touch%20escaped#egg=carrier --hash=sha256:SHA\n"),
    ("command", "carrier==1.0; $(touch escaped)\n"),
)
_FILES: Final = (
    ("directory", Path.mkdir),
    ("pipe", os.mkfifo),
    ("device", lambda path: path.symlink_to("/dev/zero")),
    ("loop", _socket_loop),
    ("dangling", lambda path: path.symlink_to("gone")),
)
MAKERS: Final = {
    **{f"uv-lock-{name}": partial(_uv_lock, old, new) for name, old, new in _UV},
    **{f"pylock-{name}": partial(_pylock, old, new) for name, old, new in _PYLOCK},
    **{f"requirements-{name}": partial(_requirements, text) for name, text in _REQUIREMENTS},
    **{
        f"{file}-{name}": partial(_file, make, file)
        for name, make in _FILES
        for file in ("uv.lock", "pylock.toml", "requirements.txt")
    },
}
_VARIABLES: Final = (
    ("UV_DEFAULT_INDEX", "http://127.0.0.1:1/simple"),
    ("UV_HTTP_RETRIES", "0"),
)
CASES: Final = [Case(name, make, _VARIABLES) for name, make in MAKERS.items()]
