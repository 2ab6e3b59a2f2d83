"""Input digests: equal ones mean equal zips, and what a commit has is compared by them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hatch_lambda_zip.errors import ConfigError
from tests.support.commands import run
from tests.support.loose import invoke, write
from tests.support.projects import Project

PYPROJECT = """
    [tool.hatch.build.targets.lambda-zip]
    runtime = "python3.13"
    function-directories = "functions/*"
    handler = "app.handler"
    include-files = { "common" = "common" }

    [tool.hatch.build.targets.lambda-zip.layers.deps]
    code = { "shared" = "python" }
    """
FILES = {
    "pyproject.toml": PYPROJECT,
    ".gitignore": "*.log\ndist/\n",
    "README.md": "",
    "functions/api/app.py": "def handler(event, context): ...\n",
    "functions/api/data.txt": "",
    "functions/worker/app.py": "def handler(event, context): ...\n",
    "common/help.py": "",
    "shared/shared.py": "",
}
ORDER = ("deps", "api", "worker")  # layers first
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com")


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    write(tmp_path / "loose", FILES)
    return tmp_path / "loose"


def rows(*words: str | Path) -> list[dict[str, Any]]:
    result = invoke("list", *words, "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def digests(root: Path) -> dict[str, str | None]:
    return {row["name"]: row["input_digest"] for row in rows(root)}


def changed(root: Path, *words: str) -> list[str]:
    return [row["name"] for row in rows(root, "--changed-since", "HEAD", *words)]


def zips(root: Path) -> dict[str, bytes]:
    """Return the zips by the names of their functions and layers; none where nothing is built."""
    result = invoke("build", root, "-q", "--json")
    assert result.exit_code in {0, 1}, result.output
    made = json.loads(result.stdout) if result.exit_code == 0 else []
    return {row["target"].partition(":")[2]: Path(row["zip"]).read_bytes() for row in made}


def commit(root: Path) -> None:
    if not (root / ".git").exists():
        run([*GIT, "init", "-q"], cwd=root)
    run([*GIT, "add", "-A"], cwd=root)
    run([*GIT, "commit", "-q", "--allow-empty", "-m", "a"], cwd=root)


DIRECTORIES = ("functions/api", "functions/worker", "common", "shared", "functions", ".")
NAMES = (
    *("app.py", "help.py", "data.txt", "more.py", "README.md", ".env", "a.log", "deep/b.txt"),
    *("tests/test_a.py", "__pycache__/a.pyc", "requirements.txt.bak", "main.tf", "app.sh"),
)
TEXTS = ("", "# 1\n", "#!/bin/sh\n", "def handler(event, context): ...\n")


def write_file(root: Path, random: Random) -> None:
    path = root / random.choice(DIRECTORIES) / random.choice(NAMES)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(random.choice(TEXTS))


def remove_file(root: Path, random: Random) -> None:
    files = sorted(path for path in root.rglob("*") if path.is_file() and "dist" not in path.parts)
    random.choice([path for path in files if path.name != "pyproject.toml"]).unlink()


def rename_file(root: Path, random: Random) -> None:
    files = sorted(path for path in (root / "functions").rglob("*") if path.is_file())
    if files:
        path = random.choice(files)
        path.rename(path.with_name(Path(random.choice(NAMES)).name))


def touch(root: Path, random: Random) -> None:
    path = random.choice(sorted(path for path in root.rglob("*.*") if path.is_file()))
    path.touch()
    path.chmod(random.choice((0o600, 0o755)))


def ignore(root: Path, random: Random) -> None:
    lines = ("*.log", "*.txt", "deep/", "!a.log", "/common/help.py", "more.py")
    text = "\n".join(["dist/", *random.sample(lines, 3)])
    (root / random.choice((".gitignore", "functions/api/.gitignore"))).write_text(text)


def configure(root: Path, random: Random) -> None:
    lines = ('exclude = ["*.txt"]', 'artifacts = ["*.log"]', 'architecture = "arm64"', "", "")
    path = root / "pyproject.toml"
    old = FILES["pyproject.toml"].replace("    ", "")
    new = f'handler = "app.handler"\n{random.choice(lines)}'
    path.write_text(old.replace('handler = "app.handler"', new))


EDITS: tuple[Callable[[Path, Random], None], ...] = (
    *(write_file, write_file, write_file, remove_file, rename_file, touch, ignore, configure),
)


@pytest.mark.parametrize(
    "seed",
    [*range(2), *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(2, 300))],
)
def test_equal_digests_and_equal_zips(seed: int, loose: Path) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    seen: list[tuple[str, str, bytes, str]] = []
    for _ in range(5):
        made = zips(loose)
        found = digests(loose) if made else {}  # what can't be built may not be listed either
        configuration = (loose / "pyproject.toml").read_text()
        for name, content in made.items():
            digest = found[name]
            assert digest is not None
            seen.append((name, digest, content, configuration))
        random.choice(EDITS)(loose, random)
    for name, digest, content, configuration in seen:
        for other_name, other_digest, other_content, other_configuration in seen:
            if digest == other_digest:
                assert content == other_content
            # An option may change the one and not the other.
            elif (name, configuration) == (other_name, other_configuration):
                assert content != other_content
    assert len({digest for _, digest, _, _ in seen}) > 1


@pytest.mark.shared_cache
def test_another_path_and_another_edit(project: Project, tmp_path: Path) -> None:
    (before,) = digests(project.path).values()
    assert before is not None
    other = project.copy_to(tmp_path / "some/where else")
    (other.path / "README.md").write_text("Nothing of it ships.")
    assert digests(other.path) == {"lambda": before}
    library = other.root / "lib/src/fixture_lib/__init__.py"
    library.write_text(f"{library.read_text()}\n# An edit.\n")
    assert digests(other.path) != {"lambda": before}
    assert not (other.path / "dist").exists()


def test_what_options_and_files_decide_and_names_do_not(loose: Path) -> None:
    before = digests(loose)
    text = (loose / "pyproject.toml").read_text()
    seen = [before["api"]]
    for runtime, more in (
        ("3.12", ""),
        ("3.13", 'architecture = "arm64"'),
        ("3.13", 'strip = ["tests"]'),
    ):
        changed = text.replace("3.13", runtime).replace("handler =", f"{more}\nhandler =")
        (loose / "pyproject.toml").write_text(changed)
        seen.append(digests(loose)["api"])
    (loose / "pyproject.toml").write_text(text)
    data = loose / "functions/api/data.txt"
    data.write_text("1")
    seen.append(digests(loose)["api"])
    data.rename(data.with_name("more.txt"))
    seen.append(digests(loose)["api"])
    assert len({*seen, None}) == 7
    write(loose, {"functions/api/data.txt": ""})
    (loose / "functions/api/more.txt").unlink()
    # A layer says what its functions need not ship.
    layered = text.replace("handler =", 'default-layers = ["deps"]\nhandler =')
    (loose / "pyproject.toml").write_text(layered)
    with_layer = digests(loose)["api"]
    (loose / "shared/shared.py").write_text("1\n")
    assert digests(loose)["api"] not in {with_layer, None}
    (loose / "pyproject.toml").write_text(text)
    assert digests(loose)["api"] == before["api"]
    (loose / "shared/shared.py").write_text("")
    # Where a file was is no matter, nor what the project is called.
    (loose / "common").rename(loose / "moved")
    moved = text.replace('"common" =', '"moved" =').replace("handler =", 'name = "a"\nhandler =')
    (loose / "pyproject.toml").write_text(moved)
    assert digests(loose.rename(loose.with_name("moved"))) == before


def test_what_a_commit_has_otherwise(loose: Path) -> None:
    name = "included, and ignored.log"
    write(loose / "functions/ignoring", {"app.py": FILES["functions/api/app.py"]})
    table = "[tool.hatch.build.targets.lambda-zip.functions.ignoring]\n"
    with (loose / "pyproject.toml").open("a") as file:
        file.write(f'{table}include-files = {{ "{name}" = "a.log" }}\n')
    (loose / name).touch()
    commit(loose)
    before = run([*GIT, "status", "--porcelain=v2", "--branch"], cwd=loose).stdout
    # Nothing is known of what the commit ignores.
    assert changed(loose) == ["ignoring"]
    after = run([*GIT, "status", "--porcelain=v2", "--branch"], cwd=loose).stdout
    assert before == after
    (loose / "functions/api/new.py").touch()  # untracked, and it would ship
    (loose / "functions/worker/README.md").touch()
    assert changed(loose) == ["api", "ignoring"]
    write(loose / "functions/another", {"app.py": FILES["functions/api/app.py"]})
    assert changed(loose) == ["another", "api", "ignoring"]
    (row, *_) = rows(loose / ".", "--changed-since", "HEAD", "--all")
    assert (row["name"], row["directory"]) == ("another", str(loose))
    plain = invoke("list", loose, "--changed-since", "HEAD").stdout
    assert [line.split()[0] for line in plain.splitlines()] == [
        *("name", "another", "api", "ignoring"),
    ]
    # A commit that can't be listed has nothing that could be the same.
    (loose / "pyproject.toml").write_text("[tool.hatch.build.targets.lambda-zip]\nruntime = 3\n")
    commit(loose)
    write(loose, {"pyproject.toml": PYPROJECT})
    result = invoke("list", loose, "--changed-since", "HEAD")
    assert result.exit_code == 0
    assert "can't be listed as it was at HEAD" in result.stderr
    assert "worker" in result.stdout


def test_several_projects_of_one_repository(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, FILES)
    commit(tmp_path)
    write(tmp_path / "new", FILES)
    (tmp_path / "two/functions/api/data.txt").write_text("1")
    result = invoke("list", "--all", tmp_path, "--changed-since", "HEAD", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found = [(Path(row["directory"]).name, row["name"]) for row in json.loads(result.stdout)]
    assert found == [("new", "deps"), ("new", "api"), ("new", "worker"), ("two", "api")]
    plain = invoke("list", "--all", tmp_path).stdout.splitlines()
    assert [line.split()[:2] for line in plain] == [
        ["directory", "name"],
        *([str(tmp_path / name), it] for name in ("new", "one", "two") for it in ORDER),
    ]


def test_what_fails_for_all_is_told_of_each(loose: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> list[str]:
        raise ConfigError(["nothing goes"])

    monkeypatch.setattr("hatch_lambda_zip.plugin.own_wheel.hooks_apart", fail)
    found = {row["input_digest_unknown"] for row in rows(loose)}
    assert found == {"nothing goes"}
    assert {*digests(loose).values()} == {None}


def test_a_commit_that_is_not_there(loose: Path, tmp_path: Path) -> None:
    result = invoke("list", loose, "--changed-since", "HEAD")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: --changed-since: {loose} is in no git repository, so no commit has it\n"
    )
    commit(loose)
    commit(loose)
    for reference in ("mian", "--all"):
        result = invoke("list", loose, f"--changed-since={reference}")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"Error: {reference} is no commit that {loose} has. ")
    shallow = tmp_path / "shallow"
    run([*GIT, "clone", "-q", "--depth=1", loose.as_uri(), shallow], cwd=tmp_path)
    result = invoke("list", shallow, "--changed-since", "HEAD~1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "which is a shallow clone: fetch it too" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.exhaustive
def test_attributes_of_an_archive_have_no_say(loose: Path) -> None:
    write(loose, {".gitattributes": "data.txt export-ignore\nhelp.py export-subst\n"})
    (loose / "common/help.py").write_text("# $Format:%H$\n")
    commit(loose)
    assert changed(loose) == []
    (loose / "functions/api/data.txt").unlink()
    assert changed(loose) == ["api"]


HOOKED = """
    [build-system]
    requires = ["hatchling"]
    build-backend = "hatchling.build"

    [project]
    name = "hooked"
    version = "1"

    [tool.hatch.build.hooks.custom]

    [tool.hatch.build.targets.lambda-zip]
    runtime = "python3.13"
    """
HOOK = """
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class Hook(BuildHookInterface):
        def initialize(self, version, build_data):
            raise AssertionError
    """


def test_what_a_hook_decides_too(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": HOOKED, "hatch_build.py": HOOK, "hooked.py": ""})
    (row,) = rows(tmp_path)
    assert row["input_digest"] is None
    assert row["input_digest_unknown"] == (
        "the build hook 'custom' has a say in the zip, or may have"
    )
    commit(tmp_path)
    assert changed(tmp_path) == ["lambda"]


def test_what_is_wrong_is_the_reason(loose: Path) -> None:
    (loose / "functions/api/requirements.txt").write_text("six\n")
    by_name = {row["name"]: row for row in rows(loose)}
    assert by_name["deps"]["input_digest"] is not None
    assert by_name["worker"]["input_digest_unknown"] is None
    assert by_name["api"]["input_digest"] is None
    assert "hatch-lambda-zip lock" in by_name["api"]["input_digest_unknown"]
