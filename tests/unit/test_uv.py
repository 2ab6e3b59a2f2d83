from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hatch_lambda_zip.build.workspace import Workspace
from hatch_lambda_zip.errors import UvError, UvFailure, UvTimeoutError
from hatch_lambda_zip.uv import command as command_module
from hatch_lambda_zip.uv.command import (
    DEFAULT_TIMEOUT,
    NESTED_VARIABLE,
    TIMEOUT_VARIABLE,
    Uv,
    find_uv,
)
from tests.support.processes import comes_true, number_in, runs

# The environment of these tests, with the uv that is installed beside their Python in front.
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
UV = shutil.which("uv", path=PATH) or ""
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("UV")},
    "PATH": PATH,
    "UV_OFFLINE": "1",
}

pytestmark = pytest.mark.skipif(not UV, reason="uv is not installed")


def ignore(message: str) -> None:
    del message


def find(variables: Mapping[str, str] | None = None) -> Uv:
    return find_uv({**ENVIRONMENT, **(variables or {})}, log=ignore)


def executable(path: Path) -> Path:
    """Put the real uv somewhere else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(UV)
    return path


def test_uv_is_found_in_the_documented_order(tmp_path: Path) -> None:
    first = executable(tmp_path / "first" / "uv")
    second = executable(tmp_path / "second" / "uv")
    third = executable(tmp_path / "third" / "uv")
    places = {"UV": str(first), "HATCH_UV": str(second), "PATH": str(third.parent)}
    for expected, variable in ((first, "UV"), (second, "HATCH_UV"), (third, "PATH")):
        assert find_uv(places, log=ignore).executable == expected
        places[variable] = ""


def test_a_named_uv_that_can_not_run_is_an_error(tmp_path: Path) -> None:
    second = executable(tmp_path / "second" / "uv")
    broken = tmp_path / "broken"
    broken.write_bytes(b"")
    for useless in (broken, tmp_path / "missing", tmp_path):
        variables = {"UV": str(useless), "HATCH_UV": str(second)}
        with pytest.raises(UvError, match="there is no such program"):
            find(variables)


@pytest.mark.parametrize("variable", ["UV", "HATCH_UV", "PATH"])
@pytest.mark.parametrize(("program", "answer"), [("true", "true "), ("git", "git version ")])
def test_a_program_that_is_not_uv_is_an_error(
    tmp_path: Path, variable: str, program: str, answer: str
) -> None:
    other = tmp_path / "uv"
    other.symlink_to(shutil.which(program) or pytest.skip(f"{program} is not installed"))
    with pytest.raises(UvError) as caught:
        find({variable: str(tmp_path if variable == "PATH" else other)})
    assert f"is another program than uv: `{other} --version` answers {answer}" in str(caught.value)
    remedy = "Set UV to" if variable == "PATH" else f"Correct {variable}, or unset it"
    assert remedy in str(caught.value)


def test_the_uv_of_the_environment_that_is_given_counts(tmp_path: Path) -> None:
    mine = executable(tmp_path / "mine" / "uv")
    assert find({"PATH": str(mine.parent)}).executable == mine
    assert find({"PATH": PATH}).executable == Path(UV)


def test_the_uv_package_is_the_last_resort(tmp_path: Path) -> None:
    package = pytest.importorskip("uv")
    assert find({"PATH": str(tmp_path)}).executable == Path(package.find_uv_bin())


def test_a_missing_uv_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)  # as if the package were not installed
    with pytest.raises(UvError) as caught:
        find({"PATH": str(tmp_path)})
    message = str(caught.value)
    for place in ("$UV", "$HATCH_UV", "PATH", '"hatch-lambda-zip[uv]"'):
        assert place in message


def test_the_standard_output_is_returned_and_the_command_is_logged(tmp_path: Path) -> None:
    lines: list[str] = []
    uv = find_uv(ENVIRONMENT, log=lines.append)
    assert uv.run(["--version"], cwd=tmp_path).startswith("uv ")
    assert lines == [f"Running in {tmp_path}, {uv.executable}: uv --version"]


@pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="names there are Unicode")
def test_a_path_that_uv_can_not_be_told_is_named(tmp_path: Path) -> None:
    odd = os.fsdecode(b"temporary-\xff")
    with pytest.raises(UvError, match=r"not UTF-8, as 'temporary-\\udcff/site' is not.*TMPDIR"):
        find(ENVIRONMENT).run(["pip", "list", "--target", f"{odd}/site"], cwd=tmp_path)


# uv as the parent of a Python program, which is given last.
RUN = [
    *("run", "--no-project", "--no-python-downloads"),
    *("--python", sys.executable, "python", "-c"),
]


def test_a_command_runs_in_its_directory_and_with_its_variables(tmp_path: Path) -> None:
    uv = find({"KEPT": "1", "CHANGED": "1"})
    program = (
        "import os; print(os.getcwd(), [os.environ.get(n) for n in ('KEPT', 'CHANGED', 'ADDED')])"
    )
    shown = uv.run([*RUN, program], cwd=tmp_path, variables={"CHANGED": "2", "ADDED": "3"})
    assert shown == f"{tmp_path.resolve()} ['1', '2', '3']\n"
    assert uv.environment["CHANGED"] == "1"
    assert "ADDED" not in uv.environment


def test_a_failing_command_shows_its_stderr(tmp_path: Path) -> None:
    with pytest.raises(UvError) as caught:
        find().run(["pip", "install", "--no-such-option", "a b"], cwd=tmp_path)
    first, *details = str(caught.value).splitlines()
    version = find().run(["--version"], cwd=tmp_path).strip()
    assert first == f"`uv pip install --no-such-option 'a b'` failed ({version}):"
    assert "unexpected argument '--no-such-option'" in "\n".join(details)


WRAPPED = """\
  x No solution found when resolving dependencies:
  ├─▶ Because demo==1.0 has no
  │   usable wheels and other==2.0 has
  │   no wheels with a matching platform tag,
  ╰─▶ and demo==1.0 has no usable wheels, stop.
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
@pytest.mark.parametrize(
    ("stderr", "failure", "without_wheel"),
    [
        (WRAPPED, UvFailure.NO_WHEEL, (("demo", "1.0"), ("other", "2.0"))),
        ("error: uv.lock needs to be\n   updated, but", UvFailure.LOCK_OUTDATED, ()),
        ("error: demo is marked as `--no-binary` but", UvFailure.NO_BINARY, ()),
        ("error: no route to host", None, ()),
        ("", None, ()),
    ],
)
def test_some_reasons_are_told_apart(
    tmp_path: Path,
    stderr: str,
    failure: UvFailure | None,
    without_wheel: tuple[tuple[str, str], ...],
) -> None:
    program = tmp_path / "uv"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{stderr}\nEND\nexit 2\n", "utf-8")
    program.chmod(0o755)
    with pytest.raises(UvError) as caught:
        Uv(program, ENVIRONMENT, 30, ignore).run(["lock"], cwd=tmp_path)
    error = caught.value
    assert (error.failure, error.without_wheel) == (failure, without_wheel)
    assert error.said == (stderr.strip() or "(no message, exit code 2)")


