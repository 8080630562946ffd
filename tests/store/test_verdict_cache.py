"""The cache of verdicts: what was answered stays, whoever asks, and whoever else writes."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import Message
from benchbench.core.judge import Contest, Verdict
from benchbench.store import verdict_cache
from benchbench.store.damage import listening
from benchbench.store.verdict_cache import VerdictCache, answer_checksum, damaged_answers, verdict_key

CONTEST = Contest("e0", 0, (Message("user", "why?"),), "one", "two")
JUDGE = {"name": "some", "version": 1, "options": {"temperature": 0.0}, "identity": {"template": "ab"}}
FORK = multiprocessing.get_context("fork")


def test_what_reaches_a_verdict_is_in_its_key_and_nothing_else():
    same = [replace(CONTEST, example="e9"), replace(CONTEST, sample=3)]
    others = [
        replace(CONTEST, first="two", second="one"),
        replace(CONTEST, first="One"),
        replace(CONTEST, second="two "),
        replace(CONTEST, first_ended=False),
        replace(CONTEST, second_ended=False),
        replace(CONTEST, prompt=(Message("user", "Why?"),)),
        replace(CONTEST, prompt=(Message("system", "why?"),)),
        replace(CONTEST, prompt=(*CONTEST.prompt, Message("user", "why?"))),
    ]
    key = verdict_key(JUDGE, CONTEST)
    assert {verdict_key(JUDGE, one) for one in same} == {key}
    keys = [verdict_key(JUDGE, one) for one in others]
    judges = [JUDGE | {"version": 2}, JUDGE | {"options": {"temperature": 1.0}}, JUDGE | {"identity": {}}]
    keys += [verdict_key(judge, CONTEST) for judge in [*judges, JUDGE | {"name": "other"}]]
    assert len({key, *keys}) == 1 + len(keys)


def test_answers_come_back_as_they_were_missing_ones_too(tmp_path: Path):
    cache = VerdictCache(tmp_path / "deep" / "cache.sqlite")
    verdicts = {
        "a": Verdict(1.0, "line\nbreak \u2028 [[A]] \U0001f600"),
        "b": Verdict(None, "nonsense", "no verdict", {"requests": 2, "cost": 0.1 + 0.2}, "m-2026"),
        "c": Verdict(1 / 3),
        "d": Verdict(0.0, "lone \udc80"),
    }
    for key, verdict in verdicts.items():
        assert cache.add(key, verdict) == verdict
    again = VerdictCache(cache.path)
    assert {key: again.get(key) for key in verdicts} == verdicts == {key: cache.get(key) for key in verdicts}
    assert again.get("z") is None and len(again) == 4 and again.damaged == 0


def test_the_first_answer_is_the_one_that_all_keep(tmp_path: Path):
    path = tmp_path / "cache.sqlite"
    one, two = VerdictCache(path), VerdictCache(path)
    assert one.add("a", Verdict(1.0, "one")) == Verdict(1.0, "one")
    assert two.add("a", Verdict(0.0, "two")) == Verdict(1.0, "one") == two.get("a")
    assert two.add("b", Verdict(0.0, "two")) == Verdict(0.0, "two") == one.get("b")


def test_a_cache_that_was_thrown_away_meanwhile_is_made_anew(tmp_path: Path):
    cache, other = VerdictCache(tmp_path / "cache.sqlite"), VerdictCache(tmp_path / "cache.sqlite")
    cache.add("a", Verdict(1.0))
    cache.path.unlink()
    cache.add("b", Verdict(0.0))
    assert other.add("c", Verdict(0.5)) == Verdict(0.5)
    assert [VerdictCache(cache.path).get(key) for key in "abc"] == [None, Verdict(0.0), Verdict(0.5)]


def test_one_at_a_time_holds_the_turn_and_sees_what_the_others_left(tmp_path: Path):
    path, waits = tmp_path / "new" / "cache.sqlite", []
    cache = VerdictCache(path)
    stops = iter([False, True])
    with VerdictCache(path).alone(lambda: False, lambda line: waits.append("first")) as came:
        assert came
        with cache.alone(lambda: next(stops), lambda line: waits.append("second")) as second:
            assert not second
        VerdictCache(path).add("a", Verdict(1.0))
    assert waits == ["second"]
    with cache.alone(lambda: True, waits.append) as came:
        assert came and cache.get("a") == Verdict(1.0)


def _fill(path: Path, name: str) -> None:
    cache = VerdictCache(path)
    for number in range(100):
        cache.add(f"{name}{number}", Verdict(0.5, name * 500, usage={"requests": 1}))
        cache.add(f"shared{number}", Verdict(0.5, name))


def test_several_processes_make_one_cache_and_write_to_it_at_once(tmp_path: Path):
    """The cache is not there when they start; of what all of them answer, one answer stays, the same for all."""
    path = tmp_path / "cache.sqlite"
    (tmp_path / "cache.jsonl").write_text('{"key": "shared0", "first_wins": 1.0}\n')
    workers = [FORK.Process(target=_fill, args=(path, name)) for name in "wxyz"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    cache = VerdictCache(path)
    assert len(cache) == 500
    for name in "wxyz":
        assert all(cache.get(f"{name}{n}") == Verdict(0.5, name * 500, usage={"requests": 1}) for n in range(100))
    assert cache.get("shared0") == Verdict(1.0)
    assert {getattr(cache.get(f"shared{n}"), "raw", None) for n in range(1, 100)} <= {*"wxyz"}


def _add_and_die(path: Path) -> None:
    cache = VerdictCache(path)
    for number in range(20):
        cache.add(str(number), Verdict(1.0))
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_leaves_every_answer_that_it_added(tmp_path: Path):
    path = tmp_path / "cache.sqlite"
    worker = FORK.Process(target=_add_and_die, args=(path,))
    worker.start()
    worker.join()
    assert worker.exitcode == -signal.SIGKILL and Path(f"{path}-wal").exists()
    assert len(VerdictCache(path)) == 20


def test_on_a_file_system_of_other_hosts_nothing_rests_on_the_memory_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """No file of shared memory, whoever made the database; a killed writer's answers stay, and nobody may hold it."""
    path = tmp_path / "cache.sqlite"
    here = VerdictCache(path)
    here.add("before", Verdict(1.0))
    monkeypatch.setattr(verdict_cache, "is_of_this_machine", lambda folder: False)
    monkeypatch.setattr(verdict_cache, "BUSY_SECONDS", 0.05)
    with pytest.raises(BenchError, match="database is locked"):
        VerdictCache(path)
    del here
    monkeypatch.setattr(verdict_cache, "BUSY_SECONDS", 60)
    workers = [FORK.Process(target=_add_and_die, args=(path,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(VerdictCache(path)) == 21 and VerdictCache(path).get("before") == Verdict(1.0)
    assert not Path(f"{path}-wal").exists() and not Path(f"{path}-shm").exists()
    made = VerdictCache(tmp_path / "other.sqlite")
    assert made.add("a", Verdict(0.5)) == Verdict(0.5) and not Path(f"{made.path}-wal").exists()


def test_every_judge_has_a_file_of_its_own(tmp_path: Path):
    one, two = VerdictCache.of(tmp_path, JUDGE), VerdictCache.of(tmp_path, JUDGE | {"version": 2})
    assert one.path != two.path and one.path.parent == tmp_path / "verdicts"
    assert one.path.name.startswith("some-") and one.path == VerdictCache.of(tmp_path, dict(JUDGE)).path


def test_json_lines_of_an_earlier_version_are_taken_over_once(tmp_path: Path):
    lines: list[str] = []
    path, old = tmp_path / "cache.sqlite", tmp_path / "cache.jsonl"
    rows = [{"key": "a", "first_wins": 1.0, "raw": "one"}, {"key": "a", "first_wins": 0.0}, {"key": "b", "note": 3}]
    old.write_text("".join(f"{json.dumps(row)}\n" for row in rows) + '{"key": "c", "first_wi')
    before = old.read_bytes()
    cache = VerdictCache(path, lines.append)
    assert cache.get("a") == Verdict(1.0, "one") and len(cache) == 1 and cache.damaged == 2
    assert lines == [f"{path}: 1 answers taken over from cache.jsonl; 2 damaged lines were left out"]
    assert cache.add("c", Verdict(0.5)) == Verdict(0.5), "half a line costs one answer"
    with old.open("a") as file:
        file.write('\n{"key": "d", "first_wins": 1.0}\n')
    again = VerdictCache(path, lines.append)
    assert len(again) == 2 and again.damaged == 2 and len(lines) == 1
    assert old.read_bytes().startswith(before), "it is read and left alone"


def test_half_a_database_that_a_killed_process_was_making_is_made_again(tmp_path: Path):
    (tmp_path / ".cache.sqlite").write_bytes(b"half")
    cache = VerdictCache(tmp_path / "cache.sqlite")
    assert cache.add("a", Verdict(1.0)) == Verdict(1.0)
    assert not (tmp_path / ".cache.sqlite").exists()


@pytest.mark.parametrize("what", ["text", "empty", "foreign", "header", "pages"])
def test_a_file_that_is_no_cache_is_said_and_left_as_it_is(what: str, tmp_path: Path):
    path = tmp_path / "cache.sqlite"
    if what == "foreign":
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE answers (key TEXT, verdict TEXT)")
    elif what in ("header", "pages"):
        _fill(path, "x")
        data = bytearray(path.read_bytes())
        start = 20 if what == "header" else 4096
        data[start : start + 4096] = b"\xff" * 4096
        path.write_bytes(bytes(data))
    else:
        path.write_bytes(b"no database, whatever it is called" * 99 if what == "text" else b"")
    before = path.read_bytes()
    message = r"cache\.sqlite: expected a cache of verdicts, found a damaged or foreign file"
    with pytest.raises(BenchError, match=message) as error:
        VerdictCache(path).get("x1")
    assert error.value.exit_code == ExitCode.UNAVAILABLE and path.read_bytes() == before


def test_an_answer_that_somebody_turned_is_said_and_asked_again(tmp_path: Path):
    cache = VerdictCache(tmp_path / "cache.sqlite")
    kept = {key: cache.add(key, Verdict(1.0)) for key in ("a", "b")}
    with closing(sqlite3.connect(cache.path, isolation_level=None)) as database:
        database.execute("UPDATE answers SET verdict = replace(verdict, '1.0', '0.0') WHERE key = 'a'")
    assert damaged_answers(cache.path) == ["a"]
    lines: list[str] = []
    with listening(lines.append):
        assert cache.get("a") is None and cache.get("b") == kept["b"]
    (line,) = lines
    assert line.startswith(f"{cache.path}: answer a was kept as ") and line.endswith("; the judge is asked again")
    assert cache.add("a", Verdict(1.0)) == Verdict(1.0) and damaged_answers(cache.path) == []


def test_a_text_with_a_right_checksum_that_is_no_verdict_is_damage(tmp_path: Path):
    cache = VerdictCache(tmp_path / "cache.sqlite")
    text = '{"first_wins": 7}'
    with closing(sqlite3.connect(cache.path, isolation_level=None)) as database:
        database.execute("INSERT INTO answers VALUES ('a', ?, ?)", (text, answer_checksum("a", text)))
    with pytest.raises(BenchError, match="damaged or foreign file .answer a: expected the types and ranges"):
        cache.get("a")


def test_a_database_of_the_format_before_gets_checksums(tmp_path: Path):
    cache = VerdictCache(tmp_path / "cache.sqlite")
    verdict = cache.add("a", Verdict(1.0, "yes"))
    with closing(sqlite3.connect(cache.path, isolation_level=None)) as database:
        database.execute("ALTER TABLE answers DROP COLUMN checksum")
        database.execute("PRAGMA user_version = 1")
    assert damaged_answers(cache.path) == []
    again = VerdictCache(cache.path)
    assert again.get("a") == verdict and again.add("b", verdict) == verdict and damaged_answers(cache.path) == []


def test_a_database_that_another_process_holds_is_said_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verdict_cache, "BUSY_SECONDS", 0.05)
    cache = VerdictCache(tmp_path / "cache.sqlite")
    with closing(sqlite3.connect(cache.path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        with pytest.raises(BenchError, match=r"found an error \(database is locked\); check the disk, and which"):
            cache.add("a", Verdict(1.0))
        database.execute("ROLLBACK")
    assert cache.add("a", Verdict(1.0)) == Verdict(1.0)
