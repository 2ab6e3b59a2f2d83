"""No secret that uv needs gets anywhere else: not into words, outputs, caches or command lines."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.canary import QUOTED, SECRET, USER, files_with_it, is_in, watching_commands
from tests.support.commands import UV, clean_environment, needed, run
from tests.support.hatchling_runs import run_hatchling
from tests.support.hostile import World, pylock
from tests.support.hostile_indexes import Handler, Server, answering
from tests.support.hostile_wheels import NAME, member, wheel
from tests.support.loose import write

RIGHT: Final = wheel()
_ALLOWED: Final = tuple(
    "Basic " + base64.b64encode(words.encode()).decode()
    for words in (f"{USER}:{SECRET}", f"{SECRET}:")
)
_LEAKY_BACK_END: Final = """\
import os, sys

def build_wheel(directory, *_):
    print(dict(os.environ), open("../app/pyproject.toml").read(), flush=True)
    netrc = os.environ.get("NETRC") or os.path.expanduser("~/.netrc")
    print(open(netrc).read() if os.path.isfile(netrc) else "", file=sys.stderr)
    raise SystemExit("no wheel")
"""


class Private:
    """An index of one package, which wants the secret, and may fail after that."""

    def __init__(self) -> None:
        self.trouble = ""
        self.let_in = 0

    def __call__(self, handler: Handler) -> None:
        """Answer."""
        is_allowed = handler.headers.get("Authorization") in _ALLOWED
        self.let_in += is_allowed
        if not is_allowed or self.trouble == "401":
            handler.give(b"", 401, WWW_Authenticate='Basic realm="private"')
        elif self.trouble == "stalls":
            handler.stall()
        elif self.trouble:
            handler.give(f"no, {SECRET}".encode(), int(self.trouble))
        elif handler.path.endswith(".whl"):
            handler.give(RIGHT)
        else:
            digest = hashlib.sha256(RIGHT).hexdigest()
            page = f'<!DOCTYPE html><a href="{NAME}#sha256={digest}">{NAME}</a>'
            handler.give(page.encode(), kind="text/html")


@pytest.fixture
def private() -> Private:
    return Private()


@pytest.fixture
def server(private: Private) -> Iterator[Server]:
    with answering(private) as server:
        yield server


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.make(tmp_path / "world")
    with world.project.pyproject.open("a") as file:
        file.write("\n[tool.hatch.build.hooks.lambda-zip]\nembed-lock = true\n")
    return world


Way = Callable[[World, str], dict[str, str]]


def _add_index(world: World, url: str) -> None:
    with world.project.pyproject.open("a") as file:
        file.write(
            '\n[tool.uv.sources]\ncarrier = { index = "private" }\n'
            f'[[tool.uv.index]]\nname = "private"\nurl = "{url}/simple"\nexplicit = true\n'
        )


def _variables(world: World, host: str) -> dict[str, str]:
    _add_index(world, f"http://{host}")
    return {"UV_INDEX_PRIVATE_USERNAME": USER, "UV_INDEX_PRIVATE_PASSWORD": SECRET}


def _netrc(world: World, host: str) -> dict[str, str]:
    _add_index(world, f"http://{host}")
    write(world.root, {"netrc": f"machine 127.0.0.1 login {USER} password {SECRET}\n"})
    return {"NETRC": str(world.root / "netrc")}


def _home(world: World, host: str) -> dict[str, str]:
    _add_index(world, f"http://{host}")
    write(world.root, {"home/.netrc": f"machine 127.0.0.1 login {USER} password {SECRET}\n"})
    return {}


def _keyring(world: World, host: str) -> dict[str, str]:
    _add_index(world, f"http://{USER}@{host}")
    program = world.root / "bin/keyring"
    write(world.root, {"bin/keyring": f"#!/bin/sh\necho {shlex.quote(SECRET)}\n"})
    program.chmod(0o755)
    path = f"{program.parent}:{clean_environment()['PATH']}"
    return {"UV_KEYRING_PROVIDER": "subprocess", "PATH": path}


def _pyproject(world: World, host: str) -> dict[str, str]:
    _add_index(world, f"http://{USER}:{QUOTED}@{host}")
    return {}


def _token(world: World, host: str) -> dict[str, str]:
    _add_index(world, f"http://{QUOTED}@{host}")
    return {}


def _index_variable(_world: World, host: str) -> dict[str, str]:
    return {"UV_DEFAULT_INDEX": f"http://{USER}:{QUOTED}@{host}/simple"}


WAYS: Final[dict[str, Way]] = {
    "variables": _variables,
    "netrc": _netrc,
    "home": _home,
    "keyring": _keyring,
    "pyproject": _pyproject,
    "token": _token,
    "index-variable": _index_variable,
}


def _build(world: World, variables: dict[str, str]) -> tuple[int, str]:
    build = world.project.build(check=False, environment=variables)
    return build.returncode, build.output


def _sdist(world: World, variables: dict[str, str]) -> tuple[int, str]:
    environment = clean_environment(**variables)
    result = run_hatchling(["build", "-t", "sdist"], cwd=world.app, env=environment)
    return result.returncode, result.stdout + result.stderr


def _command(world: World, variables: dict[str, str]) -> tuple[int, str]:
    words = [sys.executable, "-m", "hatch_lambda_zip", "build", "-v"]
    result = run(words, cwd=world.app, env=clean_environment(**variables), check=False)
    return result.returncode, result.stdout + result.stderr


def _mismatch(world: World, _private: Private) -> None:
    lock = world.project.lock_path
    digest = hashlib.sha256(RIGHT).hexdigest()
    lock.write_text(lock.read_text("utf-8").replace(digest, "0" * 64), "utf-8")


def _lacks(world: World, _private: Private) -> None:
    world.project.replace('["carrier"]', '["carrier", "six"]')


def _leaky(world: World, _private: Private) -> None:
    write(
        world.root / "lib",
        {
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
            'backend-path = ["."]\n[project]\nname = "lib"\nversion = "1"\n',
            "backend.py": _LEAKY_BACK_END,
        },
    )
    pylock(world, 'name = "lib"\nversion = "1"\ndirectory = { path = "../lib" }')
    world.project.configure(lock="pylock.toml")
    world.project.replace('["carrier"]', '["lib"]')


def _answers(trouble: str) -> Callable[[World, Private], None]:
    return lambda _world, private: setattr(private, "trouble", trouble)


# What goes wrong before the build, who builds, and what is said.
CIRCUMSTANCES: Final = {
    "right": (_answers(""), _build, ""),
    "right-by-command": (_answers(""), _command, ""),
    "right-in-an-sdist": (_answers(""), _sdist, ""),
    "401": (_answers("401"), _build, "401 Unauthorized"),
    "403": (_answers("403"), _build, "403 Forbidden"),
    "404": (_answers("404"), _build, "404 Not Found"),
    "500": (_answers("500"), _build, "500 Internal Server Error"),
    "500-by-command": (_answers("500"), _command, "500 Internal Server Error"),
    "500-in-an-sdist": (_answers("500"), _sdist, "500 Internal Server Error"),
    "stalls": (_answers("stalls"), _build, "did not end within 2 seconds"),
    "hash-mismatch": (_mismatch, _build, "Hash mismatch"),
    "lock-lacks": (_lacks, _build, "uv lock"),
    "build-failure": (_leaky, _build, "no wheel"),
}
_SAMPLE: Final = {("variables", "right-in-an-sdist"), ("pyproject", "401")}
_EACH: Final = {"right", "right-in-an-sdist", "401", "build-failure"}


# The password stands in pyproject.toml itself, which is in every sdist.
_SPREADS: Final = "tool.uv.index: a URL has a password, which an sdist must not spread"


def _pairs() -> list[object]:
    """Two ways in all circumstances, and the others in those where most is said."""
    return [
        pytest.param(way, circumstance, marks=() if pair in _SAMPLE else pytest.mark.exhaustive)
        for way in WAYS
        for circumstance in CIRCUMSTANCES
        for pair in [(way, circumstance)]
        if way in {"variables", "pyproject"} or circumstance in _EACH
        if pair != ("token", "right-in-an-sdist")  # which nobody can tell from a user's name
    ]


def check_nothing_tells(world: World, output: str, commands: set[str], known: set[str]) -> None:
    """Look for the secret everywhere but where it was before, and in uv's own cache."""
    assert not is_in(output), output
    found = {name for name in files_with_it(world.root) if not name.startswith("cache/")}
    assert found == known
    assert not [*(world.root / "tmp").iterdir()]
    assert not commands


