"""What of a source tree ships and what does not, in whole builds of a small project."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from hatch_lambda_zip.cache import make_cache
from hatch_lambda_zip.cli.main import main
from hatch_lambda_zip.cli.unpack import unpack
from hatch_lambda_zip.contents import Outputs
from hatch_lambda_zip.plugin.target import LambdaZipBuilder
from tests.support.commands import UV, run

PROJECT = """
[build-system]
requires = ["hatchling", "hatch-lambda-zip"]
build-backend = "hatchling.build"
[project]
name = "orders"
version = "1.0"
requires-python = ">=3.13"
"""
TARGET = "[tool.hatch.build.targets.lambda-zip]\n"
HOOK = "[tool.hatch.build.hooks.lambda-zip]\n"
LOCK = 'lock-version = "1.0"\ncreated-by = "hand"\nrequires-python = ">=3.13"\npackages = []\n'
# With which a pair may stay without being built again.
UV_LOCK = """\
version = 1
revision = 3
requires-python = ">=3.13"

[[package]]
name = "orders"
version = "1.0"
source = { editable = "." }
"""


class Tree:
    """A project in a directory of its own."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.capsys = capsys
        self.output = ""

    def write(self, **files: str | bytes) -> None:
        self.write_all(files)

    def write_all(self, files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def configure(self, table: str, rest: str = "") -> None:
        text = f'{PROJECT}{TARGET}runtime = "python3.13"\n{table}\n{rest}'
        self.write_all({"pyproject.toml": text})

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments]
        result = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True)
        return result.stdout

    def commit(self) -> None:
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-qm", "all")

    def build(self, directory: str | None = None) -> Path:
        """Build the zip as `hatchling build -t lambda-zip` does."""
        try:
            (path,) = LambdaZipBuilder(str(self.root)).build(directory=directory)
        finally:
            self.output = "".join(self.capsys.readouterr())
        return Path(path)

    def fail(self, directory: str | None = None) -> str:
        with pytest.raises(SystemExit):
            self.build(directory)
        return self.output

    def names(self, directory: str | None = None) -> list[str]:
        return names_in(self.build(directory))


def names_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return [name for name in archive.namelist() if ".dist-info/" not in name]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tree:
    tree = Tree(tmp_path / "orders", capsys)
    tree.write_all({"src/orders/__init__.py": "", "pylock.toml": LOCK})
    tree.configure("")
    return tree


# What builds write.


@pytest.mark.parametrize(
    ("table", "rest", "directory"),
    [
        ('directory = "out/zips"\ninclude-files = { "out" = "out" }', "", None),
        ('include-files = { "out" = "out" }', "", "out/deep"),
        ('force-include = { "." = "all" }', "", None),
        ('force-include = { "." = "all" }', "", "elsewhere"),
        ('force-include = { "." = "all" }', "", "."),
        ("", "", "src/orders"),
        ("", "", "src"),
        ('include-files = { "out" = "out" }', '[tool.hatch.build]\ndirectory = "out/x"', None),
    ],
)
def test_outputs_do_not_ship(tree: Tree, table: str, rest: str, directory: str | None) -> None:
    tree.configure(table, rest)
    tree.write_all({"out/data.txt": "1", "src/orders/data.json": '{"tool": 1}'})
    if directory in {None, "out/deep"}:
        given = tree.root / (directory or ("out/zips" if "zips" in table else "out/x"))
        given.mkdir(parents=True, exist_ok=True)
        (given / "left.bin").touch()
    first = tree.build(directory)
    expected, names = sha256(first), names_in(first)
    for _ in range(2):
        again = tree.build(directory)
        assert (names_in(again), sha256(again)) == (names, expected)
    assert not any(name.endswith((".zip", "-lambda.json")) for name in names)
    assert "left.bin" not in str(names) or table.startswith("force-include")
    assert any(name.endswith("data.json") for name in names)
    if table:
        assert any(name.endswith("data.txt") for name in names)


@pytest.mark.parametrize("table", ["include-files", "force-include"])
def test_what_was_unpacked_does_not_ship(tree: Tree, table: str) -> None:
    tree.configure(f'{table} = {{ "out" = "out" }}')
    tree.write_all({"out/data.txt": "1", "out/deep/data.txt": "1"})
    first = tree.build()
    expected = sha256(first)
    for _ in range(2):
        unpack([first], tree.root / "out", "lambda")
        assert "out/lambda/out/data.txt" not in tree.names()
        assert sha256(first) == expected
    tree.configure('include-files = { "out/lambda" = "x" }')
    assert "'out/lambda' is an output of this plugin" in tree.fail()


def test_the_default_and_the_configured_directory_do_not_ship_if_another_is_given(
    tree: Tree,
) -> None:
    tree.configure('directory = "zips"\nforce-include = { "." = "all" }')
    tree.write_all({"dist/orders-1.0.tar.gz": "1", "zips/x.whl": "1", "other/x.whl": "1"})
    names = tree.names("given")
    assert "all/other/x.whl" in names
    assert not {"all/dist/orders-1.0.tar.gz", "all/zips/x.whl"} & {*names}