REFUSED = """\
warning: The `--pylock` option is experimental and may change without warning. Pass `--x`.
error: Failed to download `six==1.17.0`
  cause: HTTP status client error (401 Unauthorized) for url (http://example.invalid/six.whl)"""
FULL = """\
Traceback (most recent call last):
  File "back_end.py", line 3, in build_wheel
OSError: [Errno 28] No space left on device: 'dist/lib.whl'
  hint: This usually indicates a problem with the package or the build environment."""


def failing(directory: Path, stderr: str, log: Callable[[str], None] = ignore) -> Uv:
    program = directory / "uv"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{stderr}\nEND\nexit 2\n", "utf-8")
    program.chmod(0o755)
    return Uv(program, ENVIRONMENT, 30, log)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_an_index_that_refuses_leads_to_the_variables_of_credentials(tmp_path: Path) -> None:
    with pytest.raises(UvError) as caught:
        failing(tmp_path, REFUSED).run(["pip", "install"], cwd=tmp_path)
    _, first, *_, last = str(caught.value).splitlines()
    assert first == "error: Failed to download `six==1.17.0`"
    assert last.startswith("The index refuses: 401 Unauthorized. uv takes credentials from UV_IND")
    for name in ("UV_INDEX_<NAME>_PASSWORD", "UV_DEFAULT_INDEX", "NETRC", "UV_KEYRING_PROVIDER"):
        assert name in last
    with pytest.raises(UvError) as other:
        failing(tmp_path, REFUSED.replace("401", "404")).run(["pip"], cwd=tmp_path)
    assert "refuses" not in str(other.value)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_full_disk_is_said_first_and_the_rest_where_it_is_asked_for(tmp_path: Path) -> None:
    lines: list[str] = []
    with pytest.raises(UvError) as caught:
        failing(tmp_path, FULL, lines.append).run(["build", "."], cwd=tmp_path)
    message = str(caught.value)
    assert message.startswith(
        "there is no space left: OSError: [Errno 28] No space left on device: 'dist/lib.whl'. Free "
    )
    assert "TMPDIR and UV_CACHE_DIR" in message
    assert "Traceback" not in message
    assert any(line.startswith("Traceback") for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
@pytest.mark.parametrize(
    "said",
    [
        "OS can't spawn worker thread: Resource temporarily unavailable (os error 11)",
        'Tokio executor failed: Os { code: 11, kind: WouldBlock, message: "Resource" }',
        "RuntimeError: can't start new thread",
        "BlockingIOError: [Errno 11] Resource temporarily unavailable",
    ],
)
def test_what_uv_could_not_start_is_said_first(tmp_path: Path, said: str) -> None:
    """It panics over it, or a back end does, in a container with a limit of processes."""
    panic = f"thread 'main' panicked at a.rs:1:2:\n{said}\nstack backtrace:\nnote: Some details"
    lines: list[str] = []
    with pytest.raises(UvError) as caught:
        failing(tmp_path, panic, lines.append).run(["pip", "install"], cwd=tmp_path)
    message = str(caught.value)
    assert message.startswith(f"no more threads or processes could be started: {said}. Raise the ")
    assert "panicked" not in message
    assert any("panicked" in line for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_of_many_words_some_are_shown_and_the_rest_where_it_is_asked_for(
    tmp_path: Path,
) -> None:
    lines: list[str] = []
    noise = "first\n" + "warning\n" * 10_000 + "error: sorry"
    with pytest.raises(UvError) as caught:
        failing(tmp_path, noise, lines.append).run(["build", "."], cwd=tmp_path)
    assert len(str(caught.value)) < 21_000
    assert str(caught.value).endswith("warning\nerror: sorry")
    assert caught.value.said.startswith("first\nwarning\n")
    assert "\n(-v shows what stands here)\n" in str(caught.value)
    assert any(line.strip() == noise for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_paths_of_the_build_itself_are_not_shown(tmp_path: Path) -> None:
    with Workspace() as workspace:
        place = workspace.directory
        uv = failing(tmp_path, f"error: no {place}/a.txt")
        with pytest.raises(UvError) as caught:
            uv.run(["pip", "-r", f"{place}/install-0/a.txt"], cwd=tmp_path)
    assert str(caught.value).startswith("`uv pip -r install-0/a.txt` failed (")
    assert str(caught.value).endswith("error: no a.txt")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EMFILE, "Raise the limit of open files (`ulimit -n`) and build again."),
        (errno.ENOSPC, f"Free space for temporary files ({tempfile.gettempdir()}), or set TMPDIR"),
        (errno.ENOMEM, "Raise the limits of processes and memory of this machine"),
        (errno.EACCES, "Set UV to the path of a working uv executable."),
    ],
)
def test_what_a_uv_that_can_not_be_started_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    def start(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(UvError) as caught:
        Uv(tmp_path / "uv", ENVIRONMENT, 30, ignore).run(["lock"], cwd=tmp_path)
    assert f"{os.strerror(number)}. {remedy}" in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_uv_that_is_too_old_says_so(tmp_path: Path) -> None:
    program = tmp_path / "uv"
    program.write_text("#!/bin/sh\necho uv 0.10.1\necho sorry >&2\nexit 2\n", "utf-8")
    program.chmod(0o755)
    with pytest.raises(UvError) as caught:
        Uv(program, ENVIRONMENT, 30, ignore).run(["lock"], cwd=tmp_path)
    assert caught.value.said == "sorry\nIt is too old: uv 0.10.2 is needed."


def test_a_command_that_fails_in_silence_shows_its_exit_code(tmp_path: Path) -> None:
    command = ["run", "--no-project", "--python", sys.executable, "python", "-c", "exit(3)"]
    with pytest.raises(UvError, match=r"\(no message, exit code 3\)$"):
        find().run(["--quiet", *command], cwd=tmp_path)


SECRET = "s3cret"  # noqa: S105 - of nobody


def test_credentials_never_appear(tmp_path: Path) -> None:
    lines: list[str] = []
    uv = find_uv(ENVIRONMENT, log=lines.append)
    url = f"https://somebody:{SECRET}@example.invalid/simple"
    (tmp_path / "requirements.txt").write_text(f"demo @ {url}/demo.whl\n", encoding="utf-8")
    command = ["pip", "compile", "--index-url", url, "requirements.txt"]
    with pytest.raises(UvError) as caught:
        uv.run(command, cwd=tmp_path)
    assert len(str(caught.value).splitlines()) > 1
    for text in (str(caught.value), *lines):
        assert SECRET not in text
        assert "somebody" not in text
        assert "https://***@example.invalid/simple" in text


def test_credentials_do_not_appear_in_what_uv_says(tmp_path: Path) -> None:
    url = f"https://somebody:{SECRET}@example.invalid/simple"
    with pytest.raises(UvError) as caught:
        find().run([url], cwd=tmp_path)  # uv blots out most of them, but not in a subcommand
    assert SECRET not in str(caught.value)
    assert "unrecognized subcommand 'https://***@example.invalid/simple'" in str(caught.value)


def test_credentials_do_not_appear_when_a_command_takes_too_long(tmp_path: Path) -> None:
    uv = find({TIMEOUT_VARIABLE: "0.000001"})
    url = f"https://somebody:{SECRET}@example.invalid/simple"
    with pytest.raises(UvTimeoutError) as caught:
        uv.run(["pip", "compile", "--index-url", url, "-"], cwd=tmp_path)
    assert SECRET not in str(caught.value)


def test_a_command_that_takes_too_long_is_stopped_and_named(tmp_path: Path) -> None:
    uv = find({TIMEOUT_VARIABLE: "0.000001"})
    with pytest.raises(UvTimeoutError) as caught:
        uv.run(["pip", "compile", "a b.txt"], cwd=tmp_path)
    assert str(caught.value) == (
        "`uv pip compile 'a b.txt'` did not end within 1e-06 seconds and was stopped. "
        f"Run it in {tmp_path} to see what it waits for, "
        "or set HATCH_LAMBDA_ZIP_TIMEOUT to more seconds."
    )
    assert not uv._running


def test_a_command_that_takes_long_is_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_module, "_SLOW", 0.0)
    told: list[str] = []
    uv = find_uv(ENVIRONMENT, log=ignore, tell=told.append)
    uv.run([*RUN, "import time; time.sleep(0.5)  # https://me:s3cret@host"], cwd=tmp_path)
    (line,) = told
    assert line.startswith("still waiting for `uv run ")
    assert "s3cret" not in line


