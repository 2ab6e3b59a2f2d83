from __future__ import annotations

import errno
import gc
import logging
import os
import threading

import pytest

from hatch_lambda_zip.bytecode import worker
from hatch_lambda_zip.cli.progress import Bars
from hatch_lambda_zip.cli.runtime_api import RuntimeApi
from hatch_lambda_zip.errors import ToolError
from hatch_lambda_zip.process.threads import ThreadPool
from tests.support.processes import comes_true
from tests.support.projects import Project


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a machine that has no more threads, in CPython's words."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


@pytest.mark.usefixtures("no_threads")
def test_a_pool_says_that_there_are_no_more_threads() -> None:
    with ThreadPool(2) as pool, pytest.raises(ToolError, match="No more threads can be started"):
        pool.submit(int)


def test_a_pool_that_is_closed_is_another_matter() -> None:
    with ThreadPool(2) as pool:
        assert pool.submit(int, "3").result() == 3
    with pytest.raises(RuntimeError, match="shutdown"):
        pool.submit(int)


@pytest.mark.parametrize(
    ("error", "expected"),
    [(SystemError, MemoryError), (MemoryError, MemoryError), (KeyError, KeyError)],
)
def test_a_thread_that_dies_for_want_of_memory_is_no_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: type[Exception],
    expected: type[Exception],
) -> None:
    before = logging.getLogger("concurrent.futures").handlers.copy()
    gate = threading.Event()

    def run(*_: object) -> None:
        gate.wait(20)
        raise error("error return without exception set")

    monkeypatch.setattr("concurrent.futures.thread._WorkItem.run", run)
    monkeypatch.setattr(logging.getLogger("concurrent.futures"), "propagate", False)
    with ThreadPool(1) as pool:
        futures = [pool.submit(int, "3")]
        futures[0].add_done_callback(lambda _: futures.append(pool.submit(int, "4")))
        gate.set()
        assert comes_true(lambda: len(futures) == 2)
        futures.append(pool.submit(int, "5"))
        for future in futures:
            with pytest.raises(expected):
                future.result(timeout=20)
    assert "Traceback" not in capfd.readouterr().err
    assert logging.getLogger("concurrent.futures").handlers == before


def test_nothing_keeps_a_pool() -> None:
    before = logging.getLogger("concurrent.futures").handlers.copy()
    pool = ThreadPool(1)
    assert pool.submit(int, "3").result() == 3
    del pool
    gc.collect()
    assert logging.getLogger("concurrent.futures").handlers == before


@pytest.mark.usefixtures("no_threads")
def test_a_build_says_that_there_are_no_more_threads(project: Project) -> None:
    message = project.fail()
    assert "Error: No more threads can be started here. Raise the limits of processes" in message


@pytest.mark.usefixtures("no_threads")
def test_other_threads_say_so_too() -> None:
    """What draws progress, and what a function is run with."""
    function = RuntimeApi(b"{}", "arn", 1.0)
    for context in (Bars().drawing(), function.serving()):
        with pytest.raises(ToolError, match="No more threads can be started"), context:
            pass


def test_a_build_says_that_there_are_no_more_processes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr("subprocess.Popen", start)
    assert "Raise the limits of processes and memory of this machine" in project.fail()


def test_a_build_says_that_there_is_no_more_memory(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build_zip(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("hatch_lambda_zip.build.build_zip", build_zip)
    assert "Error: There is not enough memory for this build. Raise the limits" in project.fail()


@pytest.mark.usefixtures("no_threads")
def test_a_worker_says_that_there_are_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["worker", "0"])
    for name in ("sys.setrecursionlimit", "gc.disable", "threading.stack_size"):
        monkeypatch.setattr(name, lambda *_: None)
    with pytest.raises(SystemExit) as caught:
        worker._main()
    assert caught.value.code == "can't start new thread"
