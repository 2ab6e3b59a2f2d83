from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from hatch_lambda_zip.contents.assemble import assemble
from hatch_lambda_zip.errors import ContentsError, DistributionError
from hatch_lambda_zip.install import Installer
from hatch_lambda_zip.install import wheel as wheel_module
from hatch_lambda_zip.install.own_project import read_project
from hatch_lambda_zip.install.read import Site, read_site
from hatch_lambda_zip.install.wheel import (
    check_tags,
    content_digest,
    parse_name,
    read_built,
    unpack_wheel,
)
from hatch_lambda_zip.lock.model import (
    LockedDistribution,
    LockFile,
    LockKind,
    Origin,
    Selection,
)
from hatch_lambda_zip.record import Digest, format_record, parse_record
from hatch_lambda_zip.runtimes import Platform, find_runtime
from hatch_lambda_zip.uv import Uv
from tests.support.effort import peak
from tests.support.raw_zip import Raw, raw_zip

pytestmark = pytest.mark.every_python

NAME = "demo_pkg-1.0-py3-none-any.whl"
DIST_INFO = "demo_pkg-1.0.dist-info"
DATA = "demo_pkg-1.0.data"
WHOSE = "which is a mistake of its build back end: choose another release of that."
STANDARD = {
    f"{DIST_INFO}/METADATA": b"Metadata-Version: 2.4\nName: demo-pkg\nVersion: 1.0\n",
    f"{DIST_INFO}/WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nTag: py3-none-any\n",
}


def record_of(files: Mapping[str, bytes]) -> bytes:
    rows = [(path, Digest.of(content), len(content)) for path, content in files.items()]
    return format_record([*rows, (f"{DIST_INFO}/RECORD", None, None)])


def make_wheel(directory: Path, files: Mapping[str, bytes], record: bytes | None = None) -> Path:
    """Write a wheel; what ``record`` says need not be true."""
    files = {**STANDARD, **files}
    wheel = directory / NAME
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        archive.writestr(f"{DIST_INFO}/RECORD", record_of(files) if record is None else record)
    return wheel


@pytest.fixture
def site(tmp_path: Path) -> Path:
    directory = tmp_path / "site"
    directory.mkdir()
    return directory