def test_the_time_limit_holds_where_nobody_can_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_module, "_SLOW", 0.0)
    told: list[str] = []

    def fail(line: str) -> None:
        told.append(line)
        raise BrokenPipeError

    uv = find_uv({**ENVIRONMENT, TIMEOUT_VARIABLE: "2"}, log=ignore, tell=fail)
    with pytest.raises(UvTimeoutError):
        uv.run([*RUN, "import time; time.sleep(60)"], cwd=tmp_path)
    assert told


def test_a_directory_that_is_gone_later_is_not_named() -> None:
    with Workspace() as workspace:
        uv = find({TIMEOUT_VARIABLE: "0.000001"})
        with pytest.raises(UvTimeoutError, match=r"stopped\. Run it to see what it waits for, or"):
            uv.run(["pip", "compile", workspace.directory / "in.txt"], cwd=workspace.directory)


WAITING = [
    *RUN,
    (
        "import pathlib, time; pathlib.Path('started').touch(); time.sleep(0.7); "
        "pathlib.Path('survived').touch()"
    ),
]


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
def test_a_stopped_command_takes_its_children_with_it(tmp_path: Path) -> None:
    uv = find()
    failures: list[UvError] = []

    def run() -> None:
        try:
            uv.run(WAITING, cwd=tmp_path)
        except UvError as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(tmp_path / "started")
    uv.stop()
    thread.join()
    (failure,) = failures
    assert not isinstance(failure, UvTimeoutError)
    time.sleep(1)  # more than the child would have needed
    assert not (tmp_path / "survived").exists()
    assert not uv._running


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
def test_a_timeout_reaches_the_children_too(tmp_path: Path) -> None:
    uv = find()
    uv.run(["--version"], cwd=tmp_path)
    impatient = Uv(uv.executable, uv.environment, 0.4, ignore)
    with pytest.raises(UvTimeoutError):
        impatient.run(WAITING, cwd=tmp_path)
    time.sleep(1)
    assert not (tmp_path / "survived").exists()


