"""Leases: one owner at a time, waits that are seen and end, dead owners followed, and those that come back fenced."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchbench.store import lease_files, leases
from benchbench.store.files import whole_folder, write_text
from benchbench.store.lease_files import LEASE_SECONDS, Watch, followed, holder_of, read_lease
from benchbench.store.leases import LeaseLostError, hold, is_lost, let_go, remove_leftovers, take
from benchbench.store.processes import ProcessName, this_process

ELSEWHERE = ProcessName("far", "0badcafe", 7, 1)
HOLDING = (
    "import sys, time; from pathlib import Path; from benchbench.store.leases import take\n"
    "assert take(Path(sys.argv[1]), guards=Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leases" / "a"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heartbeats and looks of hundredths of a second; a heartbeat is old after a tenth."""
    for module in (lease_files, leases):
        monkeypatch.setattr(module, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(lease_files, "LEASE_SECONDS", 0.1)
    monkeypatch.setattr(leases, "POLL_SECONDS", (0.01, 0.01))


def held_by(path: Path, owner: ProcessName, *, age: float = 0.0, token: str = "theirs") -> None:
    """A lease as another process wrote it, whose last heartbeat was so many seconds ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name("draft")
    draft.write_text(json.dumps({"owner": asdict(owner), "since": "2026-11-29T10:00:00+00:00", "token": token}))
    draft.replace(path)
    os.utime(path, (time.time() - age, time.time() - age))


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a lease until the block ends."""
    process = subprocess.Popen([sys.executable, "-c", HOLDING, path], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_free_lease_is_ours_at_once_and_free_after_the_block(path: Path):
    for _ in range(2):
        with hold(path, guards=path, should_stop=lambda: True, waiting=lambda line: 1 / 0) as is_ours:
            assert is_ours
            holder = holder_of(path)
            assert holder is not None and holder.owner == this_process()
        assert holder_of(path) is None
    assert [inner.name for inner in path.parent.iterdir()] == ["a"], "nothing is left beside it"


def test_where_the_time_of_a_file_cannot_be_set_a_lease_that_is_let_go_is_removed(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    lease = take(path, guards=path)
    assert lease is not None
    monkeypatch.setattr(os, "utime", lambda *more, **names: None)
    let_go(lease)
    assert not path.exists()
    lease = take(path, guards=path)
    assert lease is not None
    held_by_another = path.read_text().replace(lease.token, "another")
    path.unlink()
    path.write_text(held_by_another)
    let_go(lease)
    assert path.read_text() == held_by_another


def test_who_waits_says_once_for_whom_and_goes_when_asked_to(path: Path):
    heard, stops = [], iter([False, False, True])
    with hold(path, guards=path):
        with hold(path, guards=path, should_stop=lambda: next(stops), waiting=heard.append) as is_ours:
            assert not is_ours
        (line,) = heard
        assert line.startswith(f"waits for process {os.getpid()} on {this_process().host}, running since 20")
        assert str(path) in line
        assert holder_of(path) is not None, "it is the first one's as before"


def test_a_lease_is_handed_on_by_one_thread_to_the_next(path: Path):
    inside, most = [], []

    def work() -> None:
        with hold(path, guards=path):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.005)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert most == [1, 1, 1, 1]


def test_who_follows_a_dead_owner_is_one_of_many(path: Path, monkeypatch: pytest.MonkeyPatch):
    """Twelve threads see the same dead owner before any of them changes the lease."""
    for turn in range(5):
        held_by(path, replace(this_process(), process=2**22 + 5), token=f"dead{turn}")
        together, read, won = threading.Barrier(12), lease_files.read_lease, []
        first = threading.local()

        def reading(place: Path, read=read, together=together, first=first):
            holder = read(place)
            if place == path and not hasattr(first, "seen"):
                first.seen = True
                together.wait(timeout=10)
            return holder

        monkeypatch.setattr(lease_files, "read_lease", reading)
        text = path.read_text()

        def run(number: int, won=won, text=text) -> None:
            values = {**json.loads(text), "owner": asdict(this_process()), "token": f"new{number}"}
            if followed(path, json.dumps(values), Watch()):
                won.append(f"new{number}")

        threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
        monkeypatch.undo()
        holder = read_lease(path)
        assert holder is not None and won == [holder.token]


def test_a_killed_owner_on_this_machine_is_followed_at_once(path: Path):
    with another_process(path) as process:
        holder = holder_of(path)
        assert holder is not None and holder.owner is not None and holder.owner.process == process.pid
        assert take(path, guards=path) is None
        process.kill()
        process.wait()
        assert holder_of(path) is None
        lease = take(path, guards=path)
        assert lease is not None
        let_go(lease)


def test_a_number_that_another_process_has_by_now_is_no_owner(path: Path):
    """This process has that number, and began later."""
    held_by(path, replace(this_process(), started=1))
    assert holder_of(path) is None
    held_by(path, this_process(), age=10 * LEASE_SECONDS)
    assert holder_of(path) is not None, "it lives, however old its heartbeat is"


def test_an_owner_elsewhere_is_dead_when_its_heartbeat_is_old_by_the_clock_of_the_file_system(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    held_by(path, ELSEWHERE, age=LEASE_SECONDS - 10)
    monkeypatch.setattr(time, "time", lambda: 1e12)  # the clock here is of no account
    assert holder_of(path) is not None
    monkeypatch.undo()
    held_by(path, ELSEWHERE, age=LEASE_SECONDS + 10)
    assert holder_of(path) is None


def test_a_jump_of_the_clock_makes_nobody_dead_who_goes_on_beating(path: Path, monkeypatch: pytest.MonkeyPatch):
    """To who waits every heartbeat looks an hour old, and each is another one."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    watch = Watch()
    for beat in range(20):
        held_by(path, ELSEWHERE, age=3600 - 5 * beat)
        now[0] += lease_files.BEAT_SECONDS
        assert not followed(path, "{}", watch)


def test_a_clock_that_went_back_does_not_keep_a_dead_owner_alive(path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its last heartbeat lies in the future; it was watched to stay there."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    held_by(path, ELSEWHERE, age=-3600)
    watch = Watch()
    assert not followed(path, "{}", watch)
    now[0] += LEASE_SECONDS - 1
    assert not followed(path, "{}", watch)
    now[0] += 2
    assert followed(path, path.read_text(), watch)


def test_a_heartbeat_is_renewed_while_a_lease_is_held(path: Path, quick: None):
    with hold(path, guards=path):
        os.utime(path, (1, 1))
        deadline = time.monotonic() + 10
        while path.stat().st_mtime == 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert time.time() - path.stat().st_mtime < 10


@pytest.mark.parametrize("write", ["file", "folder"])
def test_an_owner_that_comes_back_writes_nothing_over_what_the_next_one_finished(
    tmp_path: Path, path: Path, write: str
):
    """It is taken over in the middle of writing, and only then goes on."""
    place = tmp_path / "stage" / "result"

    def next_owner() -> None:
        held_by(path, ELSEWHERE)
        place.parent.mkdir(exist_ok=True)
        place.write_text("finished")

    with hold(path, guards=place.parent), pytest.raises(LeaseLostError, match="process 7 on far"):
        if write == "file":
            write_text(place, "first")
            next_owner()
            write_text(place, "late")
        else:
            with whole_folder(place) as draft:
                (draft / "part").write_text("late")
                next_owner()
    assert place.read_text() == "finished"
    assert [inner.name for inner in place.parent.iterdir()] == ["result"], "no draft is left"
    holder = read_lease(path)
    assert holder is not None and (holder.token, holder.beat != 0) == ("theirs", True), "nor is the lease touched"


def test_a_heartbeat_notices_a_loss_and_what_lies_elsewhere_is_still_written(tmp_path: Path, path: Path, quick: None):
    with hold(path, guards=tmp_path / "stage"):
        assert not is_lost(path)
        held_by(path, ELSEWHERE)
        deadline = time.monotonic() + 10
        while not is_lost(path) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert is_lost(path)
        write_text(tmp_path / "stage-of-others", "mine")
        with pytest.raises(LeaseLostError):
            write_text(tmp_path / "stage" / "result", "late")


def test_a_stopped_process_is_followed_and_finds_out_when_it_goes_on(tmp_path: Path, path: Path, quick: None):
    """SIGSTOP, another owner, SIGCONT: its own write is refused."""
    code = (
        "import sys; from pathlib import Path; from benchbench.store.leases import take, LeaseLostError\n"
        "from benchbench.store.files import write_text\n"
        "path, place = map(Path, sys.argv[1:]); take(path, guards=place); print('held', flush=True); input()\n"
        "try: write_text(place / 'result', 'late')\n"
        "except LeaseLostError: print('lost', flush=True)\n"
    )
    place = tmp_path / "stage"
    process = subprocess.Popen(
        [sys.executable, "-c", code, path, place], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    process.send_signal(signal.SIGSTOP)
    try:
        with hold(path, guards=place) as is_ours:
            assert is_ours
            write_text(place / "result", "finished")
            process.send_signal(signal.SIGCONT)
            assert process.communicate("\n", timeout=30)[0] == "lost\n"
    finally:
        process.kill()
        process.wait()
    assert (place / "result").read_text() == "finished"


def test_who_died_while_it_followed_is_followed_itself(path: Path):
    gone = replace(this_process(), process=2**22 + 5)
    held_by(path, gone, token="first")
    held_by(path.with_name("a.after-first"), gone, token="second")
    with hold(path, guards=path, should_stop=lambda: True) as is_ours:
        assert is_ours
    assert [inner.name for inner in path.parent.iterdir()] == ["a"]


def test_what_is_left_of_following_goes_where_its_process_is_gone(path: Path):
    """Killed between taking a lease and removing the file that allowed it; nobody follows the same owner again."""
    gone = replace(this_process(), process=2**22 + 5)
    held_by(path, gone, token="first")
    for name, owner in (("nobody", gone), ("before", gone), ("mine", this_process()), ("far", ELSEWHERE)):
        held_by(path.with_name(f"a.after-{name}"), owner, token=f"of {name}", age=1e4)
    held_by(path.with_name("a.after-before.after-of before"), gone, token="third")
    path.with_name("a.after-unread").write_text("")
    kept = ["a", "a.after-far", "a.after-mine", "a.after-unread"]
    assert len(remove_leftovers(path.parent)) == 3
    assert sorted(inner.name for inner in path.parent.iterdir()) == kept
    assert remove_leftovers(path.parent) == [] and remove_leftovers(path.parent / "none") == []
    with hold(path, guards=path, should_stop=lambda: True) as is_ours:
        assert is_ours


@pytest.mark.parametrize("number", [errno.EPERM, errno.EXDEV])
def test_without_hard_links_a_file_that_is_made_once_does(number: int, path: Path, monkeypatch: pytest.MonkeyPatch):
    def refusing(*places: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refusing)
    with hold(path, guards=path) as is_ours, hold(path, guards=path, should_stop=lambda: True) as is_theirs:
        assert (is_ours, is_theirs) == (True, False)
    with hold(path, guards=path, should_stop=lambda: True) as is_ours:
        assert is_ours


def test_a_lease_that_cannot_be_read_is_somebodys_until_it_is_old(path: Path):
    path.parent.mkdir()
    path.write_text("")
    assert holder_of(path) is not None
    os.utime(path, (time.time() - LEASE_SECONDS - 10,) * 2)
    assert holder_of(path) is None
