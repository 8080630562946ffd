"""A signal ends a command in every phase: one line, the signal's exit code, nothing half-written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from harness import BENCH, MICRO, bench, leftovers

from benchbench.cli.main import main
from benchbench.cli.signals import hearing
from benchbench.commands import run_plan
from benchbench.core.errors import BenchError, StoppedBySignal
from benchbench.plan import prepare
from benchbench.store import prepared
from benchbench.store.files import folders
from benchbench.store.runs import RunStore

LINE = ("train", "simpo", "--setting", MICRO, "--seeds", "1", "--dry-run")
BOTH = pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])


def said(number: int) -> str:
    return f"bench: stopped by {signal.Signals(number).name}; the same command goes on from what is finished\n"


STARTS = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *more):
        if name == "typer":
            sys.meta_path.remove(self)
            os.kill(os.getpid(), int(sys.argv[1]))
sys.meta_path.insert(0, Finder())
signal.signal(signal.SIGINT, signal.default_int_handler)
from benchbench.cli.main import run
run(["methods"])
"""
"""The script, to which a signal comes as it imports what it needs to read its command line."""


@BOTH
def test_before_it_has_read_its_command_line(number: int, code: int):
    line = [sys.executable, "-c", STARTS, str(int(number))]
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", said(number))


@BOTH
def test_while_it_plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int):
    monkeypatch.setattr(run_plan, "build_plan", lambda *more, **names: os.kill(os.getpid(), number))
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    ended = bench(*LINE, "--runs", tmp_path / "runs")
    assert (ended.code, ended.out, ended.err) == (code, "", said(number))
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_while_it_prepares_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_lines = prepared.write_lines

    def stopped(path: Path, values: Any) -> str:
        write_lines(path, values)
        os.kill(os.getpid(), signal.SIGTERM)
        return ""

    monkeypatch.setattr(prepared, "write_lines", stopped)
    ended = bench(*LINE, "--runs", tmp_path / "runs")
    assert (ended.code, ended.err) == (143, said(signal.SIGTERM))
    assert leftovers(tmp_path / "runs") == [] and folders(tmp_path / "runs" / "data") == []


def test_while_it_trains_a_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def stopped(*more: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(prepare, "train_tokenizer", stopped)
    ended = bench(*LINE, "--runs", tmp_path / "runs")
    assert (ended.code, ended.err) == (130, said(signal.SIGINT))
    assert leftovers(tmp_path / "runs") == [] and folders(tmp_path / "runs" / "tokenizer") == []


@pytest.mark.parametrize("kind", ["data", "tokenizer"])
def test_while_it_waits_for_another_process(tmp_path: Path, kind: str):
    store = RunStore(tmp_path / "runs")
    assert bench(*LINE, "--runs", store.root).code == 0
    (folder,) = folders(store.root / kind)
    shutil.rmtree(folder)
    with store.claim(f"{kind}/{folder.name}"):
        timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGTERM))
        timer.start()
        ended = bench(*LINE, "--runs", store.root)
        timer.join()
    assert ended.code == 143
    wait, end = ended.err.splitlines(keepends=True)
    assert wait.startswith(f"bench: waits for process {os.getpid()} on ") and ", running since 20" in wait
    assert end == said(signal.SIGTERM) and not folder.exists()


def test_a_real_process_that_waits(tmp_path: Path):
    store = RunStore(tmp_path / "runs")
    assert bench(*LINE, "--runs", store.root).code == 0
    (folder,) = folders(store.root / "data")
    shutil.rmtree(folder)
    with store.claim(f"data/{folder.name}"):
        line = [str(BENCH), *map(str, LINE), "--runs", str(store.root)]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        assert process.stderr.readline().startswith(f"bench: waits for process {os.getpid()} on ")
        process.terminate()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (143, "", said(signal.SIGTERM))


def test_a_signal_that_something_took_for_an_error_still_ends_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def swallowing(*more: Any, **names: Any) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except BaseException:
            raise BenchError("a library says that something else went wrong") from None

    monkeypatch.setattr(run_plan, "prepare_all", swallowing)
    assert main([str(word) for word in LINE]) == 143
    assert capsys.readouterr().err.endswith(said(signal.SIGTERM))


class Collected:
    """An object at whose end, where Python lets no exception out, a signal comes."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)


def test_a_signal_while_an_object_is_collected_ends_the_command_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def plans(*more: Any, **names: Any) -> None:
        Collected()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            time.sleep(0.01)
        raise AssertionError("nothing was raised")

    monkeypatch.setattr(run_plan, "build_plan", plans)
    before = sys.unraisablehook, signal.getsignal(signal.SIGALRM)
    ended = bench(*LINE, "--runs", tmp_path / "runs")
    assert (ended.code, ended.out, ended.err) == (130, "", said(signal.SIGINT))
    assert (sys.unraisablehook, signal.getsignal(signal.SIGALRM)) == before


def test_a_second_signal_finds_nobody_who_listens():
    with hearing() as heard, pytest.raises(StoppedBySignal):
        os.kill(os.getpid(), signal.SIGTERM)
    assert heard.number == signal.SIGTERM
    with hearing():
        with pytest.raises(StoppedBySignal):
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) != signal.SIG_DFL, "the other one is still heard"


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with hearing() as heard:
            os.kill(os.getpid(), signal.SIGINT)
            assert heard.number is None and signal.getsignal(signal.SIGTERM) == heard.stop
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_leaves_signals_to_its_process():
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def work() -> None:
        with hearing():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