def test_after_a_stop_nothing_is_started_any_more(tmp_path: Path) -> None:
    uv = find()
    uv.stop()
    with pytest.raises(UvError):
        uv.run(WAITING, cwd=tmp_path)
    with pytest.raises(UvError, match="over"):
        uv.pause(60)
    assert not (tmp_path / "survived").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="other sessions are reached on Linux")
def test_a_wrapper_of_uv_in_another_session_is_stopped_too(tmp_path: Path) -> None:
    wrapper = tmp_path / "uv"
    code = f"touch {tmp_path}/started; echo $$ > {tmp_path}/pid; exec sleep 60"
    start = f"subprocess.run(['sh', '-c', {code!r}], start_new_session=True)"
    wrapper.write_text(f"#!{sys.executable}\nimport subprocess\n{start}\n", "utf-8")
    wrapper.chmod(0o755)
    with pytest.raises(UvTimeoutError):
        Uv(wrapper, ENVIRONMENT, 1, ignore).run(["lock"], cwd=tmp_path)
    assert comes_true(lambda: not runs(number_in(tmp_path / "pid")))


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_long_word_of_uv_takes_no_longer_than_many_short_ones(tmp_path: Path) -> None:
    program = tmp_path / "uv"
    words = ("'x' * 500_000", "'a==b' * 100_000", "'=' * 500_000", "'built wheel ' * 80_000")
    said = "print(" + ", ".join(words) + ", file=sys.stderr)"
    program.write_text(f"#!{sys.executable}\nimport sys\n{said}\nsys.exit(2)\n", "utf-8")
    program.chmod(0o755)
    with pytest.raises(UvError) as caught:
        Uv(program, ENVIRONMENT, 60, ignore).run(["lock"], cwd=tmp_path)
    assert caught.value.said.startswith("xxx")


