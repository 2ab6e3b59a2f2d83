from __future__ import annotations

import zipfile
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install.dist_info import DistInfo, canonical_dist_info
from hatch_lambda_zip.install.requirement import canonical_marker, canonical_requirement
from hatch_lambda_zip.install.wheel import content_digest
from hatch_lambda_zip.record import Digest, format_record

HEAD = "Metadata-Version: 2.1\nName: Demo_Pkg\nVersion: 1.0\n"


def canonical(metadata: str = HEAD, **files: str) -> dict[str, str]:
    """Return the canonical form of a dist-info directory; keys may have / as __."""
    found = {"METADATA": metadata, **{k.replace("__", "/"): v for k, v in files.items()}}
    directory = DistInfo(
        "Demo_Pkg-1.0.dist-info", {path: text.encode() for path, text in found.items()}
    )
    dist_info = canonical_dist_info(directory)
    assert canonical_dist_info(dist_info) == dist_info, "the canonical form of one is itself"
    return {path: content.decode() for path, content in dist_info.files.items()}


def test_metadata_as_three_releases_write_it() -> None:
    old = (
        "Metadata-Version: 2.1\nName: Demo-Pkg\nVersion: 1.0\nHome-page: https://example.com\n"
        'Author-Email: "Doe, J." <doe@example.com>\nPlatform: UNKNOWN\nKeywords: zeta,alpha\n'
        "Classifier: B\nClassifier: A\nRequires-Python: >=3.10, <4\nLicense: MIT\n        \n"
        "Requires-Dist: Idna (>=3,<4)\nProvides-Extra: Dev_Tools\n"
        "Requires-Dist: attrs ; (python_version > '3.8' and os_name=='nt') and extra == "
        "'Dev_Tools'\nDescription: all\n        of it\n"
    )
    new = (
        "Metadata-Version: 2.5\nName: demo_pkg\nVersion: 1.0\n"
        "Project-URL: Homepage, https://example.com\nDynamic: license-file\n"
        "Author-email: Doe, J. <doe@example.com>\nKeywords: alpha,zeta\nImport-Name: demo_pkg\n"
        "Classifier: A\nClassifier: B\nRequires-Python: <4,>=3.10\nLicense: MIT\n"
        "Provides-Extra: dev-tools\nDescription-Content-Type: text/markdown\n"
        'Requires-Dist: attrs; extra == "dev-tools" and python_version > "3.8" and os_name == '
        '"nt"\nRequires-Dist: idna<4,>=3\n\n# A heading\n'
    )
    assert canonical(old)["METADATA"] == canonical(new)["METADATA"]
    assert canonical(new)["METADATA"] == (
        "Metadata-Version: 2.4\nName: demo-pkg\nVersion: 1.0\nKeywords: alpha,zeta\n"
        "Author-email: Doe, J. <doe@example.com>\nLicense: MIT\nClassifier: A\nClassifier: B\n"
        "Project-URL: Homepage, https://example.com\nRequires-Python: <4,>=3.10\n"
        'Requires-Dist: attrs; extra == "dev-tools" and os_name == "nt" and python_version > '
        '"3.8"\nRequires-Dist: idna<4,>=3\nProvides-Extra: dev-tools\n'
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Requires-Dist", "demo @ http://user:password@host.invalid/demo.whl"),
        ("Requires-Dist", 'demo[x] @ git+https://token@host.invalid/demo@v1 ; extra == "a"'),
        ("Requires-Dist", "demo @ https://user:pass/word@host.invalid/demo.whl"),
        ("Requires-Dist", "demo @ https://host.invalid/demo.whl?token=x"),
        ("Requires-Dist", "demo @ https://host.invalid/demo.whl#token=x"),
        ("Project-URL", "Source, https://user:password@host.invalid/demo"),
        ("Home-page", "https://ghp_0123456789abcdef@host.invalid/demo"),
        ("Summary", "from https://user:password@host.invalid/demo"),
        ("Project-URL", "Source, https://user:pass word@host.invalid/a"),
        ("Project-URL", "Source, oauth2:password@host.invalid/a.git"),
    ],
)
def test_credentials_are_refused(field: str, value: str) -> None:
    with pytest.raises(DistributionError) as caught:
        canonical(f"{HEAD}{field}: {value}\n")
    shown = "Project-URL" if field == "Home-page" else field
    assert "METADATA of demo-pkg has a URL with credentials" in str(caught.value)
    assert f" as {shown}, which a zip must not spread" in str(caught.value)
    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Requires-Dist", "demo @ git+ssh://git@host.invalid/demo@v1"),
        ("Requires-Dist", "demo @ git+https://host/demo@v1#subdirectory=a"),
        ("Requires-Dist", f"demo @ https://host.invalid/demo.whl#sha256={'0a' * 32}"),
        ("Project-URL", "Source, https://host.invalid/demo?branch=main#readme"),
        ("Project-URL", "Source, git@host.invalid:a/b"),
        ("Project-URL", "Source, https://contoso@dev.azure.com/contoso/p/_git/r"),
        ("Project-URL", "Contact, mailto:doe@host.invalid"),
        ("Author-email", "Doe <doe@host.invalid>"),
    ],
)
def test_other_urls_stay(field: str, value: str) -> None:
    assert f"{field}: {value}\n" in canonical(f"{HEAD}{field}: {value}\n")["METADATA"]