def files_in(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


def error_of(wheel: Path, site: Path) -> str:
    with pytest.raises(DistributionError) as caught:
        unpack_wheel(wheel, site)
    message = str(caught.value)
    assert message.startswith(f"{NAME} is not a valid wheel: ")
    assert message.endswith(".")
    return message.removeprefix(f"{NAME} is not a valid wheel: ")


def platform(identifier: str, architecture: str = "x86_64") -> Platform:
    runtime = find_runtime(identifier)
    assert runtime is not None
    return Platform(runtime, architecture)


def test_every_scheme_of_the_data_directory(tmp_path: Path, site: Path) -> None:
    files = {
        "demo_pkg/__init__.py": b"code",
        f"{DATA}/purelib/pure.py": b"pure",
        f"{DATA}/platlib/plat.so": b"plat",
        f"{DATA}/data/share/doc.txt": b"data",
        f"{DATA}/scripts/tool": b"#!python\n",
        f"{DATA}/headers/demo.h": b"header",
    }
    unpack_wheel(make_wheel(tmp_path, files), site)
    placed = {
        **STANDARD,
        "demo_pkg/__init__.py": b"code",
        "pure.py": b"pure",
        "plat.so": b"plat",
        "share/doc.txt": b"data",
        "bin/tool": b"#!python\n",
        "include/demo_pkg/demo.h": b"header",
    }
    unpacked = files_in(site)
    record = unpacked.pop(f"{DIST_INFO}/RECORD").decode()
    assert unpacked == placed
    assert {row.path: row.digest for row in parse_record(record, "RECORD")} == {
        **{path: Digest.of(content) for path, content in placed.items()},
        f"{DIST_INFO}/RECORD": None,
    }


def test_what_is_unpacked_can_be_collected(tmp_path: Path, site: Path) -> None:
    files = {"demo_pkg/a,b.py": b"1", f"{DATA}/scripts/tool": b"#!python\n"}
    unpack_wheel(make_wheel(tmp_path, files), site)
    locked = LockedDistribution("demo-pkg", None, Origin.LOCAL, "content:x")
    (installed,) = read_site(Site(site, (locked,), is_built_here=True))
    assert "demo_pkg/a,b.py" in {entry.name for entry in assemble([installed])}
    assert [left.path for left in installed.left_out] == ["bin/tool"]


def test_directory_members_and_signatures_are_left_in_the_wheel(tmp_path: Path, site: Path) -> None:
    files = {"demo_pkg/": b"", "demo_pkg/a.py": b"1"}
    wheel = make_wheel(tmp_path, files, record_of({**STANDARD, "demo_pkg/a.py": b"1"}))
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(f"{DIST_INFO}/RECORD.jws", b"{}")
        archive.writestr(f"{DIST_INFO}/RECORD.p7s", b"{}")
    unpack_wheel(wheel, site)
    assert files_in(site).keys() == {*STANDARD, f"{DIST_INFO}/RECORD", "demo_pkg/a.py"}


def test_a_name_that_only_looks_like_the_data_directory(tmp_path: Path, site: Path) -> None:
    files = {f"{DATA}base/purelib/a.py": b"1", "other-1.0.data/purelib/a.py": b"2"}
    unpack_wheel(make_wheel(tmp_path, files), site)
    assert files.items() <= files_in(site).items()


def test_unlisted_files_are_refused(tmp_path: Path, site: Path) -> None:
    files = {f"{letter}.py": b"" for letter in "fedcba"}
    wheel = make_wheel(tmp_path, files, record_of(STANDARD))
    assert error_of(wheel, site) == (
        "RECORD does not list a.py, b.py, c.py, d.py, e.py, which is a mistake of its build back "
        "end: choose another release of that."
    )
    assert files_in(site) == {}


def test_listed_files_that_are_not_there_are_refused(tmp_path: Path, site: Path) -> None:
    wheel = make_wheel(tmp_path, {}, record_of({**STANDARD, "gone.py": b""}))
    assert error_of(wheel, site) == (
        "RECORD lists gone.py, which is not there, which is a mistake of its build back end: "
        "choose another release of that."
    )


def test_files_with_another_hash_are_refused(tmp_path: Path, site: Path) -> None:
    record = record_of({**STANDARD, "demo.py": b"other"})
    wheel = make_wheel(tmp_path, {"demo.py": b"this"}, record)
    assert error_of(wheel, site) == (
        "demo.py has another hash than in RECORD, which is a mistake of its build back end: "
        "choose another release of that."
    )


def refused(tmp_path: Path, changes: Mapping[str, bytes | None], name: str = NAME) -> str:
    """Return why a wheel is refused, which is the same for all that is done with it."""
    files = {**STANDARD, "demo_pkg.py": b"", f"{DIST_INFO}/RECORD": b"", **changes}
    wheel = tmp_path / name
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            if content is not None:
                archive.writestr(path, content)
    (tmp_path / "unpacked").mkdir()
    messages = set()
    for read in (
        content_digest,
        lambda wheel: unpack_wheel(wheel, tmp_path / "unpacked"),
        lambda wheel: read_project(wheel, {}),
    ):
        with pytest.raises(DistributionError) as caught:
            read(wheel)
        messages.add(str(caught.value))
    (message,) = messages
    assert not any((tmp_path / "unpacked").iterdir())
    assert message.startswith(f"{name} is not a valid wheel: ")
    return message.removeprefix(f"{name} is not a valid wheel: ")


@pytest.mark.parametrize("file", ["RECORD", "METADATA", "WHEEL"])
def test_a_wheel_without_its_files_is_refused(tmp_path: Path, file: str) -> None:
    changes = {f"{DIST_INFO}/{file}": None, f"vendored/{DIST_INFO}/{file}": b""}
    assert refused(tmp_path, changes) == f"it has no {DIST_INFO}/{file}, {WHOSE}"


def test_a_wheel_has_one_dist_info(tmp_path: Path) -> None:
    changes: dict[str, bytes | None] = {"other-1.0.dist-info/LICENSE": b""}
    assert refused(tmp_path, changes) == f"it has 2 .dist-info directories, not one, {WHOSE}"
    with zipfile.ZipFile(tmp_path / NAME, "w") as archive:
        archive.writestr("demo_pkg.py", b"")
    with pytest.raises(DistributionError, match=r"it has 0 \.dist-info directories, not one"):
        content_digest(tmp_path / NAME)


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("Wheel-Version: 2.0", "2.0"),
        ("Wheel-Version: 10.0", "10.0"),
        ("Wheel-Version: one", "one"),
        ("Generator: x", "missing"),
    ],
)
def test_a_format_of_another_time_is_refused(tmp_path: Path, line: str, version: str) -> None:
    changes = {f"{DIST_INFO}/WHEEL": f"{line}\nTag: py3-none-any\n".encode()}
    assert refused(tmp_path, changes) == (
        f"its Wheel-Version is {version}, and installers take 1.0: choose another release of its "
        "build back end."
    )


