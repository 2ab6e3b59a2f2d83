from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.config.keys import HATCHLING_KEYS, TARGET_KEY
from hatch_lambda_zip.config.load import Config, parse_config
from hatch_lambda_zip.config.model import DEFAULT_FUNCTION, Artifact, Kind
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.values import Several
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.runtimes import RUNTIMES, Platform, find_runtime
from hatch_lambda_zip.text import not_one_of

# A day on which the newest runtimes are supported and the oldest are not.
TODAY = date(2026, 1, 1)
KNOWN_RUNTIMES = ", ".join(runtime.identifier for runtime in RUNTIMES)


def parse(**table: object) -> Config:
    keys = {key.replace("_", "-"): value for key, value in table.items()}
    return parse_config({"runtime": "python3.13", **keys}, today=TODAY)


def problems_of(table: dict[str, object]) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse_config(table, today=TODAY)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def problem_of(**table: object) -> str:
    (problem,) = problems_of({"runtime": "python3.13", **table})
    return problem


def test_the_smallest_table_gives_the_defaults() -> None:
    runtime = find_runtime("python3.13")
    assert runtime is not None
    artifact = Artifact(
        name="lambda",
        table="lambda",
        key=TARGET_KEY,
        kind=Kind.FUNCTION,
        platform=Platform(runtime, "x86_64"),
        options=Options(
            runtimes=Several(("python3.13",), listed=False), python_release=(runtime.release,)
        ),
    )
    assert parse() == Config(artifacts=(artifact,), warnings=())


def test_every_key_is_read() -> None:
    config = parse(runtime="python3.12", architecture="arm64", handler="a.b.c", lock="uv.lock")
    (function,) = config.artifacts
    assert function.platform.runtime.identifier == "python3.12"
    assert function.platform.architecture == "arm64"
    assert function.handler == "a.b.c"
    assert function.options.lock == "uv.lock"


@pytest.mark.parametrize("runtime", [row.identifier for row in RUNTIMES])
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_every_runtime_and_architecture_is_accepted(runtime: str, architecture: str) -> None:
    (function,) = parse(runtime=runtime, architecture=architecture).artifacts
    assert str(function.platform) == f"{runtime} on {architecture}"


def test_the_runtime_is_required() -> None:
    assert problems_of({}) == (
        (
            "tool.hatch.build.targets.lambda-zip.runtime: is required; "
            'for example: runtime = "python3.14"'
        ),
    )


def test_a_misspelt_runtime_is_corrected() -> None:
    assert problem_of(runtime="pyhton3.13") == (
        "tool.hatch.build.targets.lambda-zip.runtime: 'pyhton3.13' is not one of "
        f"{KNOWN_RUNTIMES}. Did you mean 'python3.13'?"
    )


@pytest.mark.parametrize("runtime", ["nodejs22.x", "python3", "cpython", "3.99.1", "Python"])
def test_what_is_no_python_runtime_is_refused(runtime: str) -> None:
    problem = problem_of(runtime=runtime)
    assert problem.startswith(f"{TARGET_KEY}.runtime: {runtime!r} is not one of {KNOWN_RUNTIMES}")


@pytest.mark.parametrize(
    ("runtime", "meant"),
    [
        *(("3.13", "python3.13"), ("Python3.13 ", "python3.13"), ("python-3.12", "python3.12")),
        *(("py311", "python3.11"), ("3.12.4", "python3.12"), ("python3.13.1", "python3.13")),
        *((3.13, "python3.13"), (3.1, "python3.10")),  # as TOML reads 3.10
    ],
)
def test_a_version_of_python_leads_to_its_runtime(runtime: object, meant: str) -> None:
    problem = problem_of(runtime=runtime)
    assert problem.startswith(
        f'{TARGET_KEY}.runtime: {str(runtime)!r} is not how AWS names a runtime; write "{meant}"'
    )