@pytest.mark.parametrize(
    ("written", "canonical_value"),
    [
        ("=?utf-8?b?Wm/DqyBNLg==?= <z@example.com>, Doe", "Zoë M. <z@example.com>, Doe"),
        ("=?UTF-8?Q?Zo=C3=AB_M=2E?= <z@example.com>", "Zoë M. <z@example.com>"),
        ("=?utf-8?q?Zo=C3=AB=0AName=3A_x?=", "Zoë Name: x"),
        ("=?utf-8?q?=FF?= <z@example.com>", "=?utf-8?q?=FF?= <z@example.com>"),
        ("=?utf-8?b?Wm/DqyBNLg=?=", "=?utf-8?b?Wm/DqyBNLg=?="),
    ],
    ids=["base64", "quoted", "lines", "no-utf-8", "no-base64"],
)
def test_names_of_people_are_decoded(written: str, canonical_value: str) -> None:
    # As email.utils.formataddr writes them, which pdm-backend 2.4 uses.
    made = canonical(f"{HEAD}Author-email: {written}\n")["METADATA"]
    assert made == canonical(HEAD)["METADATA"] + f"Author-email: {canonical_value}\n"


def test_what_code_reads_stays(tmp_path: Path) -> None:
    metadata = (
        f"{HEAD}Summary: A demo\nAuthor: Zoë\nProject-URL: Issues, https://example.com/i?a=1,2\n"
        "Classifier: A\nRequires-Python: >=3.10\nRequires-Dist: idna\n\nlong\n"
    )
    points = "[console_scripts]\nb=demo:main\na = demo : main [x, y]\n\n[g]\n"
    for path, text in canonical(metadata, **{"entry_points.txt": points}).items():
        (tmp_path / "demo_pkg-1.0.dist-info").mkdir(exist_ok=True)
        (tmp_path / "demo_pkg-1.0.dist-info" / path).write_text(text, encoding="utf-8")
    found: Distribution = PathDistribution(tmp_path / "demo_pkg-1.0.dist-info")
    assert (found.metadata["Name"], found.version) == ("demo-pkg", "1.0")
    assert (found.metadata["Summary"], found.metadata["Author"]) == ("A demo", "Zoë")
    assert found.metadata["Project-URL"] == "Issues, https://example.com/i?a=1,2"
    assert found.requires == ["idna"]
    assert [(point.name, point.value) for point in found.entry_points] == [
        ("a", "demo:main [x,y]"),
        ("b", "demo:main"),
    ]


