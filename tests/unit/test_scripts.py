from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from installing import installed, target

from hatch_lambda_zip.artifacts import Kind
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import RecordError
from hatch_lambda_zip.left_out import LeftOut, Reason
from hatch_lambda_zip.scripts import with_scripts

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_lambda_zip.installed import Installed

POINTS = "tool-1.0.dist-info/entry_points.txt"


def tool(points: str, files: dict[str, bytes] | None = None, **scripts: bytes) -> Installed:
    """Return a distribution with entry points, and scripts that an installer left in bin."""
    one = installed("tool", {**(files or {}), POINTS: points.encode()})
    return replace(
        one,
        scripts=tuple(Entry.of(f"bin/{name}", text, "tool") for name, text in scripts.items()),
        left_out=tuple(LeftOut(f"bin/{name}", Reason.SCRIPT, "tool") for name in scripts),
    )


def scripts_of(one: Installed, kind: Kind = Kind.FUNCTION) -> dict[str, str]:
    shipped = with_scripts(one, target().runtime, kind)
    assert {left.path for left in shipped.left_out}.isdisjoint(e.name for e in shipped.entries)
    return {
        entry.name: entry.read().decode()
        for entry in shipped.entries
        if entry.name.startswith("bin/")
    }


def test_a_console_script_is_written_anew_for_the_runtime(tmp_path: Path) -> None:
    points = (
        "[console_scripts]\nTool-1 = tool.cli:Main.run [extra]\n[gui_scripts]\nwin = tool:gui\n"
    )
    module = b"class Main:\n    def run():\n        print('it runs')\n        return 3\n"
    one = tool(
        points, {"tool/cli.py": module}, **{"Tool-1": b"#!/home/me/python\n", "win": b"#!x\n"}
    )
    scripts = scripts_of(one)
    assert scripts.keys() == {"bin/Tool-1"}
    text = scripts["bin/Tool-1"]
    assert text.startswith("#!/var/lang/bin/python3.13\n")
    assert "/home/me" not in text
    assert '"/opt/python"' in text
    layer = scripts_of(one, Kind.LAYER)["bin/Tool-1"]
    assert "/opt" not in layer
    for script in (text, layer):
        for path, content in (("bin/Tool-1", script), ("tool/cli.py", module.decode())):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(content)
        command = [sys.executable, "-I", "-S", str(tmp_path / "bin/Tool-1")]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (result.returncode, result.stdout) == (3, "it runs\n"), result.stderr


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (b"#!python\nprint(1)\n", "#!/var/lang/bin/python3.13\nprint(1)\n"),
        (b"#!python3 -u\r\nprint(1)\n", "#!/var/lang/bin/python3.13\nprint(1)\n"),
        (
            f"#!{sys.executable}\nprint(1)\n".encode(),
            "#!/var/lang/bin/python3.13\nprint(1)\n",
        ),
        (
            f"#!/bin/sh\n'''exec' '{sys.executable}' \"$0\" \"$@\"\n' '''\nprint(1)\n".encode(),
            "#!/var/lang/bin/python3.13\nprint(1)\n",
        ),
        (b"#!/bin/sh\necho\n", "#!/bin/sh\necho\n"),
        (b"#!/usr/bin/env perl\n", "#!/usr/bin/env perl\n"),
    ],
)
def test_only_the_interpreter_that_an_installer_wrote_is_replaced(
    script: bytes, expected: str
) -> None:
    assert scripts_of(tool("", own=script)) == {"bin/own": expected}


@pytest.mark.parametrize("reference", ["tool", "tool:", "tool cli:main", "tool:main()", "a-b:c"])
def test_a_malformed_reference_is_an_error(reference: str) -> None:
    with pytest.raises(RecordError, match="The console script x of tool refers to"):
        scripts_of(tool(f"[console_scripts]\nx = {reference}\n"))


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x"])
def test_a_name_that_leaves_the_directory_is_an_error(name: str) -> None:
    with pytest.raises(RecordError, match=r"entry_points.txt of tool: .* is not a plain relative"):
        scripts_of(tool(f"[console_scripts]\n{name} = tool:main\n"))