@pytest.mark.parametrize("runtime", ["python2.7", "python3.6", "python3.7"])
def test_a_runtime_that_is_too_old_is_called_so(runtime: str) -> None:
    assert problem_of(runtime=runtime) == (
        f"{TARGET_KEY}.runtime: {runtime!r} is older than what can be built for; choose one of "
        f"{KNOWN_RUNTIMES}"
    )


@pytest.mark.parametrize(
    ("architecture", "meant"),
    [
        *((word, "x86_64") for word in ("amd64", "x64", "x86-64", "X86_64", "AMD64", "x86")),
        *((word, "arm64") for word in ("aarch64", "ARM64", "arm", "arm64v8")),
    ],
)
def test_other_names_of_an_architecture_lead_to_aws_s(architecture: str, meant: str) -> None:
    assert problem_of(architecture=architecture) == (
        f"{TARGET_KEY}.architecture: {architecture!r} is not how AWS names an architecture; "
        f'write "{meant}"'
    )


@pytest.mark.parametrize(
    ("key", "values"), [("runtime", ["python3.13"]), ("architecture", ["arm64"])]
)
def test_a_list_where_one_value_is_meant(key: str, values: list[str]) -> None:
    assert problem_of(**{key: values}) == (
        f"{TARGET_KEY}.{key}: takes one value; for a zip for each of several, the key is {key}s"
    )


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("python_version", 'Did you mean `runtime = "python3.14"`?'),
        ("pythonVersion", 'Did you mean `runtime = "python3.14"`?'),
        ("arch", "Did you mean 'architecture'?"),
        ("platform", "Did you mean 'architecture'?"),
        ("entrypoint", "Did you mean 'handler'?"),
        ("check_imports", "Did you mean 'check-imports'?"),
        ("noDeploy", "Did you mean 'exclude-distributions'?"),
        ("memory", "It is set where the function is deployed, and not in its zip."),
        ("requirements", "What ships is what pyproject.toml requires, in the versions of the lock"),
        ("path", "`include` and `exclude` choose among the files of the package's wheel"),
    ],
)
@pytest.mark.parametrize("where", ["", "functions.a."])
def test_words_of_other_tools_lead_to_ours(where: str, key: str, hint: str) -> None:
    table = {key: "x"}
    problem = problem_of(**({"functions": {"a": table}} if where else table))
    assert problem.startswith(f"{TARGET_KEY}.{where}{key}: unknown key. {hint}")


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("sources", "`include` and `exclude` choose among the files of the package's wheel"),
        ("packages", "`include` and `exclude` choose among the files of the package's wheel"),
        ("dependencies", "What ships is what pyproject.toml requires, in the versions of the lock"),
        ("zip-version", "It holds for the whole project: put it into the first table."),
        ("directory", "It holds for the whole project: put it into the first table."),
        ("outdir", "Did you mean 'directory', in the first table?"),
    ],
)
def test_what_a_functions_table_can_not_have_leads_somewhere(key: str, hint: str) -> None:
    problem = problem_of(functions={"a": {key: "x"}})
    assert problem.startswith(f"{TARGET_KEY}.functions.a.{key}: unknown key. {hint}")


@pytest.mark.parametrize("architecture", ["riscv64", "ppc64le", "amr64"])
def test_an_unknown_architecture_is_refused(architecture: str) -> None:
    problem = problem_of(architecture=architecture)
    assert problem.startswith(
        "tool.hatch.build.targets.lambda-zip.architecture: "
        f"{architecture!r} is not one of x86_64, arm64"
    )


def test_a_misspelt_architecture_is_corrected() -> None:
    assert problem_of(architecture="arm46") == (
        "tool.hatch.build.targets.lambda-zip.architecture: 'arm46' is not one of x86_64, arm64. "
        "Did you mean 'arm64'?"
    )


@pytest.mark.parametrize("key", ["runtime", "architecture", "handler", "lock"])
@pytest.mark.parametrize("value", ["", 3, True, [], {}, None])
def test_every_value_must_be_a_non_empty_string(key: str, value: object) -> None:
    assert problem_of(**{key: value}) == (
        f"tool.hatch.build.targets.lambda-zip.{key}: must be a non-empty string, not {value!r}"
    )