def test_a_newer_minor_version_of_the_format_is_none(tmp_path: Path) -> None:
    wheel = b"wheel-version: 1.9\nTag: py3-none-any\n"
    assert content_digest(make_wheel(tmp_path, {f"{DIST_INFO}/WHEEL": wheel}))


@pytest.mark.parametrize("name", ["other-1.0-py3-none-any.whl", "demo_pkg-2.0-py3-none-any.whl"])
def test_another_name_or_version_inside_is_refused(tmp_path: Path, name: str) -> None:
    message = f"{DIST_INFO} in it has another name or version than the file, {WHOSE}"
    assert refused(tmp_path, {}, name) == message


def test_another_spelling_of_name_and_version_is_none(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, {})
    renamed = wheel.rename(tmp_path / "Demo.Pkg-1.0.0-py3-none-any.whl")
    assert content_digest(renamed)


def test_a_record_that_is_odd_has_another_digest(tmp_path: Path) -> None:
    """The zip would have other bytes, or be refused: what was made before must not stay."""
    files = {**STANDARD, "a.py": b"x = 1\n", "b.py": b""}

    def digest_of(rows: Mapping[str, Digest | None]) -> str:
        record = format_record((path, digest, None) for path, digest in rows.items())
        return content_digest(make_wheel(tmp_path, files, record))

    good = {path: Digest.of(content) for path, content in files.items()}
    lacking = {path: digest for path, digest in good.items() if path != "a.py"}
    empty: dict[str, Digest | None] = dict.fromkeys(files)
    digests = [
        content_digest(make_wheel(tmp_path, files)),
        digest_of(lacking),
        digest_of(empty),
        digest_of({**good, "a.py": None}),
        digest_of({**good, "a.py": Digest.of(files["a.py"], "sha512")}),
        digest_of({**good, "a.py": Digest.of(b"other", "sha512")}),
        digest_of({**good, "a.py": Digest.of(b"other")}),
        digest_of({**good, "c.py": Digest.of(b"")}),
    ]
    assert len({*digests}) == len(digests)
    assert digest_of(good) == digests[0]  # which need not list itself


