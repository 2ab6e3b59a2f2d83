"""Builds under circumstances that are drawn together, and whether they were really in force."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from tests.support.commands import UV, clean_environment, run
from tests.support.interpreters import arm_python, interpreters, version_of
from tests.support.matrix_projects import make_projects
from tests.support.pairwise import Row

NOTING: Final = Path(__file__).parent / "noting"
OLDEST: Final = {"uv": "0.10.2", "hatchling": "1.27.0"}
ARM: Final = "3.11 for ARM, emulated"
_NOBODY: Final = 65534
_TIMEOUT: Final = 900
_LONG: Final = 200  # characters of a path

TIMES: Final = {
    "UTC": "00:00 Thursday",
    "Pacific/Kiritimati": "13:20 Wednesday",
    "America/St_Johns": "20:30 Wednesday",
}
LOCALES: Final = {
    "C": {"LC_ALL": "C"},
    "C, in ASCII": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "C.UTF-8": {"LC_ALL": "C.UTF-8"},
    "tr_TR.UTF-8": {"LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr"},
    "tr_TR.ISO-8859-9": {"LC_ALL": "tr_TR.ISO-8859-9", "PYTHONUTF8": "0"},
}
_CODESETS: Final = {
    "C, in ASCII": ("ascii", "ANSI_X3.4-1968"),
    "C.UTF-8": ("utf-8", "UTF-8"),
    "tr_TR.UTF-8": ("utf-8", "UTF-8"),
    "tr_TR.ISO-8859-9": ("iso8859-9", "ISO-8859-9"),
}
# None of these has a say. Those of uv and pip that name files name such as are not there.
_MISSING: Final = "/nonexistent/file"
VARIABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "none": {},
    "uv installs": dict.fromkeys(
        (
            *("UV_COMPILE_BYTECODE", "UV_CONCURRENT_DOWNLOADS", "UV_CONCURRENT_INSTALLS"),
            *("UV_NO_VERIFY_HASHES", "UV_SYSTEM_PYTHON", "UV_BREAK_SYSTEM_PACKAGES"),
            *("UV_REQUIRE_HASHES", "UV_CONCURRENT_BUILDS"),
        ),
        "1",
    ),
    "uv selects": dict.fromkeys(
        (
            *("UV_NO_DEV", "UV_ALL_EXTRAS", "UV_ALL_GROUPS", "UV_NO_BINARY", "UV_NO_EDITABLE"),
            *("UV_ISOLATED", "UV_FROZEN", "UV_NO_DEFAULT_GROUPS"),
        ),
        "1",
    )
    | {"UV_CONSTRAINT": _MISSING, "UV_OVERRIDE": _MISSING, "UV_EXCLUDE": _MISSING},
    "uv talks": {
        **dict.fromkeys(("UV_NO_PROGRESS", "UV_PREVIEW", "FORCE_COLOR", "CLICOLOR_FORCE"), "1"),
        "UV_TORCH_BACKEND": "cpu",
        "RUST_LOG": "uv=debug",
        "UV_PYTHON_PREFERENCE": "only-system",
    },
    "pip": {
        **dict.fromkeys(("PIP_REQUIRE_VIRTUALENV", "PIP_NO_DEPS", "PIP_USER", "PIP_PRE"), "1"),
        **dict.fromkeys(("PIP_CONSTRAINT", "PIP_TARGET", "PIP_CONFIG_FILE"), _MISSING),
        "PIP_NO_BINARY": ":all:",
    },
    "hatch": {
        **dict.fromkeys(("HATCH_BUILD_CLEAN", "HATCH_METADATA_CLASSIFIERS_NO_VERIFY"), "1"),
        "HATCH_VERBOSE": "2",
        "HATCH_COLOR": "1",
    },
    "hatch is quiet": {"HATCH_QUIET": "2", "HATCH_NO_COLOR": "1", "HATCH_ENV": "default"},
    "Python warns": {
        **dict.fromkeys(("PYTHONDEVMODE", "PYTHONFAULTHANDLER", "PYTHONTRACEMALLOC"), "1"),
        "PYTHONMALLOC": "debug",
        "PYTHONWARNDEFAULTENCODING": "1",
    },
    "Python optimizes": {
        "PYTHONOPTIMIZE": "2",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNODEBUGRANGES": "1",
        "PYTHONINTMAXSTRDIGITS": "640",
    },
    "Python talks": {
        "PYTHONIOENCODING": "ascii",
        "PYTHONUNBUFFERED": "1",
        "PYTHON_COLORS": "1",
        "PYTHONPROFILEIMPORTTIME": "1",
    },
    "Python looks": {
        **dict.fromkeys(("PYTHONNOUSERSITE", "PYTHONCASEOK"), "1"),
        **dict.fromkeys(("PYTHONUSERBASE", "PYTHONSTARTUP"), _MISSING),
        "PYTHONPYCACHEPREFIX": "pycache",
    },
    "the machine": {
        **dict.fromkeys(("CI", "GITHUB_ACTIONS", "DEBUG", "POSIXLY_CORRECT"), "true"),
        "SOURCE_DATE_EPOCH": "1234567890",
        "COLUMNS": "20",
        "TERM": "dumb",
        "CFLAGS": "-O0",
        "XDG_CONFIG_HOME": _MISSING,
    },
    "git": {
        "GIT_DIR": _MISSING,
        "GIT_INDEX_FILE": _MISSING,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.autocrlf",
        "GIT_CONFIG_VALUE_0": "true",
    },
}
ASKING: Final[tuple[Mapping[str, str], ...]] = (
    {"UV_RESOLUTION": "lowest"},
    {"UV_PRERELEASE": "allow"},
    {"UV_EXCLUDE_NEWER": "2020-01-01T00:00:00Z"},
    {"UV_FORK_STRATEGY": "fewest"},
    {"UV_INDEX_STRATEGY": "unsafe-best-match"},
    {"UV_NO_INDEX": "1"},
    {"UV_NO_CACHE": "1"},
    {"UV_LOCKED": "1"},
    {"UV_NO_SOURCES": "1"},
    {"UV_CONFIG_FILE": _MISSING},
    {"UV_BUILD_CONSTRAINT": _MISSING},
    {"UV_PROJECT": _MISSING},
    {"UV": _MISSING},
    {"HATCH_LAMBDA_ZIP_TIMEOUT": "soon"},
    {"HATCH_BUILD_LOCATION": "elsewhere"},
    {"PYTHONWARNINGS": "error"},
    {"PYTHONSAFEPATH": "1"},
)
"""What may ask for something else, each alone: the same zips then, or one sentence."""

FRONTS: Final = ("hatchling", "command", "uv build", "python -m build", "hatch")
FACTORS: Final[Mapping[str, Sequence[str]]] = {
    "variables": tuple(VARIABLES),
    "front": FRONTS,
    "hatchling": ("oldest", "newest"),
    "uv": ("oldest", "newest"),
    "zlib": ("host", "refuses"),
    "umask": ("022", "077", "000"),
    "time": tuple(TIMES),
    "locale": tuple(LOCALES),
    "seed": ("random", "0", "1", "4294967295"),
    "user": ("root", "nobody"),
    "home": ("fresh", "missing", "unset"),
    "path": ("short", "long", "blanks and letters", "link"),
    "disk": ("ext4", "tmpfs"),
    "links": ("default", "copy", "hardlink", "symlink", "clone"),
    "cpus": ("1", "all", "16"),
    "cache": ("cold", "warm", "damaged", "off", "at home"),
}
"""But for the Python, whose values are those that are here."""


@dataclass(frozen=True)
class Machine:
    """What is made once, for all builds.

    Attributes:
        root: with ``projects``, ``environments``, ``locales``, ``uv`` (releases), ``warm``
            (caches) and, for each user, a cache of uv's.
        wheel: the plugin's.
        pythons: interpreters by what they are called.
    """

    root: Path
    wheel: Path
    pythons: Mapping[str, Path]

    def release(self, tool: str, which: str) -> str:
        """Return which release of a tool is the oldest or the newest."""
        if which == "oldest":
            return OLDEST[tool]
        if "this" in self.pythons:
            return version(tool)
        (found,) = (self.root / f"newest-{tool}").glob(f"{tool}-*.dist-info")
        return found.name.removeprefix(f"{tool}-").removesuffix(".dist-info")

    def environment(self, row: Row) -> Path:
        """Return the directory with the plugin, hatchling and build for a row."""
        return self.root / "environments" / f"{row['python']} {row['hatchling']}"

    def has_virtual_environment(self, row: Row) -> bool:
        """Tell whether that is one; else its packages have to be put on the path."""
        return (self.environment(row) / "pyvenv.cfg").exists()

    def uv(self, which: str, *, is_arm: bool = False) -> Path:
        """Return the executable of a release of uv."""
        return self.root / f"uv-{which}{'-arm' * is_arm}" / "bin/uv"


def find_pythons() -> dict[str, Path]:
    """Return the CPythons of this machine that build, by their releases."""
    found = {}
    for python in interpreters():
        release = (version_of(python) or "").split()[0]
        if tuple(map(int, release.split(".")[:2])) >= (3, 10):
            found[release] = Path(python)
    if emulated := arm_python():
        found[ARM] = emulated
    return found


def make_machine(root: Path, wheel: Path, *, everything: bool = True) -> None:
    """Fill a directory as :class:`Machine` says, but for the caches.

    Args:
        everything: whether other Pythons and releases than those of the tests are wanted.
    """
    root.mkdir()
    make_projects(root / "projects")
    _make_locales(root / "locales")
    if not everything:
        (root / "uv-newest/bin").mkdir(parents=True)
        shutil.copy2(UV, root / "uv-newest/bin/uv")
        return
    root.chmod(0o755)
    for which, release in (("oldest", f"=={OLDEST['uv']}"), ("newest", "")):
        _install(root / f"uv-{which}", f"uv{release}")
        if ARM in find_pythons():
            _install(root / f"uv-{which}-arm", f"uv{release}", *_for_arm())
            _emulate(root / f"uv-{which}-arm/bin/uv")
    for tool in OLDEST:
        _install(root / f"newest-{tool}", tool)
    for release, python in find_pythons().items():
        for which, hatchling in (("oldest", f"=={OLDEST['hatchling']}"), ("newest", "")):
            place = root / "environments" / f"{release} {which}"
            words = [str(wheel), f"hatchling{hatchling}", "build"]
            if release == ARM:
                _install(place, *words, *_for_arm())
                continue
            run([UV, "venv", "-q", "--python", python, place], cwd=root)
            inside = place / "bin/python"
            if run([inside, "-c", ""], cwd=root, check=False).returncode == 0:
                run([UV, "pip", "install", "-q", "--python", inside, *words], cwd=root)
                continue
            # Some that were only unpacked don't find their library from a virtual environment.
            shutil.rmtree(place)
            _install(place, *words, "--python", str(python))


def _for_arm() -> tuple[str, ...]:
    return ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.11")


def _install(place: Path, *words: str) -> None:
    binary = ("--only-binary", ":all:")
    run([UV, "pip", "install", "-q", "--target", place, *binary, *words], cwd=place.parent)


def _emulate(executable: Path) -> None:
    """Have a program for ARM run as the Python for ARM does."""
    python = arm_python()
    assert python is not None
    moved = executable.rename(executable.with_name(f"{executable.name}-itself"))
    start = python.read_text("utf-8").split(' "')
    executable.write_text(f'{start[0]} "{start[1].rstrip()} "{moved}" "$@"\n', "utf-8")
    executable.chmod(0o755)


def _make_locales(directory: Path) -> None:
    directory.mkdir()
    if shutil.which("localedef"):
        for codeset in ("UTF-8", "ISO-8859-9"):
            place = str(directory / f"tr_TR.{codeset}")
            run(["localedef", "-i", "tr_TR", "-f", codeset, place], cwd=directory, check=False)


@dataclass(frozen=True)
class Made:
    """What came of a build.

    Attributes:
        code: that it ended with.
        output: all that it printed.
        hashes: SHA-256 of the zips, by their names.
        manifests: by their names.
        notes: what the processes of the build noted, see ``noting/sitecustomize.py``.
    """

    code: int
    output: str
    hashes: dict[str, str]
    manifests: dict[str, dict[str, Any]]
    notes: list[dict[str, Any]]


def build(machine: Machine, project: str, row: Row, place: Path, more: Mapping[str, str]) -> Made:
    """Build a project under the circumstances of a row.

    Args:
        place: a directory on the disk, for all that belongs to this build; not there yet.
        more: variables that are set besides.
    """
    place.mkdir(parents=True)
    place.chmod(0o755)
    tree, shown = _checkout(machine.root / "projects" / project, row["path"], place)
    home, temporary, caches = place / "home", place / "tmp", place / "cache"
    for directory in (home, temporary):
        directory.mkdir()
    variables = _variables(machine, row, place, home) | dict(more)
    variables |= {"PWD": str(shown), "MATRIX_PROJECT": str(tree), "TMPDIR": str(temporary)}
    if row["cache"] in {"warm", "damaged"}:
        shutil.copytree(machine.root / "warm" / project, caches)
        caches.chmod(0o700)
        if row["cache"] == "damaged":
            _damage(caches, row)
    words = _words(machine, row, variables)
    if row["user"] == "nobody":
        uv_cache = Path(variables["UV_CACHE_DIR"])
        uv_cache.mkdir(exist_ok=True)
        shutil.chown(uv_cache, _NOBODY, _NOBODY)
        run(["chown", "-R", f"{_NOBODY}:{_NOBODY}", place], cwd=place)
    result = subprocess.run(
        words,
        cwd=shown,
        env=variables,
        check=False,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=_TIMEOUT,
    )
    zips = sorted(tree.rglob("*.zip"))
    note = place / "tmp/note"
    lines = note.read_text("utf-8").splitlines() if note.exists() else []
    return Made(
        result.returncode,
        result.stdout + result.stderr,
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in zips},
        {path.name: json.loads(path.with_suffix(".json").read_bytes()) for path in zips},
        [json.loads(line) for line in lines],
    )


def _checkout(source: Path, kind: str, place: Path) -> tuple[Path, Path]:
    """Copy a project, and return where it is, and the path that the build is told of it."""
    name = {"blanks and letters": "ein Pfad, größer, İ/noch 'einer'"}.get(kind, "p")
    if kind == "long":
        name = "/".join(["a" * 40] * (1 + max(0, _LONG - len(str(place))) // 41))
    tree = place / name
    shutil.copytree(source, tree)
    if kind != "link":
        return tree, tree
    link = place / "link"
    link.symlink_to(tree, target_is_directory=True)
    return tree, link


def _damage(caches: Path, row: Row) -> None:
    chance = random.Random(str(sorted(row.items())))  # noqa: S311 - no secret
    packs = sorted(caches.rglob("*.pack"))
    assert packs
    for path in packs:
        content = bytearray(path.read_bytes())
        if chance.random() < 0.2:
            content = content[: chance.randrange(len(content))]
        else:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)


def _variables(machine: Machine, row: Row, place: Path, home: Path) -> dict[str, str]:
    is_arm = row["python"] == ARM
    uv = machine.uv(row["uv"], is_arm=is_arm)
    scripts = machine.environment(row) / "bin"
    compiler = Path(sys.executable).resolve().parent
    path = (str(uv.parent), str(scripts), "/usr/bin", "/bin", str(compiler))
    variables = {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith(("LC_", "PYTEST", "COV_", "XDG_")) and name not in {"LANG", "TZ"}
    } | {
        "PATH": os.pathsep.join(path),
        "UV": str(uv),
        "UV_CACHE_DIR": str(machine.root / f"uv-cache-{row['user']}"),
        "TZ": row["time"],
        "LOCPATH": str(machine.root / "locales"),
        "MATRIX_NOTE": str(place / "tmp/note"),
        "PYTHONPATH": str(NOTING),
        **LOCALES[row["locale"]],
        **VARIABLES[row["variables"]],
    }
    if row["seed"] != "random":
        variables["PYTHONHASHSEED"] = row["seed"]
    if row["zlib"] == "refuses":
        variables["MATRIX_ZLIB"] = "refuses"
    if row["cpus"] == "16":
        variables["MATRIX_CPUS"] = "16"
    if row["links"] != "default":
        variables["UV_LINK_MODE"] = row["links"]
    variables.pop("HOME", None)
    if row["home"] != "unset":
        variables["HOME"] = str(home if row["home"] == "fresh" else place / "missing")
    cache = {"off": "0", "at home": None}.get(row["cache"], str(place / "cache"))
    variables.pop("HATCH_LAMBDA_ZIP_CACHE", None)
    if cache is not None:
        variables["HATCH_LAMBDA_ZIP_CACHE"] = cache
    elif row["home"] == "unset":
        variables["XDG_CACHE_HOME"] = str(home)  # else it is root's own
    if is_arm:
        variables["MATRIX_EXECUTABLE"] = str(machine.pythons[ARM])
    if not machine.has_virtual_environment(row) and row["python"] != "this":
        variables["PYTHONPATH"] += os.pathsep + str(machine.environment(row))
    return variables


def _words(machine: Machine, row: Row, variables: dict[str, str]) -> list[str]:
    words = ["sh", "-c", f'umask {row["umask"]}; exec "$@"', "sh"]
    if row["cpus"] == "1":
        words += ["taskset", "-c", "0"]
    if row["user"] == "nobody":
        # The Pythons may lie in root's home: they can be read, and nothing of root's be written.
        words += ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        words += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    python = str(
        machine.environment(row) / "bin/python"
        if machine.has_virtual_environment(row)
        else machine.pythons[row["python"]]
    )
    match row["front"]:
        case "command":
            return [*words, python, "-m", "hatch_lambda_zip", "build"]
        case "uv build":
            variables["UV_NO_BUILD_ISOLATION"] = "1"
            return [*words, variables["UV"], "build", "--python", python]
        case "python -m build":
            return [*words, python, "-m", "build", "--no-isolation", "--wheel"]
        case "hatch":
            release = machine.release("hatchling", row["hatchling"])
            constraint = Path(variables["TMPDIR"], "constraint.txt")
            constraint.write_text(f"hatchling=={release}\n", "utf-8")
            settings = constraint.with_name("hatch.toml")
            settings.touch()
            variables |= {
                "UV_CONSTRAINT": str(constraint),
                "UV_FIND_LINKS": str(machine.wheel.parent),
                "HATCH_PYTHON": python,
                "HATCH_DATA_DIR": variables["TMPDIR"],
                "HATCH_CACHE_DIR": variables["TMPDIR"],
                "HATCH_CONFIG": str(settings),
            }
            hatch = str(Path(sys.executable).parent / "hatch")
            return [*words, hatch, "build", "-t", "lambda-zip"]
    return [*words, python, "-m", "hatchling", "build", "-t", "lambda-zip"]


def not_in_force(machine: Machine, row: Row, made: Made, place: Path) -> list[str]:
    """Return what of a row did not hold in the process that made the zips."""
    if not made.notes:
        return ["nothing was noted"]
    note = made.notes[-1]
    emulated = row["python"] == ARM
    expected = {
        "python": {ARM: "3.11.", "this": platform.python_version()}.get(
            row["python"], row["python"]
        ),
        "machine": "aarch64" if emulated else os.uname().machine,
        "zlib": row["zlib"],
        "refused": 0,
        "umask": row["umask"],
        "user": _NOBODY if row["user"] == "nobody" else 0,
        "home": {"unset": None, "missing": str(place / "missing")}.get(
            row["home"], str(place / "home")
        ),
        "cpus": {"1": 1, "16": 16}.get(row["cpus"], len(os.sched_getaffinity(0))),
        # Without a package, the command has no need of it.
        "hatchling": note["hatchling"] and machine.release("hatchling", row["hatchling"]),
        "is_random": row["seed"] != "0",
        "device": place.stat().st_dev,
        "optimize": int(VARIABLES[row["variables"]].get("PYTHONOPTIMIZE", "0")),
    }
    wrong = [
        f"{name} is {note[name]!r}, not {value!r}"
        for name, value in expected.items()
        if not (str(note[name]).startswith(str(value)) if name == "python" else note[name] == value)
    ]
    hour, day = note["time"].split()
    wanted_hour, wanted_day = TIMES[row["time"]].split()
    is_turkish = row["locale"].startswith("tr_TR")
    if hour != wanted_hour or (day == wanted_day) == is_turkish:
        wrong.append(f"the time is {note['time']}")
    length = len(note["directory"])
    if (length >= _LONG) != (row["path"] == "long"):
        wrong.append(f"the path has {length} characters")
    codeset = (note["encoding"], note["codeset"])
    if codeset != _CODESETS.get(row["locale"], codeset):
        wrong.append(f"the encoding is {codeset}")
    return wrong