def test_relative_directories_for_temporary_files_are_not_meant_in_source_trees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    uv = find({"TMPDIR": ".", "TEMP": "deeper/tmp", "TMP": "/absolute"})
    assert uv.environment["TMPDIR"] == uv.environment["TEMP"] == str(tmp_path)
    assert uv.environment["TMP"] == "/absolute"
    assert find({"TMPDIR": ""}).environment["TMPDIR"] == str(tmp_path)
    assert "TMPDIR" not in find_uv({"PATH": PATH}, log=ignore).environment


def test_paths_are_meant_where_the_command_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed, project = tmp_path / "typed", tmp_path / "project"
    for directory in (typed, project):
        directory.mkdir()
    monkeypatch.chdir(project)
    environment = find(
        {
            "PWD": str(typed),
            "UV_FIND_LINKS": "wheels,https://a.invalid/x,/more",
            "UV_BUILD_CONSTRAINT": "a.txt b.txt",
            "SSL_CERT_FILE": "own.pem",
            "PYTHONPYCACHEPREFIX": "cache",
        }
    ).environment
    assert environment["UV_FIND_LINKS"] == f"{typed / 'wheels'},https://a.invalid/x,/more"
    assert environment["UV_BUILD_CONSTRAINT"] == f"{typed / 'a.txt'} {typed / 'b.txt'}"
    assert environment["SSL_CERT_FILE"] == str(typed / "own.pem")
    assert environment["PYTHONPYCACHEPREFIX"] == str(typed / "cache")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_secret_is_not_cut_in_two(tmp_path: Path) -> None:
    """What was cut would not be known again when the message is shown."""
    environ = {**ENVIRONMENT, "A_TOKEN": "s3cretive-1"}
    said = " ".join(["x" * 1_993, *["s3cretive-1"] * 3_000])
    uv = failing(tmp_path, said)
    with pytest.raises(UvError) as caught:
        replace(uv, environment=environ).run(["lock"], cwd=tmp_path)
    assert "s3cre" not in str(caught.value)
    url = f"https://user:{'s3cretive' * 20}@host.invalid"
    (tmp_path / "uv").write_text(f"#!/bin/sh\necho {url}\n", "utf-8")
    with pytest.raises(UvError) as caught:
        find({"UV": str(tmp_path / "uv")})
    assert "answers https://***@host.invalid. Correct UV" in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_password_in_a_file_of_the_project_that_is_built_is_not_said(tmp_path: Path) -> None:
    """That of a member, which the command is not typed in."""
    url = 'url = "https://user:s3cre/tive@host.invalid"\n'
    (tmp_path / "pyproject.toml").write_text(url, encoding="utf-8")
    with pytest.raises(UvError) as caught:
        failing(tmp_path, "invalid port number: s3cre/tive").run(["build"], cwd=tmp_path)
    assert "invalid port number: ***" in str(caught.value)


