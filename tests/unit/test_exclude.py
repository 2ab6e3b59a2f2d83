from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from hatch_lambda_zip.config.model import Exclusions
from hatch_lambda_zip.contents.exclude import exclude
from hatch_lambda_zip.contents.requirements_graph import RequirementsGraph
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import Installed, LeftOutDistribution, Reason
from hatch_lambda_zip.runtimes import PROVIDED_SETS
from tests.support.installed import made, platform_of

AWS = {
    "boto3": ["botocore", "jmespath", "s3transfer"],
    "botocore": ["jmespath", "python-dateutil", "urllib3"],
    "s3transfer": ["botocore"],
    "jmespath": [],
    "python-dateutil": ["six"],
    "six": [],
    "urllib3": [],
}


def run(
    edges: dict[str, list[str]], exclusions: Exclusions
) -> tuple[set[str], tuple[LeftOutDistribution, ...]]:
    """Leave out of what the package `orders` requires, which is all that has edges' keys."""
    installed = [made("orders", requires=edges["orders"])] if "orders" in edges else []
    installed += [
        made(name, requires=requires) for name, requires in edges.items() if name != "orders"
    ]
    roots = map(Requirement, edges.get("orders", ()))
    graph = RequirementsGraph(installed, roots, platform_of())
    kept, absent = exclude(installed, exclusions, graph, key="here", own="orders")
    assert all(isinstance(one, Installed) for one in kept)
    names = {one.name for one in kept}
    assert names.isdisjoint(one.name for one in absent)
    assert names | {one.name for one in absent} == {one.name for one in installed}
    return names, absent


def reasons_of(absent: tuple[LeftOutDistribution, ...]) -> dict[str, str]:
    return {one.name: one.reason.value for one in absent}


def test_nothing_is_left_out_by_default() -> None:
    assert run({"orders": ["boto3"], **AWS}, Exclusions()) == ({"orders", *AWS}, ())


def test_what_only_the_excluded_need_goes_with_it() -> None:
    edges = {"orders": ["boto3", "requests"], "requests": ["urllib3"], **AWS}
    kept, absent = run(edges, Exclusions(("boto3",), required=("boto3",)))
    assert kept == {"orders", "requests", "urllib3"}
    assert reasons_of(absent) == {
        "boto3": "excluded",
        **dict.fromkeys(
            ("botocore", "jmespath", "python-dateutil", "s3transfer", "six"), "unneeded"
        ),
    }
    assert all(one.layer is None for one in absent)


def test_what_stays_may_lack_what_is_excluded() -> None:
    kept, absent = run({"orders": ["boto3"], **AWS}, Exclusions(("six",)))
    assert kept == {"orders", *AWS} - {"six"}
    assert reasons_of(absent) == {"six": "excluded"}


def test_the_whole_family_is_provided_even_where_others_need_a_part() -> None:
    edges = {"orders": ["boto3", "powertools"], "powertools": ["jmespath", "typing"], **AWS}
    kept, absent = run({**edges, "typing": []}, Exclusions(provided=("aws-sdk",)))
    assert kept == {"orders", "powertools", "typing"}
    assert reasons_of(absent) == {
        **dict.fromkeys(PROVIDED_SETS["aws-sdk"], "provided"),
        **dict.fromkeys(("python-dateutil", "six", "urllib3"), "unneeded"),
    }


def test_a_name_in_both_is_excluded_by_its_name() -> None:
    _, absent = run({"orders": ["boto3"], **AWS}, Exclusions(("boto3",), provided=("aws-sdk",)))
    assert reasons_of(absent)["boto3"] == "excluded"
    assert reasons_of(absent)["botocore"] == "provided"


def test_what_is_provided_need_not_be_there() -> None:
    assert run({"orders": []}, Exclusions(provided=("aws-sdk",))) == ({"orders"}, ())


def test_names_of_the_own_table_have_to_be_there() -> None:
    edges = {"orders": ["boto3"], **AWS}
    with pytest.raises(ContentsError) as caught:
        run(edges, Exclusions(("boto", "six", "zzz"), required=("boto", "six", "zzz")))
    known = ", ".join(sorted(AWS))
    assert str(caught.value).splitlines() == [
        (
            "here.exclude-distributions: of what the lock selects here, 'boto' is not one of "
            f"{known}. Did you mean 'boto3'?"
        ),
        (f"here.exclude-distributions: of what the lock selects here, 'zzz' is not one of {known}"),
    ]


def test_names_of_the_defaults_need_not_be_there() -> None:
    kept, absent = run({"orders": ["a"], "a": []}, Exclusions(("boto3",)))
    assert (kept, absent) == ({"orders", "a"}, ())


@pytest.mark.parametrize("required", [(), ("orders",)])
def test_the_package_itself_can_not_be_left_out(required: tuple[str, ...]) -> None:
    with pytest.raises(ContentsError) as caught:
        run({"orders": []}, Exclusions(("orders",), required))
    assert str(caught.value) == (
        "here.exclude-distributions: 'orders' is the package itself; use `exclude` to leave files "
        "of it out"
    )


def test_the_package_stays_when_only_an_excluded_one_requires_it() -> None:
    kept, _ = run({"orders": ["plugin"], "plugin": ["orders"]}, Exclusions(("plugin",)))
    assert kept == {"orders"}


def test_the_order_is_kept() -> None:
    installed = [made(name) for name in ("b", "orders", "a", "c")]
    graph = RequirementsGraph(installed, (), platform_of())
    kept, _ = exclude(installed, Exclusions(("c",)), graph, key="here", own="orders")
    assert [one.name for one in kept] == ["b", "orders", "a"]


def test_every_reason_is_explained() -> None:
    assert len({reason.explanation for reason in Reason}) == len(Reason)
