"""The cache of verdicts, and the verdicts of a finished stage."""

from __future__ import annotations

import json
import math
import multiprocessing
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.judge import Contest, Verdict
from benchbench.store.verdicts import (
    FILE,
    ROW_COLUMNS,
    VerdictCache,
    read_verdicts,
    verdict_key,
    write_verdicts,
)

CONTEST = Contest("e0", 0, (Message("user", "why?"),), "one", "two")
JUDGE = {"name": "some", "version": 1, "options": {"temperature": 0.0}, "identity": {"template": "ab"}}


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
    cache = VerdictCache(tmp_path / "deep" / "cache.jsonl")
    given = {
        "a": Verdict(1.0, "line\nbreak \u2028 [[A]] \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")),
        "b": Verdict(None, "nonsense", "no verdict", {"requests": 2, "cost": 0.1 + 0.2}, "m-2026"),
        "c": Verdict(1 / 3),
        "d": Verdict(0.0, "lone \udc80"),
    }
    for key, verdict in given.items():
        cache.add(key, verdict)
    again = VerdictCache(cache.path)
    assert {key: again.get(key) for key in given} == given == {key: cache.get(key) for key in given}
    assert again.get("z") is None and len(again) == 4 and again.damaged == 0


def test_half_a_line_of_a_killed_run_costs_one_answer(tmp_path: Path):
    path = tmp_path / "cache.jsonl"
    cache = VerdictCache(path)
    for key in "abc":
        cache.add(key, Verdict(1.0, key))
    whole = path.read_bytes()
    for cut in range(1, len(whole.splitlines()[-1]) + 1):
        path.write_bytes(whole[:-cut])
        again = VerdictCache(path)
        if cut == 1:  # the line break alone is missing
            assert len(again) == 3 and again.damaged == 0
        else:
            assert [again.get(key) is None for key in "abc"] == [False, False, True]
        again.add("d", Verdict(0.0, "d"))
        last = VerdictCache(path)
        assert last.get("d") == Verdict(0.0, "d") and last.get("b") == Verdict(1.0, "b")
        assert last.damaged == again.damaged <= 1


def test_lines_that_are_no_verdicts_are_passed_over_and_counted(tmp_path: Path):
    path = tmp_path / "cache.jsonl"
    VerdictCache(path).add("a", Verdict(1.0))
    with path.open("a") as file:
        file.write('3\n[]\n{"key": "b"}\n{"first_wins": 1}\nnull\n{"key": "c", "first_wins": 1, "strange": 2}\n\n')
    cache = VerdictCache(path)
    assert len(cache) == 1 and cache.damaged == 6


def test_values_that_no_verdict_has_are_damage(tmp_path: Path):
    path = tmp_path / "cache.jsonl"
    wrong = [
        {"first_wins": "A"},
        {"first_wins": 7},
        {"first_wins": True},
        {"first_wins": math.nan},
        {"first_wins": 1, "raw": 3},
        {"first_wins": 1, "note": None},
        {"first_wins": 1, "usage": []},
        {"first_wins": 1, "usage": {"cost": "much"}},
        {"first_wins": 1, "answered_by": 3},
        {"first_wins": 1, "scores": [1]},
        {"first_wins": 1, "scores": [1, "2"]},
        {"first_wins": 1, "key": ["x"]},
        {"first_wins": 1, "key": None},
    ]
    path.write_text("".join(json.dumps({"key": "k", **one}) + "\n" for one in wrong) + "[" * 100_000 + "\n")
    cache = VerdictCache(path)
    assert len(cache) == 0 and cache.damaged == len(wrong) + 1
    assert cache.add("k", Verdict(0.5)) == Verdict(0.5) and VerdictCache(path).get("k") == Verdict(0.5)