def test_a_record_that_is_odd_has_the_same_digest_under_a_version(tmp_path: Path) -> None:
    def digest_of(version: str) -> str:
        start = f"demo_pkg-{version}.dist-info/"
        files = {f"{start}{path.partition('/')[2]}": text for path, text in STANDARD.items()}
        metadata = files[f"{start}METADATA"].replace(b"1.0", version.encode())
        files |= {f"{start}METADATA": metadata}
        rows = [(path, Digest.of(text, "sha512"), None) for path, text in files.items()]
        wheel = tmp_path / f"demo_pkg-{version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, content in {**files, f"{start}RECORD": format_record(rows)}.items():
                archive.writestr(path, content)
        return content_digest(wheel, "3.0")

    assert digest_of("1.0") == digest_of("2.0")


def test_the_place_of_headers_is_in_the_digest(tmp_path: Path, site: Path) -> None:
    """It has the name as the wheel spells it."""
    digests = set()
    for number, name in enumerate(("demo_pkg", "Demo.Pkg")):
        start = f"{name}-1.0"
        files = {f"{start}.{path.partition('.0.')[2]}": text for path, text in STANDARD.items()}
        files |= {f"{start}.data/headers/demo.h": b"header"}
        rows = [(path, Digest.of(text), None) for path, text in files.items()]
        wheel = tmp_path / NAME
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, content in files.items():
                archive.writestr(path, content)
            archive.writestr(f"{start}.dist-info/RECORD", format_record(rows))
        digests.add(content_digest(wheel))
        unpack_wheel(wheel, site / str(number))
        assert (site / str(number) / f"include/{name}/demo.h").is_file()
    assert len(digests) == 2


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, {"a.py": b""})
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("a.py", b"other")
    with pytest.raises(DistributionError, match=r"it has a\.py twice"):
        content_digest(wheel)


@pytest.mark.parametrize("group", ["console_scripts", "gui_scripts"])
@pytest.mark.parametrize(
    "reference", ["demo", "demo:", ":main", "demo-pkg:main", "demo:class", "demo.if:x", "a b:c"]
)
def test_an_entry_point_that_no_script_could_import_is_refused(
    tmp_path: Path, group: str, reference: str
) -> None:
    text = f"[{group}]\ntool = {reference}\n"
    assert refused(tmp_path, {f"{DIST_INFO}/entry_points.txt": text.encode()}) == (
        f"its entry point 'tool' in {group} is {reference!r}, which is not of the form "
        "'module:attribute'. Correct it in pyproject.toml."
    )


@pytest.mark.parametrize("name", ["../tool", "/tool", "..\\tool", "a/tool", "a\x1bb", ".."])
def test_an_entry_point_that_names_no_file_is_refused(tmp_path: Path, name: str) -> None:
    text = f"[console_scripts]\n{name} = demo:main\n"
    assert refused(tmp_path, {f"{DIST_INFO}/entry_points.txt": text.encode()}) == (
        f"its entry point {name!r} in console_scripts is not the name of a file, which a script "
        "has to have. Correct it in pyproject.toml."
    )


def test_a_member_without_a_name_is_refused(tmp_path: Path, site: Path) -> None:
    wheel = make_wheel(tmp_path, {})
    with zipfile.ZipFile(wheel) as archive:
        members = [Raw(name.encode(), archive.read(name)) for name in archive.namelist()]
    wheel.write_bytes(raw_zip(Raw(b"", b"x = 1\n"), *members))
    assert error_of(wheel, site) == f"one of its files has no name, {WHOSE}"


def test_a_name_that_no_file_system_holds_is_refused(tmp_path: Path, site: Path) -> None:
    assert error_of(make_wheel(tmp_path, {f"{'n' * 300}.py": b""}), site) == (
        f"the name of {'n' * 100}… is longer than file systems, and Lambda's, can hold. Shorten it."
    )


def test_a_tag_that_is_none_is_refused(tmp_path: Path) -> None:
    content = STANDARD[f"{DIST_INFO}/WHEEL"] + b"Tag: one\n"
    message = refused(tmp_path, {f"{DIST_INFO}/WHEEL": content})
    assert message.startswith("its WHEEL has a tag that is none: ")


