"""`exclude-files`: which files of distributions do not ship, whichever they are of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatch_lambda_zip.config.model import Artifact
from hatch_lambda_zip.config.option import Kind
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.contents.decide import Contents, decide_function, decide_layer
from hatch_lambda_zip.contents.exclude_files import exclude_files
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import Installed
from hatch_lambda_zip.lock.model import Origin
from hatch_lambda_zip.record import parse_record
from tests.support.installed import files_of, made, platform_of

PROJECT = Project("orders", "1.0", "orders-1.0", ("aws", "google"))
FUNCTION = Artifact("api", "api", "here.functions.api", Kind.FUNCTION, platform_of())
LAYER = Artifact("deps", "deps", "here.layers.deps", Kind.LAYER, platform_of())
ORDERS = made(
    "orders", {"orders/app.py": "import aws\ndef handler(event, context): ..."}, origin=Origin.LOCAL
)
AWS = made(
    "aws",
    {
        "aws/__init__.py": "",
        "aws/data/dynamodb/api.json": "{}",
        "aws/data/ec2/api.json": "{}",
        "aws/data/endpoints.json": "{}",
        "aws-1.0.dist-info/LICENSE": "",
        "aws-1.0.dist-info/licenses/a/NOTICE": "",
        "aws-1.0.dist-info/top_level.txt": "aws",
    },
    requires=["google"],
)
GOOGLE = made("google", {"google/cloud.py": "", "testing/__init__.py": "google"})


def function(*patterns: str, **options: object) -> Contents:
    return function_of(ORDERS, AWS, GOOGLE, exclude_files=patterns, **options)


def function_of(*installed: Installed, **options: object) -> Contents:
    artifact = replace(FUNCTION, options=Options(**options))
    return decide_function(artifact, PROJECT, installed, (), {})


def warnings_of(contents: Contents) -> list[str]:
    return [line for line in contents.warnings if "pattern" in line]


def kept(*patterns: str) -> list[str]:
    (aws,) = exclude_files([AWS], patterns)
    return files_of(aws)


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["aws/data/*/", "!aws/data/dynamodb/"], {"dynamodb/api.json", "endpoints.json"}),
        # As in git, nothing comes back from a directory that is left out.
        (["aws/data/", "!aws/data/dynamodb/"], set()),
        (["aws/data/**", "!aws/data/dynamodb/**"], set()),
        (["*.json", "!endpoints.json"], {"endpoints.json"}),
        (["data"], set()),
        (["/data"], {"dynamodb/api.json", "ec2/api.json", "endpoints.json"}),
        (["api.json/"], {"dynamodb/api.json", "ec2/api.json", "endpoints.json"}),
        (["AWS/"], {"dynamodb/api.json", "ec2/api.json", "endpoints.json"}),
    ],
)
def test_patterns_mean_what_they_mean_to_git(patterns: list[str], left: set[str]) -> None:
    assert {name for name in kept(*patterns) if "/data/" in name} == {
        f"aws/data/{name}" for name in left
    }


def test_the_records_follow_and_the_manifest_knows() -> None:
    contents = function("aws/data/*/", "!aws/data/dynamodb/")
    names = [entry.name for entry in contents.entries]
    assert "aws/data/ec2/api.json" not in names
    (record,) = (entry for entry in contents.entries if entry.name == "aws-1.0.dist-info/RECORD")
    listed = {row.path for row in parse_record(record.read().decode(), "RECORD")}
    assert listed == {name for name in names if name.startswith("aws")}
    (left,) = contents.left_out
    assert (left.path, left.distribution) == ("aws/data/ec2/api.json", "aws")
    assert (left.reason.value, left.reason.explanation) == (
        "excluded-file",
        "`exclude-files` leaves it out.",
    )
    assert warnings_of(contents) == []


def test_of_the_dist_info_only_licences_can_be_left_out() -> None:
    contents = function("*.dist-info/", "*")
    assert {entry.name for entry in contents.entries if entry.distribution == "aws"} == {
        f"aws-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "top_level.txt")
    }


def test_collisions_are_judged_afterwards() -> None:
    other = made("other", {"testing/__init__.py": "other"})
    with pytest.raises(ContentsError, match="both ship a file"):
        function_of(ORDERS, GOOGLE, other)
    contents = function_of(ORDERS, GOOGLE, other, exclude_files=("/testing/__init__.py",))
    assert {left.distribution for left in contents.left_out} == {"google", "other"}


def test_names_are_judged_afterwards() -> None:
    other = made("other", {"Google/x.txt": ""})
    with pytest.raises(ContentsError, match=r"leave it out by `exclude-files`"):
        function_of(ORDERS, GOOGLE, other)
    assert function_of(ORDERS, GOOGLE, other, exclude_files=("/Google/",)).left_out


def test_a_module_for_another_python_needs_no_reading() -> None:
    other = made("other", {"other/old.pyc": b"\x00" * 16})
    with pytest.raises(ContentsError, match=r'exclude-files = \["/other/old.pyc"\]'):
        function_of(ORDERS, other)
    assert function_of(ORDERS, other, exclude_files=("/other/old.pyc",)).left_out


def test_what_is_left_out_needs_no_warning() -> None:
    patched = made("patched", {"patched.py": "", "patched.pth": "import patched"})
    warning = "patched ships patched.pth: Lambda does not process .pth files"
    assert any(line.startswith(warning) for line in function_of(ORDERS, patched).warnings)
    contents = function_of(ORDERS, patched, exclude_files=("/patched.pth",))
    assert not any("pth" in line for line in contents.warnings)


def test_scripts_can_be_left_out() -> None:
    entry_points = "[console_scripts]\none = tool:run\ntwo = tool:run\n"
    tool = made(
        "tool",
        {"tool.py": "", "tool-1.0.dist-info/entry_points.txt": entry_points},
        scripts={"bin/three": b"#!/bin/sh\n"},
    )
    patterns = ("/bin/two", "/bin/three")
    contents = function_of(ORDERS, tool, exclude_files=patterns, scripts=True)
    scripts = [entry.name for entry in contents.entries if entry.name.startswith("bin/")]
    assert (scripts, warnings_of(contents)) == (["bin/one"], [])
    contents = function_of(ORDERS, tool, exclude_files=patterns)
    assert len(warnings_of(contents)) == 2


def test_a_pattern_without_a_match_is_a_warning() -> None:
    (warning,) = warnings_of(function("aws/data/ec2/", "botocore/"))
    assert warning.startswith("`exclude-files`: the pattern 'botocore/' matches no file of what ")


@pytest.mark.parametrize(
    "patterns",
    [
        ["aws/data/**", "!aws/data/dynamodb/**"],
        ["aws/data/*/", "!aws/data/dynamo/"],
        ["!aws/data/dynamodb/", "aws/data/*/"],
    ],
)
def test_a_pattern_that_takes_nothing_back_is_a_warning(patterns: list[str]) -> None:
    (warning,) = warnings_of(function(*patterns))
    negated = next(pattern for pattern in patterns if pattern.startswith("!"))
    assert warning.startswith(f"`exclude-files`: the pattern {negated!r} takes nothing back. ")


def test_a_layer_has_its_own() -> None:
    options = Options(exclude_files=("aws/data/ec2/",))
    layer = decide_layer(replace(LAYER, options=options), PROJECT, (AWS, GOOGLE), ())
    assert "python/aws/data/ec2/api.json" not in {entry.name for entry in layer.entries}
    assert [left.path for left in layer.left_out] == ["aws/data/ec2/api.json"]
    mine = replace(FUNCTION, options=Options(exclude_files=("aws/data/ec2/",), layers=("deps",)))
    contents = decide_function(mine, PROJECT, (ORDERS, AWS, GOOGLE), (), {"deps": layer})
    assert warnings_of(contents) == [
        (
            "`exclude-files`: the pattern 'aws/data/ec2/' is only about files that layers ship "
            "(deps), whose own tables decide"
        )
    ]
    inherited = replace(mine, options=Options({"exclude_files": ("aws/data/ec2/",)}))
    contents = decide_function(inherited, PROJECT, (ORDERS, AWS, GOOGLE), (), {"deps": layer})
    assert warnings_of(contents) == []


def test_an_import_of_what_is_left_out_says_why() -> None:
    with pytest.raises(ContentsError) as caught:
        function("/aws/", handler="orders.app.handler")
    assert "aws/__init__.py is left out: `exclude-files` leaves it out" in str(caught.value)


def test_exclude_says_when_exclude_files_was_meant() -> None:
    contents = function(exclude=("aws/data/ec2/", "nowhere"))
    assert warnings_of(contents) == [
        (
            "the pattern 'aws/data/ec2/' matches no file of orders; it matches files of aws, which "
            "`exclude-files` leaves out"
        ),
        "the pattern 'nowhere' matches no file of orders",
    ]