def test_the_first_answer_is_the_one_that_all_keep(tmp_path: Path):
    path = tmp_path / "cache.jsonl"
    one, two = VerdictCache(path), VerdictCache(path)
    assert one.add("a", Verdict(1.0, "one")) == Verdict(1.0, "one")
    assert two.add("a", Verdict(0.0, "two")) == Verdict(1.0, "one") == two.get("a")
    assert two.add("b", Verdict(0.0, "two")) == Verdict(0.0, "two")
    assert one.get("b") is None
    one.refresh()
    assert one.get("b") == Verdict(0.0, "two")
    with path.open("ab") as file:
        file.write(b'{"key": "half')
    two.refresh()
    one.add("c", Verdict(0.5))
    two.refresh()
    assert two.get("c") == Verdict(0.5) and two.damaged == 1 and len(path.read_bytes().splitlines()) == 4


def test_a_cache_that_was_thrown_away_meanwhile_is_made_anew(tmp_path: Path):
    cache = VerdictCache(tmp_path / "cache.jsonl")
    cache.add("a", Verdict(1.0))
    cache.path.unlink()
    cache.add("b", Verdict(0.0))
    assert VerdictCache(cache.path).get("b") == Verdict(0.0) and cache.get("a") == Verdict(1.0)


def test_one_at_a_time_holds_the_turn_and_reads_what_the_others_left(tmp_path: Path):
    path, waits = tmp_path / "new" / "cache.jsonl", []
    cache = VerdictCache(path)
    stops = iter([False, True])
    with VerdictCache(path).alone(lambda: False, lambda: waits.append("first")) as came:
        assert came
        with cache.alone(lambda: next(stops), lambda: waits.append("second")) as second:
            assert not second
        VerdictCache(path).add("a", Verdict(1.0))
    assert waits == ["second"] and cache.get("a") is None
    with cache.alone(lambda: True, lambda: None) as came:
        assert came and cache.get("a") == Verdict(1.0)


def _fill(path: Path, name: str) -> None:
    cache = VerdictCache(path)
    for number in range(100):
        cache.add(f"{name}{number}", Verdict(0.5, name * 500))


def test_several_processes_add_to_one_file(tmp_path: Path):
    path = tmp_path / "cache.jsonl"
    workers = [multiprocessing.get_context("fork").Process(target=_fill, args=(path, name)) for name in "xyz"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    cache = VerdictCache(path)
    assert len(cache) == 300 and cache.damaged == 0
    assert all(cache.get(f"{name}{n}") == Verdict(0.5, name * 500) for name in "xyz" for n in range(100))


def test_every_judge_has_a_file_of_its_own(tmp_path: Path):
    one, two = VerdictCache.of(tmp_path, JUDGE), VerdictCache.of(tmp_path, JUDGE | {"version": 2})
    assert one.path != two.path and one.path.parent == tmp_path / "verdicts"
    assert one.path.name.startswith("some-") and one.path == VerdictCache.of(tmp_path, dict(JUDGE)).path


def rows() -> pd.DataFrame:
    values = [
        ("e0", 0, "dpo", "sft", "first", 1.0, False, 3, 4, math.nan, math.nan, "[[A]]", ""),
        ("e0", 0, "dpo", "sft", "second", math.nan, False, 3, 4, 1.5, -0.25, "what?\n\u2028", "asked twice"),
        ("e1", 0, "dpo", "sft", "both", 0.1 + 0.2, True, 3, 3, math.nan, math.nan, "", ""),
    ]
    return pd.DataFrame(values, columns=list(ROW_COLUMNS))


def test_rows_of_a_stage_come_back_and_the_same_rows_are_the_same_bytes(tmp_path: Path):
    write_verdicts(tmp_path, rows().assign(cached=[True, False, True]))
    pd.testing.assert_frame_equal(read_verdicts(tmp_path), rows())
    first = (tmp_path / FILE).read_bytes()
    assert json.loads(first.splitlines()[1])["outcome"] is None
    write_verdicts(tmp_path, rows().assign(cached=False))
    assert (tmp_path / FILE).read_bytes() == first
    write_verdicts(tmp_path, read_verdicts(tmp_path))
    assert (tmp_path / FILE).read_bytes() == first


@pytest.mark.parametrize("content", [None, b"{", b"[]\n", b'{"example": "e"}\n', b"\xff\xfe"])
def test_damaged_rows_are_said(tmp_path: Path, content: bytes | None):
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(BenchError, match="expected verdict rows, found a missing or damaged file"):
        read_verdicts(tmp_path)