def test_a_name_that_was_misread_is_no_mistake_of_the_back_end(
    tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = make_wheel(tmp_path, {"gr\u00f6\x9fe.txt": b""})
    problem = "files were read as ISO-8859-9"
    monkeypatch.setattr("hatch_lambda_zip.install.wheel.name_encoding_problem", lambda: problem)
    with pytest.raises(ContentsError, match=f"demo-pkg ships .*: {problem}"):
        content_digest(wheel)
    with pytest.raises(ContentsError, match=f"demo-pkg ships .*: {problem}"):
        unpack_wheel(wheel, site)


def test_a_tag_that_stands_for_billions_is_not_read(tmp_path: Path) -> None:
    tag = "-".join(3 * [".".join(map(str, range(1000)))])
    content = STANDARD[f"{DIST_INFO}/WHEEL"] + f"Tag: {tag}\n".encode()
    message = refused(tmp_path, {f"{DIST_INFO}/WHEEL": content})
    assert message.startswith("its WHEEL has a tag that is none: 0.1.2.")
    assert "… has 11,669 characters. " in message
    wheel_file = tmp_path / "demo-1.0.dist-info/WHEEL"
    wheel_file.parent.mkdir()
    wheel_file.write_bytes(content)
    with pytest.raises(DistributionError, match="has 11,669 characters"):
        read_built(wheel_file)


@pytest.mark.parametrize("content", [b"tool = demo:main\n", b"[console_scripts]\ntool\n", b"\xff"])
def test_entry_points_that_installers_can_not_read_are_refused(
    tmp_path: Path, content: bytes
) -> None:
    message = "its entry_points.txt can't be read as an INI file in UTF-8."
    assert refused(tmp_path, {f"{DIST_INFO}/entry_points.txt": content}) == message


def test_other_entry_points_need_no_attribute(tmp_path: Path) -> None:
    text = "# none\n[console_scripts]\nb = démo.x : y.z [extra]\n[plugins]\na = demo\nc = \n"
    assert content_digest(make_wheel(tmp_path, {f"{DIST_INFO}/entry_points.txt": text.encode()}))


def test_a_large_file_is_read_in_pieces(tmp_path: Path, site: Path) -> None:
    size = 100_000_000
    wheel = make_wheel(tmp_path, {"zeros.bin": bytes(size)})

    def read() -> None:
        content_digest(wheel)
        unpack_wheel(wheel, site)

    assert peak(read) < size / 10
    assert (site / "zeros.bin").stat().st_size == size


def test_a_bomb_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel_module, "_MOST_BYTES", 1000)
    message = "it has 1,100 bytes unzipped, and Lambda takes much less. Leave data out of it."
    assert refused(tmp_path, {"data.bin": bytes(1000)}) == message


def test_metadata_that_can_be_none_is_not_read(tmp_path: Path) -> None:
    changes = {f"{DIST_INFO}/METADATA": bytes((64 << 20) + 1)}
    message = f"{DIST_INFO}/METADATA has 67,108,865 bytes, which no metadata has."
    assert refused(tmp_path, changes) == message


@pytest.mark.parametrize(
    "path", ["../outside.py", "/outside.py", "a/../../outside.py", "a\\b.py", "C:/a.py"]
)
def test_unsafe_paths_are_refused(tmp_path: Path, site: Path, path: str) -> None:
    wheel = make_wheel(tmp_path, {path: b"evil"})
    assert f"{path!r} is not a plain relative path" in error_of(wheel, site)
    assert files_in(site) == {}
    assert not (tmp_path / "outside.py").exists()


@pytest.mark.parametrize("path", ["unknown/a.py", "a.py", "purelib", "Scripts/tool"])
def test_an_unknown_scheme_is_refused(tmp_path: Path, site: Path, path: str) -> None:
    wheel = make_wheel(tmp_path, {f"{DATA}/{path}": b""})
    assert error_of(wheel, site) == f"'{DATA}/{path}' is in no known part of {DATA}."