@pytest.mark.parametrize("stage", ["wheel", "sdist"])
@pytest.mark.parametrize("directory", ["out", "orders", "."])
def test_outputs_do_not_ship_beside_wheels_and_sdists(
    tree: Tree, stage: str, directory: str
) -> None:
    wheel = '[tool.hatch.build.targets.wheel]\ninclude = ["*"]\n'
    (tree.root / "src/orders").rename(tree.root / "orders")
    (tree.root / "src").rmdir()
    tree.configure("", HOOK + wheel)
    tree.write_all({"orders/data.bin": "1"})
    builder = WheelBuilder if stage == "wheel" else SdistBuilder
    hashes, names = [], []
    for _ in range(3):
        list(builder(str(tree.root)).build(directory=str(tree.root / directory)))
        (path,) = (tree.root / directory).glob("*.zip")
        hashes.append(sha256(path))
        names = names_in(path)
        # Otherwise the inputs may be found unchanged.
        manifest = path.with_suffix(".json")
        manifest.write_text(manifest.read_text().replace('"encoder"', '"other"'))
    assert len({*hashes}) == 1
    assert "orders/data.bin" in names
    assert not [name for name in names if name.endswith((".zip", "-lambda.json"))]
    if directory == "out":
        assert not [name for name in names if name.endswith((".whl", ".gz"))]


