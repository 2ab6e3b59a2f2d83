from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.config.model import Kind
from hatch_lambda_zip.contents.assemble import assemble
from hatch_lambda_zip.contents.scripts import interpreter_of, with_scripts
from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install.read import Installed, read_site
from hatch_lambda_zip.install.reasons import LeftOut, Reason
from hatch_lambda_zip.record import parse_record
from hatch_lambda_zip.runtimes import RUNTIMES
from tests.support.installed import files_of, install, made, platform_of, site_of

RUNTIME = platform_of("python3.13").runtime
SHEBANG = b"#!/var/lang/bin/python3.13\n"


def shipped(installed: Installed, kind: Kind = Kind.FUNCTION) -> dict[str, bytes]:
    """Return the scripts that ship."""
    with_them = with_scripts(installed, RUNTIME, kind)
    return {
        entry.name: entry.read() for entry in with_them.entries if entry.name.startswith("bin/")
    }


def with_entry_points(text: str, **scripts: bytes) -> Installed:
    return made(
        "demo",
        {"demo-1.0.dist-info/entry_points.txt": text, "demo.py": ""},
        scripts={f"bin/{name}": content for name, content in scripts.items()},
    )


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: str(runtime.identifier))
def test_the_interpreter_is_the_runtimes(runtime: object) -> None:
    row = next(row for row in RUNTIMES if row is runtime)
    assert interpreter_of(row) == f"/var/lang/bin/{row.identifier}"


def test_a_console_script_is_written_anew() -> None:
    made_here = with_entry_points("[console_scripts]\nTool-1 = demo.cli:main\n")
    assert shipped(made_here) == {
        "bin/Tool-1": SHEBANG
        + b"import os\nimport sys\n\n"
        + b"sys.path[:1] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))"
        + b', "/opt/python"]\n\n'
        + b"from demo.cli import main\n\n"
        + b'if __name__ == "__main__":\n    sys.exit(main())\n'
    }


def test_a_script_of_a_layer_looks_into_the_layers_only() -> None:
    installed = with_entry_points("[console_scripts]\ntool = demo:main\n")
    script = shipped(installed, Kind.LAYER)["bin/tool"]
    assert script == shipped(installed)["bin/tool"].replace(b', "/opt/python"', b"")
    assert script != shipped(installed)["bin/tool"]


@pytest.mark.parametrize(
    ("reference", "lines"),
    [
        ("demo:main", (b"from demo import main", b"sys.exit(main())")),
        ("a.b_1 : C.d.e", (b"from a.b_1 import C", b"sys.exit(C.d.e())")),
        ("demo:main [extra, other]", (b"from demo import main", b"sys.exit(main())")),
        ("demo:main[extra]", (b"from demo import main", b"sys.exit(main())")),
    ],
)
def test_references(reference: str, lines: tuple[bytes, bytes]) -> None:
    script = shipped(with_entry_points(f"[console_scripts]\ntool = {reference}\n"))["bin/tool"]
    assert all(line in script for line in lines)


@pytest.mark.parametrize(
    "reference",
    [
        "demo",
        "demo:",
        ":main",
        "demo:main()",
        "demo:main:again",
        "demo.:main",
        "..demo:main",
        "..:main",
        "demo:.main",
        "demo:a..b",
        "1demo:main",
        "demo:1",
        "my-demo:main",
        "demo main",
        "demo:main; import os",
        "demo:main [extra",
        # Python's own words would be a script with a SyntaxError.
        "demo:class",
        "demo.import.cli:main",
    ],
)
def test_a_malformed_reference_is_refused(reference: str) -> None:
    installed = with_entry_points(f"[console_scripts]\ntool = {reference}\n")
    with pytest.raises(DistributionError) as caught:
        shipped(installed)
    assert str(caught.value) == (
        f"The console script tool of demo refers to {reference!r}, which is not of the form "
        "'module:function'. Choose another version, or set `scripts = false`."
    )


@pytest.mark.parametrize("name", ["../tool", "a\\b", "..", "a/../../b"])
def test_a_script_is_put_nowhere_else(name: str) -> None:
    with pytest.raises(DistributionError, match=r"^entry_points\.txt of demo: 'bin/"):
        shipped(with_entry_points(f"[console_scripts]\n{name} = demo:main\n"))


def test_a_script_in_a_directory_is_an_error() -> None:
    with pytest.raises(
        DistributionError, match=r"console script a/b of demo has a name that is a path"
    ):
        shipped(with_entry_points("[console_scripts]\na/b = demo:main\n"))


def test_graphical_scripts_do_not_ship() -> None:
    text = "[gui_scripts]\nwindow = demo:main\n[other]\nthing = demo:main\n"
    installed = with_entry_points(text, window=b"#!python\n")
    assert shipped(installed) == {}
    assert with_scripts(installed, RUNTIME, Kind.FUNCTION).left_out == (
        LeftOut("bin/window", Reason.SCRIPT, "demo"),
    )


def test_what_the_installer_wrote_for_an_entry_point_is_not_taken() -> None:
    text = "[console_scripts]\ntool = demo:main\n"
    one = with_entry_points(text, tool=b"#!/home/me/python\none\n", other=b"#!python\n")
    two = with_entry_points(text, tool=b"#!/usr/bin/python\ntwo\n", other=b"#!python\n")
    assert shipped(one) == shipped(two)
    assert with_scripts(one, RUNTIME, Kind.FUNCTION).left_out == ()