@pytest.mark.parametrize(
    "record", [b"\xff\xfe", b"only,two\n", b"a.py,md5=abc,1\n", b'"open,,\n'], ids=repr
)
def test_a_malformed_record_is_refused(tmp_path: Path, site: Path, record: bytes) -> None:
    assert error_of(make_wheel(tmp_path, {}, record), site)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_zip_is_refused(tmp_path: Path, site: Path, content: bytes) -> None:
    wheel = tmp_path / NAME
    wheel.write_bytes(content)
    assert error_of(wheel, site)


def test_a_member_with_a_wrong_checksum_is_refused(tmp_path: Path, site: Path) -> None:
    wheel = make_wheel(tmp_path, {})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, zipfile.ZipFile(wheel) as original:
        for name in original.namelist():
            archive.writestr(name, original.read(name))  # stored, so that a byte can be changed
    wheel.write_bytes(buffer.getvalue().replace(b"Generator: x", b"Generator: y", 1))
    assert "CRC" in error_of(wheel, site)


def test_a_member_whose_stream_is_broken_is_refused(tmp_path: Path, site: Path) -> None:
    wheel = make_wheel(tmp_path, {"a.py": b"x = 1\n" * 100})
    with zipfile.ZipFile(wheel) as archive:
        start = archive.getinfo("a.py").header_offset + 30 + len("a.py")
    data = bytearray(wheel.read_bytes())
    data[start] = 0b111  # the last block, of the block type that does not exist
    wheel.write_bytes(data)
    assert error_of(wheel, site)


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": b"1", f"{DATA}/purelib/a.py": b"2"},
        {f"{DATA}/platlib/a.py": b"1", f"{DATA}/purelib/a.py": b"2"},
        {"a": b"1", "a/b.py": b"2"},
        {"a": b"1", f"{DATA}/purelib/a/b.py": b"2"},
    ],
    ids=" and ".join,
)
def test_two_files_of_a_wheel_for_one_place_are_refused(
    tmp_path: Path, site: Path, files: dict[str, bytes]
) -> None:
    message = error_of(make_wheel(tmp_path, files), site)
    assert message in {f"two of its files want to be {place}." for place in ("a.py", "a/b.py")}


def test_a_name_is_read() -> None:
    from pathlib import Path

    name = parse_name(Path("anywhere/Demo.Pkg-1.0.dev1-py2.py3-none-any.whl"))
    assert (name.distribution, name.version) == ("demo-pkg", "1.0.dev1")
    assert {str(tag) for tag in name.tags} == {"py2-none-any", "py3-none-any"}
    assert not name.is_compiled
    assert parse_name(Path("demo-1-cp313-cp313-linux_x86_64.whl")).is_compiled
    assert parse_name(Path("demo-1-py3-none-any.linux_x86_64.whl")).is_compiled


@pytest.mark.parametrize("name", ["demo-1.0.zip", "demo-1.0.whl", "demo-1.0-py3-none-any.zip"])
def test_a_file_that_is_not_named_as_a_wheel_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DistributionError, match=r"demo-1\.0"):
        parse_name(tmp_path / name)


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        ("cp313-cp313-linux_x86_64", True),
        ("cp313-cp313-manylinux_2_28_x86_64", True),
        ("cp39-abi3-linux_x86_64", True),
        ("cp312-cp312-linux_x86_64", False),
        ("cp313-cp313-linux_aarch64", False),
        ("cp313-cp313-macosx_14_0_arm64", False),
        ("cp313-cp313-musllinux_1_2_x86_64", False),
        ("py2-none-any", False),
    ],
)
def test_tags_are_checked(tmp_path: Path, tag: str, fits: bool) -> None:  # noqa: FBT001
    name = parse_name(tmp_path / f"demo_pkg-1.0-{tag}.whl")
    wheel_file = tmp_path / DIST_INFO / "WHEEL"
    wheel_file.parent.mkdir()
    wheel_file.write_text(f"Wheel-Version: 1.0\nTag: {tag}\n", encoding="utf-8")
    here = platform("python3.13")
    if fits:
        check_tags(name, here)
        check_tags(read_built(wheel_file), here)
        return
    shown = ", ".join(sorted(map(str, name.tags)))
    kind = "a platform wheel" if name.is_compiled else "a wheel"
    with pytest.raises(DistributionError) as caught:
        check_tags(name, here)
    assert str(caught.value).startswith(
        f"demo-pkg 1.0 was built on this machine as {kind} ({shown}), which does not "
        "fit python3.13 on x86_64."
    )
    with pytest.raises(DistributionError) as caught:
        check_tags(read_built(wheel_file), here)
    assert str(caught.value).startswith(
        f"demo-pkg 1.0 was built on this machine as {kind} ({shown}), which does not "
        "fit python3.13 on x86_64."
    )