def test_a_misspelt_key_is_corrected() -> None:
    assert problem_of(handlr="app.main") == (
        "tool.hatch.build.targets.lambda-zip.handlr: unknown key. Did you mean 'handler'?"
    )


def test_a_misspelt_key_of_hatchling_is_corrected() -> None:
    assert problem_of(**{"only-pakages": True}) == (
        "tool.hatch.build.targets.lambda-zip.only-pakages: unknown key. "
        "Did you mean 'only-packages'?"
    )


def test_an_unknown_key_names_all_known_ones() -> None:
    problem = problem_of(zzz=1)
    start, _, known = problem.partition("Known: ")
    assert start == "tool.hatch.build.targets.lambda-zip.zzz: unknown key. "
    assert known.split(", ") == sorted(known.split(", "))
    assert {"runtime", "architecture", "handler", "lock", "functions"} <= {*known.split(", ")}
    # hatchling's are its own, and the several of a kind are found where the one is.
    assert {*HATCHLING_KEYS, "runtimes", "architectures"}.isdisjoint(known.split(", "))


@pytest.mark.parametrize("kind", ["functions", "layers"])
def test_an_unknown_key_names_those_of_its_table(kind: str) -> None:
    problem = problem_of(**{kind: {"a": {"zzz": 1}}})
    known = set(problem.partition("Known: ")[2].split(", "))
    assert ("handler" in known) is (kind == "functions")
    assert ("distributions" in known) is (kind == "layers")
    assert "zip-version" not in known


@pytest.mark.parametrize("key", sorted({*HATCHLING_KEYS} - {"artifacts"}))
def test_the_keys_of_hatchling_are_not_ours_to_check(key: str) -> None:
    assert parse(**{key: object()}).warnings == ()


@pytest.mark.parametrize(
    "handler", ["app.handler", "package.module.function", "a/b/c.d", "a/b.c.d", "_a._b", "a1.b2"]
)
def test_handlers(handler: str) -> None:
    (function,) = parse(handler=handler).artifacts
    assert function.handler == handler


@pytest.mark.parametrize(
    "handler",
    [
        "handler",
        "app:handler",
        "app.",
        ".handler",
        "a..b",
        "a/b",
        "a.b/c",
        "a//b.c",
        "/a.b",
        "1a.b",
        "a.1b",
        "a b.c",
        "a.b ",
        "a.b\n",
        "my-app.handler",
        "app.handler()",
    ],
)
def test_what_is_no_handler_is_refused(handler: str) -> None:
    said, _, meant = problem_of(handler=handler).partition("; write ")
    assert said == (
        f"tool.hatch.build.targets.lambda-zip.handler: {handler!r} is not of the form "
        "'package.module.function', which Lambda needs"
    )
    suggestions = {"app:handler": '"app.handler"', "a/b": '"a.b"', "a.b/c": '"a.b.c"'}
    assert meant == suggestions.get(handler, "")


@pytest.mark.parametrize(
    "lock",
    [
        "uv.lock",
        "../../uv.lock",
        "pylock.toml",
        "locks/pylock.toml",
        "pylock.lambda.toml",
        "requirements.txt",
        "../requirements/lambda.txt",
    ],
)
def test_locks(lock: str) -> None:
    (function,) = parse(lock=lock).artifacts
    assert function.options.lock == lock


@pytest.mark.parametrize(
    "lock",
    ["/srv/uv.lock", "//server/uv.lock", "C:\\uv.lock", "c:/uv.lock", "\\uv.lock", "C:uv.lock"],
)
def test_an_absolute_lock_is_refused(lock: str) -> None:
    assert problem_of(lock=lock) == (
        f"tool.hatch.build.targets.lambda-zip.lock: {lock!r} is an absolute path, which other "
        "machines don't have; write it relative to pyproject.toml"
    )