@pytest.mark.parametrize(("way", "circumstance"), _pairs())
def test_a_secret_goes_nowhere(
    way: str,
    circumstance: str,
    world: World,
    private: Private,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(world.root / "tmp"))
    prepare, build, expected = CIRCUMSTANCES[circumstance]
    variables = {
        **world.variables,
        **WAYS[way](world, f"127.0.0.1:{server.server_address[1]}"),
        "UV_HTTP_RETRIES": "0",
        "HATCH_VERBOSE": "2",
    }
    run([UV, "lock", "-q"], cwd=world.app, env=clean_environment(**variables))
    assert private.let_in, "uv did not use the secret"
    assert not is_in(world.project.lock_path.read_text("utf-8"))
    if way == "pyproject" and circumstance.endswith("in-an-sdist"):
        expected = _SPREADS
    prepare(world, private)
    variables["UV_CACHE_DIR"] = str(world.root / "cache/cold")
    if circumstance == "stalls":
        variables["HATCH_LAMBDA_ZIP_TIMEOUT"] = "2"
    known = {name for name in files_with_it(world.root) if not name.startswith("cache/")}
    with watching_commands() as commands:
        returncode, output = build(world, variables)
    assert returncode == bool(expected), output
    assert expected in output
    check_nothing_tells(world, output, commands, known)