LONG = b"#!/bin/sh\n'''exec' '/long path/python3' \"$0\" \"$@\"\n' '''\n"


@pytest.mark.parametrize(
    "start",
    [
        b"#!python\n",
        b"#!pythonw\n",
        b"#!python -u\n",
        b"#!python\r\n",
        b"#! python3.11\n",
        b"#!/home/me/.venv/bin/python\n",
        b"#!/usr/bin/python3\n",
        b"#!/usr/bin/python3.12 -E\n",
        b"#!/usr/bin/env python3\n",
        b"#!/usr/bin/env -S python3 -u\n",
        b"#!/opt/pypy3\n",
        b"#!C:\\Users\\me\\.venv\\Scripts\\python.exe\r\n",
        b"#!c:\\Program Files\\Python\\pythonw.exe -u\n",
        b"#!" + sys.executable.encode() + b"\n",
        LONG,
        LONG.replace(b"\n", b"\r\n"),
        LONG.replace(b"/long path/python3", sys.executable.encode()),
    ],
)
def test_the_interpreter_of_a_python_script_is_replaced(start: bytes) -> None:
    rest = b"# -*- coding: utf-8 -*-\nprint('#!python\\n')\n"
    assert shipped(made(scripts={"bin/tool": start + rest})) == {"bin/tool": SHEBANG + rest}


@pytest.mark.parametrize(
    "script",
    [
        b"#!/bin/sh\necho python\n",
        b"#!/bin/sh\nexec /usr/bin/python3 -m demo\n",
        b"#!/bin/sh\nexec " + sys.executable.encode() + b" -m demo\n",
        b"#!/usr/bin/env bash\n#!python\n",
        b"#!/bin/bash /opt/python/run\n",
        b"#!/opt/python/bin/run\n",
        b"#!/usr/bin/python-config\n",
        b"#!C:\\python\\run.exe\n",
        b"#!/usr/bin/env node\n",
        b"\n#!python\n",
        b"\x7fELF\x00",
        b"",
    ],
)
def test_other_scripts_ship_as_they_are(script: bytes) -> None:
    assert shipped(made(scripts={"bin/tool": script})) == {"bin/tool": script}


def test_a_script_of_one_line() -> None:
    assert shipped(made(scripts={"bin/tool": b"#!python"})) == {"bin/tool": SHEBANG}


@given(st.binary(max_size=40), st.sampled_from([b"", b"#!", b"#!/bin/sh\n", b"#!python\n", LONG]))
def test_any_script_keeps_its_own_text(content: bytes, start: bytes) -> None:
    (script,) = shipped(made(scripts={"bin/tool": start + content})).values()
    assert script == start + content or script.startswith(SHEBANG)
    assert script.endswith(content) or not start.endswith(b"\n")


def test_the_rest_ships_as_without_scripts() -> None:
    installed = with_entry_points("[console_scripts]\ntool = demo:main\n", other=b"#!python\n")
    with_them = with_scripts(installed, RUNTIME, Kind.FUNCTION)
    assert files_of(with_them) == ["demo.py", "bin/tool", "bin/other"]
    nothing = made()
    assert with_scripts(nothing, RUNTIME, Kind.FUNCTION) == nothing


def test_an_installed_script_ships_and_its_record_lists_it(tmp_path: Path) -> None:
    install(
        tmp_path,
        {
            "demo.py": b"",
            "bin/tool": LONG + b"import demo\n",
            "bin/main": b"#!/x/python\n",
            "bin/sh": b"#!/bin/sh\n",
            "demo-1.0.dist-info/entry_points.txt": b"[console_scripts]\nmain = demo:main\n",
        },
    )
    (installed,) = read_site(site_of(tmp_path))
    with_them = with_scripts(installed, RUNTIME, Kind.FUNCTION)
    entries = assemble([with_them])
    scripts = {entry.name: entry for entry in entries if entry.name.startswith("bin/")}
    assert sorted(scripts) == ["bin/main", "bin/sh", "bin/tool"]
    assert scripts["bin/tool"].read() == SHEBANG + b"import demo\n"
    assert scripts["bin/sh"].read() == b"#!/bin/sh\n"
    (record,) = (entry for entry in entries if entry.name.endswith("/RECORD"))
    digests = {row.path: row.digest for row in parse_record(record.read().decode(), "RECORD")}
    assert {name: digests[name] for name in scripts} == {
        name: entry.digest for name, entry in scripts.items()
    }
    assert with_them.left_out == ()


def test_a_script_runs(tmp_path: Path) -> None:
    text = "[console_scripts]\ntool = demo.cli:App.run\n"
    source = "class App:\n    def run():\n        print('ran')\n        return 7\n"
    installed = made(
        "demo",
        {
            "demo-1.0.dist-info/entry_points.txt": text,
            "demo/__init__.py": "",
            "demo/cli.py": source,
            # It would be found first if the script's directory came before the package's.
            "bin/demo.py": "raise SystemExit('wrong module')",
        },
    )
    for entry in with_scripts(installed, RUNTIME, Kind.FUNCTION).entries:
        path = tmp_path / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.read())
    done = subprocess.run(
        [sys.executable, tmp_path / "bin/tool"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, "ran\n", "")