def test_an_entry_point_that_is_none_stays() -> None:
    points = "[g]\na = demo:main [x;y]\nb = demo : main [x , y]\n"
    made = canonical(HEAD, **{"entry_points.txt": points})
    assert made["entry_points.txt"] == "[g]\na = demo:main [x;y]\nb = demo:main [x,y]\n"


def test_a_path_of_this_machine_is_in_no_requirement() -> None:
    text = f"{HEAD}Requires-Dist: lib[x] @ file:///home/me/lib\n"
    assert canonical(text)["METADATA"].endswith("Requires-Dist: lib[x]\n")


def test_licence_files_go_where_they_belong() -> None:
    old = f"{HEAD}License-File: LICENSE\nLicense-File: legal/MIT.txt\n"
    files = {"LICENSE": "1", "MIT.txt": "2", "other.json": "3"}
    new = {"licenses__LICENSE": "1", "licenses__legal__MIT.txt": "2", "other.json": "3"}
    made = canonical(old, **files)
    assert made == canonical(HEAD, **new)
    assert made.keys() == {"METADATA", "other.json", "licenses/LICENSE", "licenses/legal/MIT.txt"}
    assert "License-File: LICENSE\nLicense-File: legal/MIT.txt\n" in made["METADATA"]
    # Some write a file to both places.
    both = {"LICENSE": "1", "licenses__LICENSE": "2"}
    made = canonical(old, **both)
    assert (made["LICENSE"], made["licenses/LICENSE"]) == ("1", "2")
    assert canonical(f"{old}License-File: LICENSE\n", **both) == made
    # Before License-File there were only names.
    assert "licenses/COPYING.txt" in canonical(HEAD, **{"COPYING.txt": ""})
    assert "licenses/legal/MIT.txt" in canonical(HEAD, **{"license_files__legal__MIT.txt": ""})


def test_what_has_the_time_of_the_build_does_not_ship() -> None:
    assert canonical(HEAD, **{"sboms__demo.cyclonedx.json": "{}"}) == canonical(HEAD)


def test_what_says_the_same_in_json_does_not_ship() -> None:
    files = {"METADATA.json": '{"description": "other"}', "WHEEL.json": '{"generator": "uv 9"}'}
    assert canonical(HEAD, **files) == canonical(HEAD)


@pytest.mark.parametrize("name", ["pbr.json", "scm_version.json", "scm_file_list.json"])
def test_what_names_the_commit_does_not_ship(name: str) -> None:
    assert canonical(HEAD, **{name: '{"git_version": "0c58e72"}'}) == canonical(HEAD)


def test_wheel_and_names_in_one_spelling() -> None:
    old = (
        "Wheel-Version: 1.0\nGenerator: bdist_wheel (0.40.0)\nRoot-Is-Purelib: true\n"
        "Tag: py2.py3-none-any\n\n"
    )
    new = "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    new += "Tag: py2-none-any"
    made = canonical(WHEEL=old, **{"top_level.txt": "b\n\na\n", "entry_points.txt": "\n"})
    assert made["WHEEL"] == canonical(WHEEL=new)["WHEEL"]
    assert made["WHEEL"] == (
        "Wheel-Version: 1.0\nGenerator: hatch-lambda-zip\nRoot-Is-Purelib: true\n"
        "Tag: py2-none-any\nTag: py3-none-any\n"
    )
    assert made["top_level.txt"] == "a\nb\n"
    assert "entry_points.txt" not in made
    directory = DistInfo("Demo.Pkg-1.0.dist-info", {})
    assert canonical_dist_info(directory).name == "demo_pkg-1.0.dist-info"


@pytest.mark.parametrize("points", ["[a]\nb = c\n  d\n", "no = group\n", "[a]\nb : c\n"])
def test_entry_points_that_are_not_read_alike_stay(points: str) -> None:
    assert canonical(**{"entry_points.txt": points})["entry_points.txt"] == points


