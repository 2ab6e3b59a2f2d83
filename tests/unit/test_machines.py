"""Native code for another machine: refused where it matters, noted where it lies in vain."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.contents.machines import check_machines, machine_name, machine_of
from hatch_lambda_zip.errors import ContentsError
from tests.support.installed import WHEEL, entry_of, made, platform_of

ARM, X86 = 183, 62
FOR_ANY = WHEEL
FOR_LINUX = b"Wheel-Version: 1.0\nTag: py3-none-any\nTag: cp313-cp313-manylinux_2_17_x86_64\n"


def elf(machine: int, *, big_endian: bool = False, bits: int = 64) -> bytes:
    """Return the start of an ELF header: e_ident, e_type, e_machine, e_version."""
    ident = struct.pack("4s5B7x", b"\x7fELF", bits // 32, 2 if big_endian else 1, 1, 0, 0)
    return ident + struct.pack(">HHI" if big_endian else "<HHI", 3, machine, 1)


def notes_on(
    files: dict[str, int],
    *,
    wheel: bytes = FOR_ANY,
    added: dict[str, str] | None = None,
    architecture: str = "arm64",
    prefix: str = "",
) -> tuple[str, ...]:
    demo = made("demo", {"demo-1.0.dist-info/WHEEL": wheel})
    added = added or {}
    entries = [
        (entry_of(prefix + path if path not in added else path, "", "demo"), machine)
        for path, machine in files.items()
    ]
    platform = platform_of("python3.13", architecture)
    return check_machines(entries, [demo], added, platform, prefix=prefix, key="here.api")


def problems_of(
    files: dict[str, int],
    *,
    wheel: bytes = FOR_ANY,
    added: dict[str, str] | None = None,
    architecture: str = "arm64",
    prefix: str = "",
) -> list[str]:
    with pytest.raises(ContentsError) as caught:
        notes_on(files, wheel=wheel, added=added, architecture=architecture, prefix=prefix)
    return str(caught.value).splitlines()


PROGRAMS = {
    "demo/linux-arm64/manager": ARM,
    "demo/linux-x86_64/manager": X86,
    "demo/lib/client-amd64.so": X86,
    "demo/lib/client-arm64.so": ARM,
    "demo/lib/client-x86.so": 3,
}


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
@pytest.mark.parametrize("prefix", ["", "python/"])
def test_one_program_for_each_machine_is_fine(architecture: str, prefix: str) -> None:
    (note,) = notes_on(PROGRAMS, architecture=architecture, prefix=prefix)
    beside = f"beside the same for {architecture}; if you like, "
    assert note.startswith(f"demo ships 3 files for other machines {beside}")
    assert '"/demo/lib/client-x86.so"' in note
    fitting = "/demo/linux-arm64/manager" if architecture == "arm64" else "/demo/linux-x86_64/man"
    assert fitting not in note


def test_all_that_has_nothing_like_it_is_refused_at_once() -> None:
    files = {"demo/a": X86, "demo/tools/b": X86, "demo/tools/c": ARM, "demo/x/c": X86}
    assert problems_of(files) == [
        "demo/a of demo was built for x86_64 and can't be loaded on arm64.",
        "demo/tools/b of demo was built for x86_64 and can't be loaded on arm64.",
        (
            "The wheel of demo is for any platform, and has nothing like that for arm64, or Python "
            "would import just this. Choose another version of it, or another architecture;"
        ),
        (
            "or, if the function does not need that, "
            'here.api.exclude-files = ["/demo/a", "/demo/tools/b"].'
        ),
    ]


@pytest.mark.parametrize(
    "module", ["demo/_c.so", "demo/_c.abi3.so", "demo/_c.cpython-313-aarch64-linux-gnu.so"]
)
def test_what_python_would_import_is_refused_whatever_lies_beside_it(module: str) -> None:
    files = {module: X86, f"demo/arm64/{module.rpartition('/')[2]}": ARM}
    assert problems_of(files)[0].startswith(f"{module} of demo was built for x86_64 ")


@pytest.mark.parametrize(
    "module",
    [
        "demo/_c.cpython-313-x86_64-linux-gnu.so",
        "demo/_c.cpython-312-aarch64-linux-gnu.so",
        "demo/linux-arm64/_c.so",
        "demo/lib-c.so",
    ],
)
def test_what_python_would_not_import_is_a_program_like_others(module: str) -> None:
    file = module.rpartition("/")[2].replace("x86_64", "aarch64")
    assert notes_on({module: X86, f"demo/other/{file}": ARM})


def test_a_wheel_for_one_platform_has_nothing_for_another() -> None:
    problems = problems_of(PROGRAMS, wheel=FOR_LINUX)
    assert len(problems) == 5
    assert problems[3].startswith("The tags of the wheel of demo promise something else: choose ")
    assert problems_of(PROGRAMS, wheel=b"")[3] == problems[3]


def test_included_files_are_told_by_their_key() -> None:
    added = {"bin/tool": "tools/tool", "bin/other": "tools/other"}
    assert problems_of({"bin/tool": X86, "bin/other": ARM}, added=added) == [
        (
            "bin/tool from `include-files` (tools/tool) was built for x86_64 and can't be loaded "
            "on arm64."
        ),
        (
            "Include the files for arm64 instead: here.api.include-files, in a table of its own "
            "for each architecture."
        ),
    ]
    # The distribution's files are no siblings of these, and the other way round.
    assert problems_of({"bin/tool": X86, "demo/tool": ARM}, added=added)
    assert problems_of({"bin/tool": ARM, "demo/tool": X86}, added=added)
    both = {"bin/tool": X86, "arm64/tool": ARM}
    assert notes_on(both, added={path: path for path in both}) == ()


@pytest.mark.parametrize(
    ("machine", "built_for"),
    [(X86, "x86_64"), (3, "32-bit x86"), (40, "32-bit ARM"), (243, "machine number 243")],
)
def test_machines_have_names(machine: int, built_for: str) -> None:
    assert problems_of({"demo/a": machine})[0] == (
        f"demo/a of demo was built for {built_for} and can't be loaded on arm64."
    )


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("machine", [0, 3, 62, 183, 62 << 8])
def test_the_machine_stands_in_the_header(
    machine: int,
    big_endian: bool,  # noqa: FBT001
) -> None:
    header = elf(machine, big_endian=big_endian)
    assert machine_of(header + bytes(100)) == machine_of(header[:20]) == machine


@pytest.mark.parametrize("length", range(20))
def test_a_file_too_short_for_a_machine_has_none(length: int) -> None:
    assert machine_of(elf(ARM)[:length]) is None


@given(st.binary(max_size=64).filter(lambda content: content[:4] != b"\x7fELF"))
def test_what_is_no_elf_file_has_none(content: bytes) -> None:
    assert machine_of(content) is None
    assert machine_of(b" " + elf(X86) + content) is None


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (3, "32-bit x86"),
        (40, "32-bit ARM"),
        (X86, "x86_64"),
        (ARM, "arm64"),
        (243, "machine number 243"),
    ],
)
def test_what_machines_are_called(number: int, name: str) -> None:
    assert machine_name(number) == name