@pytest.mark.exhaustive
@pytest.mark.parametrize("status", ["401", "404", "500"])
def test_a_token_in_the_url_of_a_repository(
    status: str, world: World, private: Private, server: Server
) -> None:
    needed("git")
    private.trouble = status
    host = f"127.0.0.1:{server.server_address[1]}"
    pylock(
        world,
        'name = "carrier"\nversion = "1.0"\nvcs = { type = "git", '
        f'url = "http://{USER}:{QUOTED}@{host}/a.git", commit-id = "{"0" * 40}" }}',
    )
    known = files_with_it(world.root)
    with watching_commands() as commands:
        build = world.build(HATCH_VERBOSE="2", GIT_TERMINAL_PROMPT="0")
    assert build.returncode == 1, build.output
    assert "which uv gives git on its command line" in build.output
    ours = {line for line in commands if not re.match(r"\S*git\S* ", line)}
    check_nothing_tells(world, build.output, ours, known)


@pytest.mark.exhaustive
@pytest.mark.parametrize("trouble", ["", "401", "404"])
def test_credentials_in_the_url_of_a_wheel(
    trouble: str, world: World, private: Private, server: Server
) -> None:
    private.trouble = trouble
    host = f"127.0.0.1:{server.server_address[1]}"
    digest = hashlib.sha256(RIGHT).hexdigest()
    pylock(
        world,
        'name = "carrier"\nversion = "1.0"\n'
        f'wheels = [{{ url = "http://{USER}:{QUOTED}@{host}/{NAME}", '
        f'hashes = {{ sha256 = "{digest}" }} }}]',
    )
    known = files_with_it(world.root)
    with watching_commands() as commands:
        build = world.build(HATCH_VERBOSE="2", UV_HTTP_RETRIES="0")
    assert build.returncode == bool(trouble), build.output
    check_nothing_tells(world, build.output, commands, known)


def test_a_lock_with_a_password_is_told(tmp_path: Path, private: Private, server: Server) -> None:
    host = f"127.0.0.1:{server.server_address[1]}"
    table = "[tool.hatch.build.targets.lambda-zip]\nruntime = 'python3.13'\ncode = '.'\n"
    write(
        tmp_path,
        {
            "pyproject.toml": table,
            "main.py": "",
            "requirements.txt": f"carrier @ http://{USER}:{QUOTED}@{host}/{NAME}?sig={QUOTED}&of={NAME}\n",
        },
    )
    locking = run(
        [sys.executable, "-m", "hatch_lambda_zip", "lock"], cwd=tmp_path, env=clean_environment()
    )
    assert private.let_in
    assert "pylock.toml has a URL with a password or token, as requirements.txt" in locking.stderr
    assert "pylock.toml has a link with a query, as requirements.txt or the" in locking.stderr
    assert not is_in(locking.stdout + locking.stderr)


def test_the_watch_sees_a_secret(tmp_path: Path) -> None:
    """Each place where one could be, with one there."""
    write(tmp_path, {"a.txt": SECRET, "b.json": json.dumps(QUOTED), "c.txt": "nothing"})
    (tmp_path / "d.whl").write_bytes(wheel(member("carrier/a.py", SECRET.encode())))
    assert files_with_it(tmp_path) == {"a.txt", "b.json", "d.whl"}
    with watching_commands() as commands:
        run([sys.executable, "-c", "import time; time.sleep(0.3)", SECRET], cwd=tmp_path)
    assert len(commands) == 1