def test_the_timeout() -> None:
    assert find().timeout == DEFAULT_TIMEOUT == 900
    assert find({TIMEOUT_VARIABLE: "12.5"}).timeout == 12.5
    assert find({TIMEOUT_VARIABLE: " 3 "}).timeout == 3


@pytest.mark.parametrize("value", ["", "0", "-1", "-0.0", "ten", "inf", "-inf", "nan", "1s", "1,5"])
def test_a_timeout_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(UvError) as caught:
        find({TIMEOUT_VARIABLE: value})
    assert str(caught.value) == (
        f"HATCH_LAMBDA_ZIP_TIMEOUT={value}: not a number of seconds above 0"
    )


@pytest.mark.parametrize("value", ["9999999", "1e12", "1e300"])
def test_a_timeout_may_be_as_good_as_none(tmp_path: Path, value: str) -> None:
    uv = find({TIMEOUT_VARIABLE: value})
    assert uv.run(["--version"], cwd=tmp_path).startswith("uv ")


@pytest.mark.parametrize("content", [b"", b"no program"])
def test_a_program_that_can_not_be_started_is_an_error(tmp_path: Path, content: bytes) -> None:
    program = tmp_path / "uv"
    program.write_bytes(content)
    program.chmod(0o755)
    for path in (program, tmp_path / "missing"):
        with pytest.raises(UvError, match=r"could not be started: .*Set UV to the path"):
            Uv(path, ENVIRONMENT, 10, ignore).run(["--version"], cwd=tmp_path)


DROPPED = {
    "UV_NO_BINARY": "1",
    "UV_NO_BUILD": "1",
    "UV_CONSTRAINT": "constraints.txt",
    "UV_OVERRIDE": "overrides.txt",
    "UV_FROZEN": "1",
    "UV_LOCKED": "1",
    "UV_NO_VERIFY_HASHES": "1",
    "UV_COMPILE_BYTECODE": "1",
    "UV_PYTHON": "3.9",
    "UV_PROJECT": "elsewhere",
    "UV_WORKING_DIR": "elsewhere",
    "UV_NO_SOURCES": "1",
    "UV_NO_SOURCES_PACKAGE": "demo",
    "UV_NO_EDITABLE": "1",
    "UV_SYSTEM_PYTHON": "1",
    "UV_TORCH_BACKEND": "cpu",
}
KEPT = {
    "UV_INDEX_URL": "https://example.invalid/simple",
    "UV_INDEX_PRIVATE_PASSWORD": SECRET,
    "UV_DEFAULT_INDEX": "https://example.invalid/simple",
    "UV_OFFLINE": "1",
    "UV_CACHE_DIR": "/cache",
    "UV_KEYRING_PROVIDER": "subprocess",
    "UV_CONFIG_FILE": "/uv.toml",
    "HTTPS_PROXY": "http://proxy.invalid",
    "SSL_CERT_FILE": "/certificates.pem",
    "HATCH_BUILD_NO_HOOKS": "true",
}


def test_settings_that_would_change_the_result_are_dropped() -> None:
    environ = {**ENVIRONMENT, **DROPPED, **KEPT}
    uv = find_uv(environ, log=ignore)
    assert uv.environment.keys() & DROPPED.keys() == set()
    assert KEPT.items() <= uv.environment.items()
    assert uv.environment == {
        **{name: value for name, value in environ.items() if name not in DROPPED},
        NESTED_VARIABLE: "1",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }


def test_uv_does_not_see_what_is_dropped(tmp_path: Path) -> None:
    variables = {"UV_WORKING_DIR": "elsewhere", "UV_PROJECT": "elsewhere"}
    seen = subprocess.run(
        [UV, "python", "dir"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "UV_WORKING_DIR": "elsewhere"},
        check=False,
        capture_output=True,
    )
    assert seen.returncode != 0, "uv does not heed the variable that this test relies on"
    assert find(variables).run(["python", "dir"], cwd=tmp_path)