@pytest.mark.parametrize("name", ["all/dist/orders-1.0-lambda.json", "dist/orders-1.0.tar.gz"])
def test_a_wheel_that_has_outputs_in_it_after_all_is_an_error(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # As one is that another back end, or an environment of its own, built.
    source = "." if name.startswith("all") else "pack"
    tree.configure(f'force-include = {{ "{source}" = "{name.partition("/")[0]}" }}')
    tree.write_all({"pack/orders-1.0.tar.gz": ""})
    monkeypatch.setattr(Outputs, "is_output", lambda *_: False)
    monkeypatch.setattr(Outputs, "directory_of", lambda *_: None)
    tree.build()
    tree.write_all({"dist/orders-1.0.tar.gz": ""})
    assert f"The wheel of orders has {name} in it, which a build made" in tree.fail()


@pytest.mark.parametrize("table", ["", 'code = "src"', 'include-files = { "src" = "all" }'])
def test_a_cache_among_the_sources_does_not_ship(tree: Tree, table: str) -> None:
    tree.configure(table)
    make_cache(tree.root / "src/orders/kept", "packs")
    tree.write_all({"src/orders/kept/packs/six.pack": "1", "src/orders/other.pack": "1"})
    names = [name.rpartition("/")[2] for name in tree.names()]
    assert "other.pack" in names
    assert not {"six.pack", "CACHEDIR.TAG"} & {*names}


@pytest.mark.parametrize(
    "table",
    ["", HOOK, 'code = "src"', 'include-files = { "src" = "all" }'],
)
def test_a_compiled_module_that_is_being_written_does_not_ship(tree: Tree, table: str) -> None:
    is_hook = table == HOOK
    tree.configure("" if is_hook else table)
    before = tree.build().read_bytes()
    tree.configure(*(("", HOOK) if is_hook else (table,)))
    tree.write_all(
        {
            "src/orders/other.cpython-313.pyc.140234234": "half",
            "src/orders/other.cpython-313.opt-1.pyc.140234234": "half",
        }
    )
    if is_hook:
        list(WheelBuilder(str(tree.root)).build(directory=str(tree.root / "dist")))
        assert (tree.root / "dist/orders-1.0-lambda.zip").read_bytes() == before
    else:
        assert tree.build().read_bytes() == before
    tree.configure('include-files = { "src/orders/other.cpython-313.pyc.140234234" = "x" }')
    assert "x" in tree.names(), "which is named itself"
    tree.configure("")
    tree.write_all({"src/orders/a.pyc.1/b.txt": "", "src/orders/b.pyc.1a": ""})
    assert {"orders/a.pyc.1/b.txt", "orders/b.pyc.1a"} <= {*tree.names()}


def make_uv_cache(directory: Path) -> None:
    words = ("python", "find", sys.executable, "--cache-dir", directory)
    run([UV, *words], cwd=Path(sys.prefix))


TAKEN_IN = {
    "force-include": '[tool.hatch.build.targets.wheel.force-include]\n"../shared" = "x"\n',
    "shared-data": '[tool.hatch.build.targets.wheel.shared-data]\n"../shared" = "x"\n',
    "shared-scripts": '[tool.hatch.build.targets.wheel.shared-scripts]\n"../shared" = "x"\n',
    "extra-metadata": '[tool.hatch.build.targets.wheel.extra-metadata]\n"../shared" = "x"\n',
    "by a hook": "[tool.hatch.build.targets.wheel.hooks.custom]\n",
    "shared, by a hook": "[tool.hatch.build.targets.wheel.hooks.custom]\n",
}
TAKES_IN = """\
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        build_data["KEY"]["../shared"] = "x"
"""


@pytest.mark.parametrize("kind", TAKEN_IN)
@pytest.mark.parametrize("by", ["hook", "target"])
def test_no_temporary_files_of_hatchling_itself_ship(
    tree: Tree, kind: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes the wheel in TMPDIR, which may lie in what it takes in from elsewhere."""
    hook = TAKES_IN.replace("KEY", "shared_data" if kind.startswith("shared,") else "force_include")
    tree.write_all({"../shared/tmp/a": "", "hatch_build.py": hook})
    tree.configure("", f"{HOOK if by == 'hook' else ''}{TAKEN_IN[kind]}")
    monkeypatch.setattr(tempfile, "tempdir", str(tree.root / "../shared/tmp"))
    if by == "target":
        message = tree.fail()
    else:
        with pytest.raises(SystemExit):
            list(WheelBuilder(str(tree.root)).build(directory=str(tree.root / "dist")))
        message = "".join(tree.capsys.readouterr())
    assert "Temporary files would lie in " in message
    assert f"among the sources in {tree.root.parent}/shared, and what is built could" in message
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert any(name.endswith("x/tmp/a") for name in tree.names()) or kind == "extra-metadata"


FOR_A_WHILE = """\
import os, shutil, tempfile
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        self.made = tempfile.mkdtemp()
        open(os.path.join(self.made, "a.txt"), "w").close()
        for key in ("force_include", "shared_data"):
            build_data[key][self.made] = key

    def finalize(self, version, build_data, path):
        shutil.rmtree(self.made)
"""


@pytest.mark.parametrize("order", ["before", "after"])
def test_what_a_hook_has_made_for_a_while_ships(tree: Tree, order: str) -> None:
    tree.write_all({"hatch_build.py": FOR_A_WHILE})
    ours = "[tool.hatch.build.targets.wheel.hooks.lambda-zip]\n"
    theirs = "[tool.hatch.build.targets.wheel.hooks.custom]\n"
    tree.configure("", f"{ours}{theirs}" if order == "after" else f"{theirs}{ours}")
    list(WheelBuilder(str(tree.root)).build(directory=str(tree.root / "dist")))
    assert "force_include/a.txt" in names_in(tree.root / "dist/orders-1.0-lambda.zip")


MADE_ANEW = """\
import pathlib, tempfile
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        made = pathlib.Path(tempfile.mkdtemp())
        (made / "NAME").write_text("TEXT")
        build_data["force_include"][str(made)] = "orders/data"
"""
LINKED = '(made / "d").symlink_to(pathlib.Path(self.root, self.target_name))'
TWO_FUNCTIONS = """\
[tool.hatch.build.targets.lambda-zip.functions.a]
runtime = "python3.14"
[tool.hatch.build.targets.lambda-zip.functions.b]
runtime = "python3.13"
[tool.hatch.build.hooks.custom]
"""


@pytest.mark.parametrize("name", ["a.txt", "{self.target_name}.txt"])
def test_what_a_hook_makes_anew_for_the_zip_and_for_the_wheel_ships_once(
    tree: Tree, name: str
) -> None:
    hook = MADE_ANEW.replace('"NAME"', f'f"{name}"').replace("TEXT", "b")
    tree.write_all({"hatch_build.py": hook})
    tree.configure("", "[tool.hatch.build.hooks.custom]\n")
    names = [f"orders/data/{target}.txt" for target in ("lambda-zip", "wheel")]
    assert tree.names() == [
        "orders/__init__.py",
        *(names if "{" in name else ["orders/data/a.txt"]),
    ]


def test_a_link_to_another_directory_is_no_copy(tree: Tree) -> None:
    hook = MADE_ANEW.replace('(made / "NAME").write_text("TEXT")', LINKED)
    tree.write_all({"hatch_build.py": hook, "wheel/a.txt": "1", "lambda-zip/a.txt": "2"})
    tree.configure("", "[tool.hatch.build.hooks.custom]\n")
    assert "both as 'orders/data', and these differ" in tree.fail()


def test_each_function_has_what_a_hook_makes_anew_for_it(tree: Tree) -> None:
    hook = MADE_ANEW.replace("NAME", "a.txt").replace("TEXT", "b")
    tree.write_all({"hatch_build.py": hook})
    tree.configure("", TWO_FUNCTIONS)
    list(LambdaZipBuilder(str(tree.root)).build())
    for function in "ab":
        names = names_in(tree.root / f"dist/orders-1.0-{function}-lambda.zip")
        assert names == ["orders/__init__.py", "orders/data/a.txt"]


def test_what_a_hook_makes_otherwise_for_the_wheel_is_an_error(tree: Tree) -> None:
    hook = MADE_ANEW.replace("NAME", "a.txt").replace('"TEXT"', "self.target_name")
    tree.write_all({"hatch_build.py": hook})
    tree.configure("", "[tool.hatch.build.hooks.custom]\n")
    message = tree.fail()
    assert "Build hooks include " in message
    assert "both as 'orders/data', and these differ" in message
    # As it says.
    tree.configure("", "[tool.hatch.build.targets.wheel.hooks.custom]\n")
    assert "orders/data/a.txt" in tree.names()


@pytest.mark.parametrize("kind", ["force-include", "shared-data"])
def test_what_is_just_being_written_elsewhere_does_not_ship(tree: Tree, kind: str) -> None:
    left = "../shared/a.cpython-313.pyc.140234234"
    tree.write_all({left: "half", "../shared/b.txt": ""})
    tree.configure("", TAKEN_IN[kind])
    names = [name.rpartition("/")[2] for name in tree.names()]
    assert "b.txt" in names
    assert Path(left).name not in names


@pytest.mark.parametrize("kind", ["force-include", "by a hook"])
@pytest.mark.parametrize("by", ["hook", "target"])
def test_no_compiled_modules_of_a_build_ship(
    tree: Tree, kind: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hatchling leaves them out elsewhere."""
    hook = TAKES_IN.replace("KEY", "force_include")
    left = "shared/pc/usr/lib/a.cpython-313.pyc"
    tree.write_all({f"../{left}": "", "hatch_build.py": hook, "../shared/a": ""})
    tree.configure("", f"{HOOK if by == 'hook' else ''}{TAKEN_IN[kind]}")

    def build() -> Path:
        if by == "target":
            return tree.build()
        list(WheelBuilder(str(tree.root)).build(directory=str(tree.root / "dist")))
        return tree.root / "dist/orders-1.0-lambda.zip"

    with monkeypatch.context() as changed:
        changed.setattr(sys, "pycache_prefix", str(tree.root / "../shared/pc"))
        with pytest.raises(SystemExit):
            build()
    message = tree.output + "".join(tree.capsys.readouterr())
    assert "Set PYTHONPYCACHEPREFIX to a directory outside of the sources" in message
    # Nor does what is there by then.
    names = names_in(build())
    assert "x/a" in names
    assert not [name for name in names if name.endswith(".pyc")]


def test_nothing_ships_of_what_is_compiled_or_half_written(tree: Tree) -> None:
    tree.configure('include-files = { "inc" = "inc" }')
    half = ".orders-1.0-lambda.zip.0123abcd.locked.tmp"
    written = ("src/orders", "inc")
    for place in written:
        tree.write_all({f"{place}/{half}": "", f"{place}/pc/a.cpython-313.pyc": ""})
        tree.write_all({f"{place}/b.txt": ""})
    names = tree.names()
    assert {"orders/b.txt", "inc/b.txt"} < {*names}
    assert not [name for name in names if name.endswith((".tmp", ".pyc"))]


@pytest.mark.parametrize(
    "table",
    ["", 'code = "src"', 'include-files = { "src" = "all" }', 'force-include = { "src" = "all" }'],
)
@pytest.mark.parametrize("has_rule", [True, False])
def test_a_cache_of_uv_among_the_sources_does_not_ship(
    tree: Tree, table: str, monkeypatch: pytest.MonkeyPatch, *, has_rule: bool
) -> None:
    cache = tree.root / "src/orders/kept"
    tree.configure(table)
    before = tree.build().read_bytes()
    monkeypatch.setenv("UV_CACHE_DIR", str(cache))
    make_uv_cache(cache)
    tree.write_all({"src/orders/kept/archive-v0/_5b2Zs-cUvAVpl0n/six.py": "X = 1\n"})
    if not has_rule:
        (cache / ".gitignore").unlink()
    assert tree.build().read_bytes() == before
    assert (cache / "CACHEDIR.TAG").is_file()


def test_a_cache_of_uv_that_is_in_the_wheel_is_not_in_its_zip(tree: Tree) -> None:
    before = tree.build().read_bytes()
    tree.configure("", HOOK)
    make_uv_cache(tree.root / "src/orders/kept")
    (wheel,) = WheelBuilder(str(tree.root)).build(directory=str(tree.root / "dist"))
    assert "orders/kept/CACHEDIR.TAG" in names_in(Path(wheel))
    assert (tree.root / "dist/orders-1.0-lambda.zip").read_bytes() == before


def test_sources_beside_a_cache_of_uv_ship(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree.build().read_bytes()
    monkeypatch.setenv("UV_CACHE_DIR", str(tree.root / "src/orders"))
    make_uv_cache(tree.root / "src/orders")
    assert (tree.root / "src/orders/CACHEDIR.TAG").is_file()
    assert tree.build().read_bytes() == before


def test_a_project_in_a_cache_of_uv_ships(tree: Tree) -> None:
    before = tree.build().read_bytes()
    make_uv_cache(tree.root.parent)
    inside = tree.root.rename(tree.root.parent / "sdists-v12")
    tree.root = inside
    assert tree.build().read_bytes() == before


@pytest.mark.parametrize("name", ["kept/CACHEDIR.TAG", "kept/archive-v0/_5b2Zs-cUvAVpl0n/six.py"])
def test_a_wheel_that_has_a_cache_of_uv_in_it_after_all_is_an_error(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(Outputs, "is_output", lambda *_: False)
    tree.write_all({f"src/orders/{name}": "Signature: 8a477f597d28d172789f06886806bc55"})
    monkeypatch.setattr("hatch_lambda_zip.plugin.own_wheel.is_in_uv_cache", lambda *_: False)
    tree.write_all({"src/orders/kept/simple-v21/pypi.txt": ""})
    assert f"The wheel of orders has orders/{name} in it, which a build made" in tree.fail()


def test_a_wheel_that_has_a_cache_in_it_after_all_is_an_error(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cache(tree.root / "src/orders/kept", "packs")
    monkeypatch.setattr(Outputs, "is_unpacked", lambda *_: False)
    name = "orders/kept/CACHEDIR.TAG"
    assert f"The wheel of orders has {name} in it, which a build made" in tree.fail()


def test_an_output_directory_that_is_named_as_a_source_is_an_error(tree: Tree) -> None:
    tree.configure('include-files = { "dist" = "x" }')
    tree.write_all({"dist/a": ""})
    assert (
        "tool.hatch.build.targets.lambda-zip.include-files.\"dist\": 'dist' is an output directory "
        "of this project's builds"
    ) in tree.fail()
    tree.configure('include-files = { "dist/a" = "x" }')
    assert "x" in tree.names()
    name = "orders-1.0-lambda"
    for kind in ("zip", "json"):
        tree.configure(f'include-files = {{ "dist/{name}.{kind}" = "x" }}')
        assert f"'dist/{name}.{kind}' is an output of this plugin" in tree.fail()


@pytest.mark.parametrize("end", ["zip", "json"])
def test_a_source_where_the_zip_or_its_manifest_goes_is_an_error(tree: Tree, end: str) -> None:
    name = f"dist/orders-1.0-lambda.{end}"
    tree.configure(f'include-files = {{ "{name}" = "x" }}')
    tree.write_all({name: "mine"})
    assert f"{name} is to ship, and this build would replace it" in tree.fail()
    assert (tree.root / name).read_text() == "mine"


def test_force_include_of_an_output_directory_is_an_error(tree: Tree) -> None:
    tree.configure('force-include = { "dist" = "x" }')
    tree.write_all({"dist/a": ""})
    assert "force-include" in tree.fail()
    assert "'dist' is an output directory" in tree.output


def test_a_directory_with_temporary_files_that_hatchling_takes_in_is_an_error(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.configure('force-include = { "../shared" = "x" }')
    tree.write_all({"../shared/tmp/a": ""})
    monkeypatch.setattr(tempfile, "tempdir", str(tree.root / "../shared/tmp"))
    assert "among the sources in" in tree.fail()
    # Where a back end does so that nobody knows of, it is seen in what it has made.
    monkeypatch.setattr("hatch_lambda_zip.plugin.own_wheel.check_outside", lambda *_: None)
    assert "-locked/contents in it, which a build made" in tree.fail()


@pytest.mark.parametrize(
    "table",
    ["", 'code = "src"', 'include-files = { "src" = "all" }', 'force-include = { "src" = "all" }'],
)
@pytest.mark.parametrize("kind", ["packages = ['src/orders']", "only-include = ['src']"])
def test_a_link_to_where_temporary_files_lie_is_an_error(
    tree: Tree, table: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.configure(table, f"[tool.hatch.build.targets.wheel]\n{kind}\n")
    tree.write_all({"../shared/a.txt": "", "../shared/tmp/b.txt": ""})
    (tree.root / "src/orders/data").mkdir()
    (tree.root / "src/orders/data/link").symlink_to(tree.root.parent / "shared")
    monkeypatch.setattr(tempfile, "tempdir", str(tree.root.parent / "shared/tmp"))
    tree.write_all({"../.git/HEAD": ""})
    link = tree.root / "src/orders/data/link"
    assert f"would lie in {tree.root.parent}/shared/tmp, among the sources in {link}" in tree.fail()
    tree.configure("", f"{HOOK}[tool.hatch.build.targets.wheel]\n{kind}\n")
    with pytest.raises(SystemExit):
        list(WheelBuilder(str(tree.root)).build(directory=str(tree.root / "dist")))
    assert f"among the sources in {link}" in "".join(tree.capsys.readouterr())
    tree.configure(table, f"[tool.hatch.build.targets.wheel]\n{kind}\n")
    monkeypatch.setattr(tempfile, "tempdir", str(tree.root.parent))
    assert any(name.endswith("orders/data/link/tmp/b.txt") for name in tree.names())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_among_own_files_is_an_error(tree: Tree) -> None:
    """To read it would never end, as with /dev/zero."""
    os.mkfifo(tree.root / "src/orders/pipe.py")
    assert "src/orders/pipe.py would ship, and is no regular file" in tree.fail()
    (tree.root / "src/orders/pipe.py").unlink()
    (tree.root / "src/orders/link.txt").symlink_to("/dev/null")
    assert "src/orders/link.txt would ship, and is no regular file" in tree.fail()


@pytest.mark.parametrize("command", ["build", "list --json", "verify"])
def test_a_directory_that_is_no_path_is_an_error(
    tree: Tree, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree.root)
    for table in ("tool.hatch.build", "tool.hatch.build.targets.sdist"):
        tree.configure("", f'[{table}]\ndirectory = "a\\u0000b"\n')
        result = CliRunner().invoke(main, command.split())
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "is no path" in result.output or "has no zip that could be verified" in result.output


LATIN = b"# gr\xf6\xdfe\n__version__ = '1'\n"


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("README.md", '[project]\nreadme = "README.md"\n'),
        ("LICENSE", '[project]\nlicense = { file = "LICENSE" }\n'),
        (".gitignore", "[project]\n"),
        ("../.gitignore", "[project]\n"),
        ("src/orders/__init__.py", '[tool.hatch.version]\npath = "src/orders/__init__.py"\n'),
    ],
)
def test_a_file_that_is_not_utf_8_is_named(tree: Tree, file: str, table: str) -> None:
    tree.configure("")
    pyproject = tree.root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    if "version" in table:
        text = text.replace('version = "1.0"', 'dynamic = ["version"]') + table
    text = text.replace("[project]\n", table if "[project]" in table else "[project]\n")
    pyproject.write_text(text, encoding="utf-8")
    tree.write_all({file: LATIN})
    if file.startswith(".."):
        tree.write_all({"../.git": ""})
    path = (tree.root / file).resolve()
    assert f"{path} is not UTF-8: 'utf-8' codec can't decode byte 0xf6 in position 4" in tree.fail()
    assert "Save it as UTF-8." in tree.output


def test_modules_in_an_output_directory_are_an_error(tree: Tree) -> None:
    tree.configure('include-files = {}\npackages = ["src/space"]')
    tree.write_all({"src/space/inner/deep/a.py": ""})
    assert "is an output directory of this project's builds" in tree.fail("src/space")
    assert "space/inner/deep/a.py" in tree.names()


# What git ignores.


def test_included_directories_heed_gitignore_files_from_the_repository_down(tree: Tree) -> None:
    top = tree.root.parent
    (top / ".git").mkdir()
    (top / ".gitignore").write_text("*.local.toml\n")
    tree.configure('include-files = { "config" = "config" }')
    tree.write_all(
        {
            ".gitignore": ".env\nbuild/\n",
            "config/.gitignore": "*.swp\n!keep.swp\n",
            "config/prod.toml": "",
            "config/my.local.toml": "",
            "config/.env": "SECRET=1",
            "config/deep/.env": "SECRET=1",
            "config/a.swp": "",
            "config/keep.swp": "",
            "config/build/x": "",
            "config/.mypy_cache/x": "",
        }
    )
    shipped = [name for name in tree.names() if name.startswith("config/")]
    assert shipped == ["config/.gitignore", "config/keep.swp", "config/prod.toml"]
    tree.configure('include-files = { "config/.env" = ".env", "config/build" = "b" }')
    assert {".env", "b/x"} <= {*tree.names()}
    assert "Warning: orders:lambda: .env may be secret" in tree.output
    tree.write_all({".gitignore": ".env\ngen*\n", "generated/gen.txt": ""})
    tree.configure('include-files = { "generated" = "g" }')
    assert "g/gen.txt" in tree.names()
    tree.configure('include-files = { "config/deep" = "b" }')
    assert "git ignores every file in it" in tree.fail()


def test_what_one_users_git_ignores_ships(tree: Tree) -> None:
    tree.configure('include-files = { "config" = "config" }')
    tree.write_all({"config/a": "1", "config/b": "2", "mine": "a\n"})
    tree.git("init", "-q")
    tree.git("config", "core.excludesFile", str(tree.root / "mine"))
    (tree.root / ".git/info/exclude").write_text("b\n")
    ignored = tree.git("status", "--porcelain", "--ignored", "config")
    assert ignored.split() == ["!!", "config/"]
    assert [name for name in tree.names() if "config" in name] == ["config/a", "config/b"]


def test_tracked_files_that_a_pattern_ignores_are_named(tree: Tree) -> None:
    tree.configure('include-files = { "config" = "config" }')
    tree.write_all({"config/a.txt": "", "config/b.cfg": "", ".gitignore": "*.cfg\n"})
    tree.git("init", "-q")
    tree.git("add", "-A", "-f")
    names = tree.names()
    assert "config/a.txt" in names
    assert "config/b.cfg" not in names
    warning = f"Warning: orders:lambda: {tree.root / 'config/b.cfg'} does not ship: .gitignore"
    assert warning in tree.output


@pytest.mark.parametrize("ignore", ["", "ignore-vcs = false"])
def test_a_gitignore_above_the_sources_is_an_error(tree: Tree, ignore: str) -> None:
    stray = tree.root.parent / ".gitignore"
    stray.write_text("*")  # as uv writes it into output directories; hatchling disregards it
    assert tree.names() == ["orders/__init__.py"]
    stray.write_text("_version.py\nuv.lock\n")
    tree.configure(ignore)
    assert tree.names() == ["orders/__init__.py"]  # it ignores nothing that is here
    (tree.root / "src/orders/_version.py").touch()
    assert "would leave src/orders/_version.py out of the wheel by it" in tree.fail()
    assert f"{stray} is outside of the sources of orders, which begin at {tree.root}" in tree.fail()
    assert "ignore-vcs = true" in tree.output
    both = ["orders/__init__.py", "orders/_version.py"]
    tree.configure("ignore-vcs = true")
    assert tree.names() == both
    tree.configure("", "[tool.hatch.build]\nignore-vcs = true\n")
    assert tree.names() == both
    tree.configure("")
    (tree.root / ".gitignore").write_text("")
    assert tree.names() == both
    (tree.root / ".gitignore").unlink()
    (tree.root.parent / ".git").mkdir()
    stray.write_text("nothing")
    assert tree.names() == both


def test_an_sdist_takes_along_what_ships_and_nothing_else_ships_from_it(tree: Tree) -> None:
    include = 'include-files = { "config" = "config", "one.txt" = "one.txt" }'
    tree.configure(include, f"{HOOK}embed-lock = true\n")
    tree.write_all({"config/a.txt": "1", "config/deep/b.txt": "2", "one.txt": "3"})
    tree.write_all({"config/.env": "SECRET=1", "config/deep/.gitignore": "c.txt\n"})
    tree.write_all({".gitignore": ".env\n", "config/deep/c.txt": "not ignored by hatchling"})
    (sdist,) = SdistBuilder(str(tree.root)).build(directory=str(tree.root / "dist"))
    (first,) = (tree.root / "dist").glob("*.zip")
    assert "config/deep/b.txt" in names_in(first)
    assert not {"config/deep/c.txt", "config/.env"} & {*names_in(first)}
    unpacked = tree.root.parent / "unpacked"
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    assert not [*unpacked.rglob(".env")]
    assert [*unpacked.rglob("c.txt")]
    list(WheelBuilder(str(unpacked / "orders-1.0")).build(directory=str(unpacked)))
    (second,) = unpacked.glob("*.zip")
    assert sha256(second) == sha256(first)


# Names.


def test_names_in_included_directories_are_composed(tree: Tree) -> None:
    tree.configure('include-files = { "data" = "data" }')
    name = unicodedata.normalize("NFD", "caf\u00e9")
    tree.write_all({f"data/{name}": ""})
    assert "not in Unicode's composed form (NFC)" in tree.fail()


def test_names_in_included_directories_are_utf_8(tree: Tree) -> None:
    tree.configure('include-files = { "data" = "data" }')
    (tree.root / "data").mkdir()
    try:
        (tree.root / os.fsdecode(b"data/\xff")).touch()
    except OSError:
        pytest.skip("the file system takes no other names")
    assert "the name is not UTF-8" in tree.fail()


def test_names_of_own_files_are_utf_8(tree: Tree) -> None:
    try:
        (tree.root / "src/orders" / os.fsdecode(b"x\xff.py")).touch()
    except OSError:
        pytest.skip("the file system takes no other names")
    assert "'orders/x\\udcff.py': the name is not UTF-8, as names in zips are" in tree.fail()


# Checkouts.


def test_crlf_that_git_made_is_an_error(tree: Tree) -> None:
    tree.write_all({"src/orders/__init__.py": "a = 1\n", "notes.txt": "a\n"})
    tree.commit()
    tree.write_all({"src/orders/__init__.py": "a = 1\r\n", "notes.txt": "a\r\n"})
    message = tree.fail()
    assert f"{tree.root / 'src/orders/__init__.py'}: with CRLF line ends here" in message
    assert "Write `* text=auto eol=lf` into .gitattributes" in message
    assert "notes.txt" not in message
    tree.write_all({".gitattributes": "*.py text eol=crlf\n"})
    assert tree.names() == ["orders/__init__.py"]
    tree.write_all({".gitattributes": ""})
    tree.git("add", "-A")  # now the index has them
    assert tree.names() == ["orders/__init__.py"]


def test_what_git_says_of_unchanged_files_is_heard(tree: Tree) -> None:
    tree.configure("", HOOK)
    tree.write_all({"src/orders/__init__.py": "a = 1\r\n", ".gitignore": "dist\n"})
    (tree.root / "pylock.toml").unlink()
    tree.write_all({"uv.lock": UV_LOCK})
    for _ in range(2):
        list(WheelBuilder(str(tree.root)).build())
    assert "orders:lambda: unchanged" in "".join(tree.capsys.readouterr())
    tree.git("init", "-q")
    tree.git("config", "core.autocrlf", "true")
    tree.commit()
    with pytest.raises(SystemExit):
        list(WheelBuilder(str(tree.root)).build())
    assert "with CRLF line ends here, and with LF" in "".join(tree.capsys.readouterr())


def test_the_same_outside_of_a_repository_or_without_git_is_none(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write_all({"src/orders/__init__.py": "a = 1\r\n"})
    assert tree.names() == ["orders/__init__.py"]
    (tree.root / ".git").mkdir()
    assert tree.names() == ["orders/__init__.py"]
    assert "git does not say which files of" in tree.output
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("UV", find_uv())
    assert tree.names() == ["orders/__init__.py"]
    assert "git does not say" not in tree.output


def find_uv() -> str:
    from uv import find_uv_bin

    return str(find_uv_bin())


@pytest.mark.parametrize("included", [False, True])
def test_a_link_that_is_a_text_file_is_an_error(tree: Tree, included: bool) -> None:  # noqa: FBT001
    place = "data" if included else "src/orders/data"
    tree.configure('include-files = { "data" = "data" }' if included else "")
    tree.write_all({f"{place}/goal.txt": "1"})
    link = tree.root / place / "link.txt"
    link.symlink_to("goal.txt")
    tree.commit()
    assert any(name.endswith("data/link.txt") for name in tree.names())
    link.unlink()
    link.write_text("goal.txt")
    assert f"{link}: a symbolic link in git" in tree.fail()


def test_a_link_to_a_directory_that_is_a_text_file_is_an_error(tree: Tree) -> None:
    tree.configure("", '[tool.hatch.build.targets.wheel]\nonly-include = ["src/orders"]\n')
    tree.write_all({"src/orders/__init__.py": "a = 1\n", "lib/b.py": ""})
    link = tree.root / "src/other"
    link.symlink_to("../lib")
    tree.commit()
    tree.names()
    link.unlink()
    link.write_text("../lib")
    assert f"{link}: a symbolic link in git" in tree.fail()


def test_an_lfs_pointer_is_an_error(tree: Tree) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
    tree.write_all({"src/orders/model.bin": pointer})
    assert "orders/model.bin of orders is a git-LFS pointer" in tree.fail()


@pytest.mark.parametrize("place", ["src/orders/vendor", "src/other", "data/inner"])
def test_an_empty_submodule_is_an_error(tree: Tree, place: str) -> None:
    tree.configure('include-files = { "data" = "data" }')
    tree.write_all({"src/orders/__init__.py": "a = 1\n", "data/a": "1", "docs/a": "2"})
    tree.commit()
    head = tree.git("rev-parse", "HEAD").strip()
    for elsewhere in ("docs/theme", "theme"):
        tree.git("update-index", "--add", "--cacheinfo", f"160000,{head},{elsewhere}")
    assert "orders/__init__.py" in tree.names()
    tree.git("update-index", "--add", "--cacheinfo", f"160000,{head},{place}")
    (tree.root / place).mkdir()
    assert f"{tree.root / place}: a git submodule that is not checked out" in tree.fail()
    (tree.root / place / "a").touch()
    assert "orders/__init__.py" in tree.names()


@pytest.mark.parametrize(
    "statement",
    ["import vendored", "from vendored.a import b", "import os, vendored.a"],
    ids=["import", "from", "several"],
)
def test_an_empty_submodule_that_is_a_package_of_a_flat_layout(tree: Tree, statement: str) -> None:
    packages = '["orders", "vendored"]'
    tree.configure("", f"[tool.hatch.build.targets.wheel]\npackages = {packages}\n")
    tree.write_all({"orders/__init__.py": "# import theme, vendored\nimport themes\n"})
    tree.commit()
    head = tree.git("rev-parse", "HEAD").strip()
    for name in ("theme", "vendored"):
        tree.git("update-index", "--add", "--cacheinfo", f"160000,{head},{name}")
    assert tree.names() == ["orders/__init__.py"]
    tree.write_all({"orders/__init__.py": f"if True:\n    pass\n    {statement}\n"})
    message = tree.fail()
    assert f"{tree.root / 'vendored'}: a git submodule that is not checked out" in message
    assert "theme" not in message
    tree.write_all({"vendored/__init__.py": ""})
    assert tree.names() == ["orders/__init__.py", "vendored/__init__.py"]


def test_a_first_line_that_ends_in_a_carriage_return_is_an_error(tree: Tree) -> None:
    tree.configure('include-files = { "run.sh" = "bootstrap" }')
    tree.write_all({"run.sh": "#!/bin/sh\r\necho\r\n"})
    assert "bootstrap of orders: its first line, the #! line, ends in a carriage" in tree.fail()
    tree.write_all({"run.sh": "#!/bin/sh\necho\r\n"})
    assert "bootstrap" in tree.names()


# Generated modules.


def test_modules_that_git_ignores_are_named(tree: Tree) -> None:
    ignore = "_version.py\n*_pb2.py\ngenerated/\n__pycache__/\n"
    tree.write_all({".gitignore": ignore, "src/orders/__pycache__/x.py": ""})
    modules = ["orders/_version.py", "orders/api/a_pb2.py", "orders/generated/b.py"]
    assert tree.names() == ["orders/__init__.py"]
    assert "in the source tree" not in tree.output
    tree.write_all({f"src/{name}": "" for name in modules})
    assert tree.names() == ["orders/__init__.py"]
    assert (
        f"orders: {', '.join(modules)} is in the source tree, but not in the wheel of "
        "orders, since git ignores it: `artifacts` in [tool.hatch.build] ships it all the same\n"
    ) in tree.output
    tree.configure("", f"[tool.hatch.build]\nartifacts = {ignore.split()}\n")
    assert {*modules} <= {*tree.names()}
    assert "in the source tree" not in tree.output


def test_of_many_modules_that_git_ignores_some_are_named(tree: Tree) -> None:
    tree.write_all({".gitignore": "generated/\n"})
    tree.write_all({f"src/orders/generated/m{number:02}.py": "" for number in range(15)})
    tree.names()
    assert "m10.py, orders/generated/m11.py and 3 more is in the source tree" in tree.output


def test_a_module_that_git_ignores_and_the_handler_needs_is_an_error(tree: Tree) -> None:
    tree.configure('handler = "orders.app.handler"')
    app = "from orders._version import VERSION\ndef handler(event, context): ...\n"
    tree.write_all({".gitignore": "_version.py\n", "src/orders/app.py": app})
    tree.write_all({"src/orders/_version.py": "VERSION = 1\n"})
    message = tree.fail()
    assert "there is no module 'orders._version' in the zip or its layers" in message
    assert "what git ignores is in it only if `artifacts` names it" in message


BACK_END = """\
import base64, hashlib, zipfile

INFO = "orders-1.0.dist-info"
FILES = {
    "orders/__init__.py": b"",
    f"{INFO}/METADATA": b"Metadata-Version: 2.1\\nName: orders\\nVersion: 1.0\\n",
    f"{INFO}/WHEEL": b"Wheel-Version: 1.0\\nTag: py3-none-any\\n",
}

def build_wheel(directory, config_settings=None, metadata_directory=None):
    record = f"{INFO}/RECORD,,\\n"
    with zipfile.ZipFile(f"{directory}/orders-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in FILES.items():
            wheel.writestr(name, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
            record += f"{name},sha256={digest.rstrip('=')},{len(content)}\\n"
        wheel.writestr(f"{INFO}/RECORD", record)
    return "orders-1.0-py3-none-any.whl"
"""


def test_modules_that_git_ignores_and_another_back_end_leaves_out_are_named(tree: Tree) -> None:
    path = tree.root / "pyproject.toml"
    head, _, rest = path.read_text(encoding="utf-8").partition("[project]")
    assert "hatchling.build" in head
    head = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    path.write_text(f"{head}[project]{rest}", encoding="utf-8")
    tree.write_all({"backend.py": BACK_END, ".gitignore": "_version.py\n"})
    tree.write_all({"src/orders/_version.py": ""})
    assert tree.names() == ["orders/__init__.py"]
    assert (
        "orders: orders/_version.py is in the source tree, but not in the wheel of orders, and git "
        "ignores it\n"
    ) in tree.output