def test_classifiers_that_follow_from_the_release_of_poetry() -> None:
    text = f"{HEAD}Classifier: License :: OSI Approved :: MIT License\nClassifier: Topic\n"
    text += "Classifier: Programming Language :: Python :: 3.15\n"
    made = canonical(text, WHEEL="Generator: poetry-core 2.5.0\n")["METADATA"]
    assert made.endswith("Version: 1.0\nClassifier: Topic\n")
    assert "3.15" in canonical(text, WHEEL="Generator: hatchling 1.33.0\n")["METADATA"]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (f"{HEAD}Summary: one\nand two\n", "has the line 'and two', which is no field"),
        (f"{HEAD}Requires-Dist: a b c\n", "has a Requires-Dist that is none"),
        (f"{HEAD}Requires-Python: three\n", "has a Requires-Python that is none"),
        ("Name: other\nVersion: 1.0\n", "is about other 1.0"),
        ("Name: demo-pkg\nVersion: 2.0\n", "is about demo-pkg 2.0"),
        ("", "is about nothing"),
    ],
)
def test_malformed_metadata(metadata: str, message: str) -> None:
    with pytest.raises(DistributionError, match=message):
        canonical(metadata)


def test_a_readme_and_a_release_are_not_in_the_digest(tmp_path: Path) -> None:
    def digest(metadata: str, generator: str, code: str = "") -> str:
        path = tmp_path / "demo_pkg-1.0-py3-none-any.whl"
        files = {
            "demo_pkg-1.0.dist-info/METADATA": metadata,
            "demo_pkg-1.0.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: {generator}\n",
            "demo_pkg.py": code,
        }
        rows = [(name, Digest.of(text.encode()), None) for name, text in files.items()]
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
            archive.writestr("demo_pkg-1.0.dist-info/RECORD", format_record(rows))
        return content_digest(path)

    first = digest(f"{HEAD}\n# One\n", "hatchling 1.27.0")
    assert first == digest(f"{HEAD}\n# Two\n", "hatchling 1.33.0")
    assert first != digest(f"{HEAD}Requires-Dist: idna\n", "hatchling 1.33.0")
    assert first != digest(HEAD, "hatchling 1.33.0", code="1")


ATOMS = st.sampled_from(
    [
        *("python_version < '3.11'", 'sys_platform == "win32"', "'a' in os_name"),
        *("os_name not  in 'b'", "extra == 'X_y'", "python_full_version >= '3.12.1'"),
    ]
)
MARKERS = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("{} {} {}".format, ATOMS, st.sampled_from(["and", "or"]), inner)
    ),
    max_leaves=8,
)


@given(MARKERS)
def test_markers_keep_their_meaning(text: str) -> None:
    made = canonical_marker(text)
    assert canonical_marker(made) == made
    for version in ("3.10.0", "3.12.1"):
        for system in ("win32", "linux"):
            for extra in ("x-y", ""):
                environment = {
                    "python_version": version.rpartition(".")[0],
                    "python_full_version": version,
                    "sys_platform": system,
                    "os_name": "a" if extra else "b",
                    "extra": extra,
                }
                before, after = Marker(text), Marker(made)
                assert before.evaluate(environment) == after.evaluate(environment)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A_b.c [Z, y_x] >=1 , <2", "a-b-c[y-x,z]<2,>=1"),
        ("a@https://a.org/a.whl ; os_name=='x'", 'a @ https://a.org/a.whl ; os_name == "x"'),
        ("a; 'it''s' == os_name", None),
        ("a; os_name == 'say \"x\"'", "a; os_name == 'say \"x\"'"),
        ("a===1.0", "a===1.0"),
    ],
)
def test_requirements(text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match=r"'s'"):
            Requirement(text)
        return
    assert canonical_requirement(text) == expected
    assert Requirement(expected)
