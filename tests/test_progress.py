"""What a build shows on a terminal while it runs."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from hatch_lambda_zip.cli import main
from hatch_lambda_zip.cli.progress import Bars, Told
from hatch_lambda_zip.text import Extent
from tests.support.commands import clean_environment
from tests.support.loose import write
from tests.support.processes import HEEDING_SIGINT, comes_true

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")

HIDES, SHOWS = "\x1b[?25l", "\x1b[?25h"  # the cursor (ECMA-48, DECTCEM)
# It waits until something is drawn, of which the test tells it.
HOOK = (
    "import pathlib, time\nfrom hatchling.builders.hooks.plugin.interface import "
    "BuildHookInterface\nclass Hook(BuildHookInterface):\n"
    "    def initialize(self, *_):\n"
    "        for _ in range(3000):\n"
    "            if pathlib.Path(self.root, 'go').exists(): return\n"
    "            time.sleep(0.01)\n"
)
PYPROJECT = (
    '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.10"\n'
    "[tool.hatch.build.targets.wheel.hooks.custom]\n"
    '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\nhandler = "HANDLER"\n'
)
LOCK = (
    'version = 1\nrevision = 3\nrequires-python = ">=3.10"\n\n'
    '[[package]]\nname = "shop"\nversion = "1"\nsource = { editable = "." }\n'
)


class Screen:
    """A command whose standard error is a terminal, and what it has written there."""

    def __init__(self, root: Path, *words: str) -> None:
        self.said = ""
        # What is not there on every system is imported where it is.
        import pty

        ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*HEEDING_SIGINT, sys.executable, "-m", "hatch_lambda_zip", "build", *words],
            cwd=root,
            env=clean_environment(TERM="xterm", COLUMNS="120"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
        )
        os.close(theirs)
        self._thread = threading.Thread(target=self._read, args=(ours,), daemon=True)
        self._thread.start()

    def _read(self, terminal: int) -> None:
        with contextlib.suppress(OSError):  # Linux: nobody can write any more
            while data := os.read(terminal, 1 << 16):
                self.said += data.decode()
        os.close(terminal)

    def end(self) -> tuple[int, str]:
        """Wait for the end, and return the exit code and the standard output."""
        stdout, _ = self.process.communicate(timeout=60)
        self._thread.join(10)
        return self.process.returncode, stdout


def project(root: Path, handler: str = "shop.handler") -> None:
    code = {"src/shop/__init__.py": "def handler(e, c): ...\n"}
    files = {"pyproject.toml": PYPROJECT.replace("HANDLER", handler), "uv.lock": LOCK}
    write(root, {**files, "hatch_build.py": HOOK, **code})


def test_a_line_for_each_function_on_a_terminal(tmp_path: Path) -> None:
    project(tmp_path)
    screen = Screen(tmp_path, "--json")
    assert comes_true(lambda: HIDES in screen.said and "reading uv.lock" in screen.said)
    (tmp_path / "go").touch()
    code, stdout = screen.end()
    assert code == 0, screen.said
    (made,) = json.loads(stdout)  # as anywhere else
    assert (screen.said.count(HIDES), screen.said.count(SHOWS)) == (1, 1)
    left = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", screen.said)
    lines = [line for line in re.split("[\r\n]+", left) if "sha256" in line]
    assert len(lines) == 1
    assert lines[0].startswith("shop:lambda: python3.13/x86_64")
    assert lines[0].endswith(f"sha256 {made['sha256']}")


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("handler", "number", "code", "message"),
    [
        ("shop.other", None, 1, "defines no 'other'"),
        ("shop.handler", signal.SIGINT, 130, "cancelled by SIGINT"),
    ],
)
def test_a_terminal_is_left_as_it_was(
    tmp_path: Path, handler: str, number: int | None, code: int, message: str
) -> None:
    project(tmp_path, handler)
    screen = Screen(tmp_path)
    assert comes_true(lambda: HIDES in screen.said)
    if number is None:
        (tmp_path / "go").touch()
    else:
        screen.process.send_signal(number)
    assert screen.end() == (code, "")
    assert "\x1b[31mError:\x1b[0m" in screen.said
    assert message in screen.said
    assert screen.said.rindex(SHOWS) > screen.said.rindex(HIDES)
    assert screen.said.endswith("\x1b[2K")  # nothing is left of what was drawn


def test_another_commands_steps(capsys: pytest.CaptureFixture[str]) -> None:
    told, bars = Told("[a] "), Bars()
    told.step("shop", "compressing 3 files", Extent("compressing", 30, is_bytes=True))
    sys.stderr.write("printed")
    told.advance("shop", 12)
    told.step("other", "reading uv.lock")
    for line in capsys.readouterr().err.split("\n")[:-1]:
        bars.hear(line)
    assert capsys.readouterr().err == "printed\n"
    assert "compressing 12 bytes of 30 bytes" in drawn(bars)
    assert "[a] other" in drawn(bars)
    told.finish("shop", "sha256 …")
    told.end()
    for line in capsys.readouterr().err.split("\n")[:-1]:
        bars.hear(line)
    bars.hear("[a] plain")
    assert drawn(bars).strip() == ""
    assert capsys.readouterr().err == "[a] shop: sha256 …\n[a] plain\n"


@pytest.mark.parametrize(
    ("command", "words", "seen"),
    [
        ("inspect", [], ["a.zip reading", "b.zip reading"]),
        ("report", ["--json"], ["a.zip reading", "b.zip reading"]),
        (
            "diff",
            [],
            [
                *("b.zip reading", "b.zip reading 6 bytes of 6 bytes"),
                "b.zip comparing 1 of 1",
            ],
        ),
        ("normalize", ["--check"], ["a.zip compressing 12 bytes of 12 bytes"]),
    ],
)
def test_what_is_drawn_of_other_commands(
    command: str,
    words: list[str],
    seen: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    # One of the same content that is compressed otherwise, and one of another.
    for name, content, method in (("a.zip", b"x = 1\n", 0), ("b.zip", b"x = 2\n", 8)):
        with zipfile.ZipFile(name, "w", method) as archive:
            archive.writestr("app.py", content)
            archive.writestr("same.py", b"y = 1\n")
    found: list[str] = []

    class Seen(Bars):
        """Draws nothing, and keeps what it would have drawn at the end of each step."""

        @contextlib.contextmanager
        def drawing(self) -> Iterator[None]:
            yield
            self.only("", "")

        def only(self, name: str, line: str) -> None:
            self._keep()
            super().only(name, line)

        def step(self, name: str, line: str, extent: Extent | None = None) -> None:
            self._keep()
            super().step(name, line, extent)

        def _keep(self) -> None:
            found.extend(re.split(r" +[0-9]+ s| ━", it)[0] for it in drawn(self).splitlines() if it)

    module = importlib.import_module(f"hatch_lambda_zip.cli.{command}")
    monkeypatch.setattr(module, "Bars", Seen)
    monkeypatch.setattr(module, "can_draw", lambda: True)
    paths = ["a.zip"] if command == "normalize" else ["a.zip", "b.zip"]
    result = CliRunner().invoke(main, [command, *words, *paths])
    assert result.exit_code in {0, 1}, result.output
    assert found == seen


def drawn(bars: Bars) -> str:
    from rich.console import Console

    console = Console(width=100, record=True, file=io.StringIO())
    console.print(bars.table())
    return console.export_text()