def test_one_fitting_tag_of_several_is_enough(tmp_path: Path) -> None:
    wheel_file = tmp_path / "WHEEL"
    lines = "Tag: cp313-cp313-win_amd64\nTag: cp313-cp313-manylinux_2_17_x86_64.linux_x86_64\n"
    wheel_file.write_text(lines, encoding="utf-8")
    check_tags(read_built(wheel_file), platform("python3.13"))
    with pytest.raises(DistributionError):
        check_tags(read_built(wheel_file), platform("python3.13", "arm64"))


def test_a_platform_independent_wheel_that_does_not_fit_is_not_called_compiled(
    tmp_path: Path,
) -> None:
    name = parse_name(tmp_path / "demo_pkg-1.0-py314-none-any.whl")
    assert not name.is_compiled
    with pytest.raises(DistributionError) as caught:
        check_tags(name, platform("python3.13"))
    assert "platform wheel" not in str(caught.value)


def test_a_wheel_where_others_may_change_it_is_copied(tmp_path: Path) -> None:
    """What is hashed is then what ships, whatever becomes of it in between."""
    private = tmp_path / "private"
    private.mkdir()
    wheel = make_wheel(tmp_path, {"demo.py": b"one"})
    lock = LockFile(LockKind.EMBEDDED, tmp_path / "pylock.toml", "pylock.toml", (wheel,))
    selection = Selection(lock, (), ())
    uv = Uv(Path("nowhere"), {}, 1, print)
    with Installer(uv, private) as installer:
        (built,) = installer.build_wheels(selection, platform("python3.13"), None)
        make_wheel(tmp_path, {"demo.py": b"two"})
        again = installer.build_wheels(selection, platform("python3.13"), None)
        (installed,) = installer.install(selection, platform("python3.13"), [built])
    assert again == (built,)
    assert next(entry for entry in installed.entries if entry.name == "demo.py").read() == b"one"


@pytest.mark.parametrize("content", [b"Tag: py3-none\n", b"Tag: a-b-c-d-e\n", b"Tag: \n", b"\xff"])
def test_a_wheel_file_that_uv_built_and_is_malformed_is_an_error(
    tmp_path: Path, content: bytes
) -> None:
    wheel_file = tmp_path / "demo-1.0.dist-info/WHEEL"
    wheel_file.parent.mkdir()
    wheel_file.write_bytes(content)
    with pytest.raises(DistributionError, match=r"^WHEEL of demo 1\.0 is malformed: "):
        read_built(wheel_file)


def test_a_letter_that_a_locale_takes_for_a_control_character(
    tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "demo_pkg/größe.txt".encode().decode("iso8859-9")
    wheel = make_wheel(tmp_path, {name: b""})
    assert "not a plain relative path" in error_of(wheel, site)
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-9")
    with pytest.raises(ContentsError, match=r"^demo-pkg ships .*takes the names .* PYTHONUTF8=1"):
        unpack_wheel(wheel, site)
