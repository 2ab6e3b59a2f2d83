from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatch_lambda_zip.cli import watch
from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.plugin.cancel import Cancelled, cancellable, ending_all
from hatch_lambda_zip.process import MARK_VARIABLE, Watcher
from tests.support.processes import comes_true, number_in, runs

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    """Have signals do what they do in a new Python, whoever started the tests."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_cancels_once(number: signal.Signals) -> None:
    done = []

    def clear_up() -> None:
        signal.raise_signal(number)  # as when Ctrl-C is pressed again, or handed on
        done.append("cleared up")

    def build() -> None:
        with cancellable(), contextlib.ExitStack() as stack:
            stack.callback(clear_up)
            signal.raise_signal(number)

    with pytest.raises(Cancelled) as caught:
        build()
    assert done == ["cleared up"]
    assert caught.value.exit_code == 128 + number
    assert str(caught.value).startswith(f"cancelled by {number.name}. ")
    assert "\n" not in str(caught.value)


def test_a_signal_that_a_hook_passed_over_comes_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hatch_lambda_zip.plugin.cancel._ONCE", 0.05)

    def build() -> None:
        with cancellable():
            with contextlib.suppress(BaseException):
                signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)  # at once, as when it is handed on
            time.sleep(0.1)
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Cancelled):
        build()


def test_a_signal_that_comes_in_a_destructor_is_not_lost() -> None:
    class Thing:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    before = sys.unraisablehook

    def build() -> None:
        with cancellable():
            Thing()
            time.sleep(20)
            raise AssertionError

    with pytest.raises(Cancelled):
        build()
    assert sys.unraisablehook is before


def test_a_signal_in_the_midst_of_an_import_waits_until_that_is_over() -> None:
    """Else the lock of all imports stays taken, and threads that import wait for ever."""
    importing = compile(
        "signal.raise_signal(signal.SIGTERM); done.append('imported')",
        "<frozen importlib._bootstrap>",
        "exec",
    )
    done: list[str] = []

    def build() -> None:
        with cancellable():
            exec(importing, {"signal": signal, "done": done})  # noqa: S102 - in a frame like its own
            time.sleep(20)
            raise AssertionError

    with pytest.raises(Cancelled):
        build()
    assert done == ["imported"]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at as on Linux")
def test_what_waits_for_a_process_is_not_told_before_that_has_ended() -> None:
    """As the end of a pool does for its workers."""
    watcher = Watcher()
    codes: list[int] = []

    def build() -> None:
        with cancellable(), ending_all(watcher):
            worker = subprocess.Popen(["sleep", "60"], env={})
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                codes.append(worker.wait())

    with pytest.raises(Cancelled):
        build()
    watcher.close()
    assert codes == [-signal.SIGKILL]
    assert MARK_VARIABLE not in os.environ


def test_a_build_of_the_watch_is_cancelled_by_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*_: object) -> None:
        raise Cancelled(signal.SIGTERM)

    monkeypatch.setattr(watch, "_places", lambda *_: [])
    monkeypatch.setattr(watch, "_edits", lambda *_: iter([[]]))
    monkeypatch.setattr(watch, "_build", build)
    with pytest.raises(Cancelled) as caught:
        watch.watch_and_build([], [], [], Console())
    assert caught.value.exit_code == 128 + signal.SIGTERM


WITH_A_THREAD = """
import signal, threading, time
from hatchling.bridge.app import Application
from hatch_lambda_zip.plugin.app import aborting

threading.Thread(target=time.sleep, args=(300,)).start()
with aborting(Application()):
    signal.raise_signal(signal.SIGTERM)
"""


def test_threads_of_a_build_hook_do_not_hold_up_the_end() -> None:
    command = [sys.executable, "-c", WITH_A_THREAD]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 128 + signal.SIGTERM
    assert done.stderr.startswith("Error: cancelled by SIGTERM. ")


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs another thread's signal")
def test_a_signal_that_misses_the_wait_ends_it() -> None:
    """As one does that comes right before the wait begins."""
    over, given_up = threading.Event(), threading.Event()

    def miss() -> None:
        time.sleep(0.5)  # until the main thread waits
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)  # this thread's wait, not that
        if not over.wait(10):
            given_up.set()

    def build() -> None:
        with cancellable():
            threading.Thread(target=miss, daemon=True).start()
            given_up.wait()

    with pytest.raises(Cancelled):
        build()
    over.set()
    assert not given_up.is_set()


def test_handlers_are_put_back() -> None:
    wakeup = signal.set_wakeup_fd(-1)
    with cancellable():
        assert signal.getsignal(signal.SIGTERM) not in {signal.SIG_DFL, signal.SIG_IGN}
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
    assert signal.set_wakeup_fd(-1) == wakeup


def test_what_others_have_set_stays() -> None:
    seen = []
    signal.signal(signal.SIGTERM, lambda number, _frame: seen.append(number))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nohup
    with cancellable():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGHUP)
    assert seen == [signal.SIGTERM]


BACK_END = """
import os, time
from hatch_lambda_zip.plugin.cancel import Cancelled, cancellable
{more}
try:
    with cancellable():
        with open("child", "w") as file:
            file.write(f"{{os.getpid()}}\\n")
        time.sleep(60)
except Cancelled as cancelled:
    open("cancelled", "w").close()
"""
FRONT_END = """
import os, subprocess, sys
if "HATCH_LAMBDA_ZIP_PARENT" in os.environ:
    os.environ["HATCH_LAMBDA_ZIP_PARENT"] = str(os.getpid())
subprocess.run([sys.executable, '-c', sys.argv[1]])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at as on Linux")
@pytest.mark.parametrize(
    ("more", "environment", "is_cancelled"),
    [
        ("", {}, True),  # PEP 517
        ("import hatchling.cli", {}, False),  # from a shell, which may end before it
        ("import hatchling.cli", {"HATCH_ENV_ACTIVE": "hatch-build"}, True),
        ("import hatch_lambda_zip.cli", {}, False),
        ("import hatch_lambda_zip.cli", {"HATCH_LAMBDA_ZIP_PARENT": "front end"}, True),
    ],
)
def test_the_end_of_a_front_end_cancels(
    tmp_path: Path,
    more: str,
    environment: dict[str, str],
    is_cancelled: bool,  # noqa: FBT001
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HATCH")}
    code = BACK_END.format(more=more)
    command = [sys.executable, "-c", FRONT_END, code]
    front_end = subprocess.Popen(command, cwd=tmp_path, env={**kept, **environment})
    number = number_in(tmp_path / "child")
    front_end.kill()
    front_end.wait()
    try:
        assert comes_true(lambda: not runs(number), 30 if is_cancelled else 1.5) == is_cancelled
        assert (tmp_path / "cancelled").exists() == is_cancelled
    finally:
        if runs(number):
            os.kill(number, signal.SIGKILL)


def test_an_interrupt_while_the_command_is_loaded_is_one_line() -> None:
    loading = """
import signal, sys
from hatch_lambda_zip import __main__

class Loading:
    def __getattr__(self, name):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            pass  # as where an import loses it
        raise AttributeError(name)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.modules["hatch_lambda_zip.cli"] = Loading()
__main__.main()
"""
    done = subprocess.run([sys.executable, "-c", loading], capture_output=True, check=False)
    assert done.returncode == 130
    assert done.stderr == b"Error: cancelled by SIGINT before anything was done.\n"