@pytest.mark.parametrize(
    "lock",
    [
        "..",
        "locks/..",
        "..\\uv.lock",
        "..\\pylock.toml",
    ],
)
def test_a_lock_that_is_no_path_of_a_file_is_refused(lock: str) -> None:
    assert problem_of(lock=lock) == (
        f"tool.hatch.build.targets.lambda-zip.lock: {lock!r} is no path of a file, with `/` "
        "between its parts"
    )


def test_all_mistakes_are_reported_at_once_after_those_of_hatchling() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(
            {
                "handlr": "x",
                "runtime": "python3.1",
                "architecture": "mips",
                "handler": "main",
                "lock": "..",
                "zzz": 1,
            },
            today=TODAY,
            problems=[f"{TARGET_KEY}.include: must be an array"],
        )
    keys = [
        problem.partition(": ")[0].removeprefix(f"{TARGET_KEY}.")
        for problem in caught.value.problems
    ]
    assert keys[0] == "include"
    assert sorted(keys[1:]) == ["architecture", "handler", "handlr", "lock", "runtime", "zzz"]


def test_a_problem_found_elsewhere_is_enough_to_refuse() -> None:
    with pytest.raises(ConfigError, match=r"^elsewhere$"):
        parse_config({"runtime": "python3.13"}, today=TODAY, problems=["elsewhere"])


def test_an_unknown_newer_runtime_is_taken_with_a_warning() -> None:
    config = parse(runtime="python3.15")
    (function,) = config.artifacts
    assert function.platform.runtime.python_version == "3.15"
    assert function.platform.runtime.glibc_minor == RUNTIMES[-1].glibc_minor
    (warning,) = config.warnings
    assert warning == (
        "tool.hatch.build.targets.lambda-zip.runtime: 'python3.15' is newer than this version of "
        "hatch-lambda-zip, which knows 'python3.14' as the newest and assumes the same operating "
        "system; look for an update of hatch-lambda-zip"
    )


def test_a_deprecated_runtime_is_taken_with_a_warning() -> None:
    (warning,) = parse(runtime="python3.9").warnings
    assert warning == (
        "tool.hatch.build.targets.lambda-zip.runtime: AWS deprecated 'python3.9' on 2025-12-15; "
        "it gets no more security updates"
    )


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.identifier)
def test_a_runtime_is_deprecated_from_its_day_on(runtime: object) -> None:
    row = next(row for row in RUNTIMES if row is runtime)
    assert row.deprecated is not None
    for days, warned in ((-1, False), (0, True), (1, True)):
        today = row.deprecated + timedelta(days=days)
        config = parse_config({"runtime": row.identifier}, today=today)
        assert bool(config.warnings) is warned


def test_a_function_is_found_by_its_name() -> None:
    config = parse()
    assert config.artifact(DEFAULT_FUNCTION) is config.artifacts[0]
    with pytest.raises(KeyError, match="api"):
        config.artifact("api")


def test_unknown_functions_are_named_one_by_one() -> None:
    assert parse().named(["lambda"]) == ["lambda"]
    with pytest.raises(ConfigError) as caught:
        parse().named(["lamda", "lambda", "zzz"])
    assert caught.value.problems == (
        (
            "tool.hatch.build.targets.lambda-zip: the function 'lamda' is not one of lambda. "
            "Did you mean 'lambda'?"
        ),
        "tool.hatch.build.targets.lambda-zip: the function 'zzz' is not one of lambda",
    )


def test_not_one_of_takes_any_iterable() -> None:
    assert (
        not_one_of("on", iter(["one", "two"])) == "'on' is not one of one, two. Did you mean 'one'?"
    )


@given(
    st.dictionaries(
        st.text(max_size=8), st.none() | st.booleans() | st.text(max_size=8), max_size=5
    )
)
def test_any_table_is_parsed_or_refused_with_full_keys(table: dict[str, object]) -> None:
    try:
        config = parse_config(table, today=TODAY)
    except ConfigError as error:
        problems = error.problems
    else:
        assert config.artifacts
        return
    assert problems
    assert all(problem.startswith(f"{TARGET_KEY}.") for problem in problems)
