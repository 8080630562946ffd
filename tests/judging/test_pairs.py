"""From two sets of responses to verdict rows: orders, ties, the cache, and what goes wrong."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchbench.core.errors import BenchError, ExitCode, Interrupted
from benchbench.core.example import Message
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.judging.identity import judge_identity
from benchbench.judging.pairs import judge_pairs
from benchbench.judging.responses import matched, one_per_example
from benchbench.judging.rows import COLUMNS, Answers
from benchbench.store.verdict_cache import VerdictCache

from .judges import Counting, Options, longer, prompts, responses

OURS = ["short", "a long answer", "same", "x"]
THEIRS = ["much longer", "brief", "same", "y"]


def run(
    judge: Judge,
    ours: pd.DataFrame | None = None,
    theirs: pd.DataFrame | None = None,
    *,
    cache: VerdictCache | None = None,
    options: Options | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    report: Callable[[str], None] = lambda line: None,
    **more: Any,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    return judge_pairs(
        judge,
        options or Options(),
        prompts(10),
        responses(OURS) if ours is None else ours,
        responses(THEIRS) if theirs is None else theirs,
        label="dpo",
        opponent="sft",
        cache=cache,
        context=JudgeContext(Path(), should_stop=should_stop, report=report),
        **more,
    )


def test_rows_are_seen_from_the_labels_side_in_both_orders():
    counting = Counting()
    rows, summary = run(counting.judge)
    assert tuple(rows.columns) == COLUMNS
    found = [tuple(row) for row in rows[["example", "order", "outcome", "identical"]].to_numpy()]
    assert found == [
        ("e0", "first", 0.0, False),
        ("e0", "second", 0.0, False),
        ("e1", "first", 1.0, False),
        ("e1", "second", 1.0, False),
        ("e2", "both", 0.5, True),
        ("e3", "first", 0.5, False),
        ("e3", "second", 0.5, False),
    ]
    assert set(rows["label"]) == {"dpo"} and set(rows["opponent"]) == {"sft"}
    assert rows["length"].tolist() == [5, 5, 13, 13, 4, 1, 1]
    assert rows["opponent_length"].tolist() == [11, 11, 5, 5, 4, 1, 1]
    assert rows["raw"].tolist()[:3] == ["5 against 11", "11 against 5", "13 against 5"]
    assert [(one.first, one.second) for one in counting.asked[:2]] == [
        ("short", "much longer"),
        ("much longer", "short"),
    ]
    assert counting.asked[0].prompt == prompts(1)["e0"]
    assert summary["pairs"] == 4 and summary["identical"] == 1 and summary["calls"] == 6
    assert summary["cost"] == pytest.approx(0.6) and summary["usage"] == {"cost": summary["cost"], "requests": 6}


def test_a_judge_that_prefers_a_slot_shows_it():
    rows, _ = run(Counting(lambda contest: Verdict(1.0)).judge)
    outcomes = rows[~rows["identical"]].groupby("order")["outcome"].mean()
    assert outcomes.to_dict() == {"first": 1.0, "second": 0.0}


def test_a_judge_that_sees_no_slots_is_asked_once():
    counting = Counting(sees_slots=False)
    rows, summary = run(counting.judge)
    assert set(rows["order"]) == {"both"} and rows["outcome"].tolist() == [0.0, 1.0, 0.5, 0.5]
    assert summary["calls"] == 3


def test_probabilities_are_turned_with_the_order():
    rows, _ = run(Counting(lambda contest: Verdict(0.75)).judge)
    assert rows.loc[0, "outcome"] == 0.75 and rows.loc[1, "outcome"] == 0.25


def test_identical_texts_tie_even_where_nothing_else_is_to_be_asked():
    counting = Counting()
    rows, summary = run(counting.judge, responses(["same", "so"]), responses(["same", "so"]))
    assert rows["outcome"].tolist() == [0.5, 0.5] and rows["identical"].all() and not rows["cached"].any()
    assert counting.asked == [] and summary["calls"] == 0


def test_the_same_texts_twice_are_asked_once():
    ours, theirs = (pd.concat([f, f.assign(sample=1)]) for f in (responses(OURS), responses(THEIRS)))
    counting = Counting()
    rows, summary = run(counting.judge, ours, theirs)
    assert len(rows) == 14 and summary["calls"] == len(counting.asked) == 6
    assert rows[rows["sample"] == 0]["outcome"].tolist() == rows[rows["sample"] == 1]["outcome"].tolist()


def test_missing_verdicts_stay_and_say_why():
    def rule(contest: Any) -> Verdict:
        return Verdict(None, "hm", "no verdict") if contest.first == "short" else Verdict(1.0)

    rows, summary = run(Counting(rule).judge)
    assert math.isnan(rows.loc[0, "outcome"]) and rows.loc[0, "note"] == "no verdict"  # type: ignore[arg-type]
    assert rows["outcome"].isna().sum() == summary["missing"] == 1
    assert summary["missing_notes"] == {"no verdict": 1}


def test_the_second_run_asks_nothing_and_gives_the_same_rows(tmp_path: Path):
    cache = tmp_path / "cache.sqlite"
    first, one = run(Counting(backwards=True).judge, cache=VerdictCache(cache))
    silent = Counting(dies_after=0)
    second, two = run(silent.judge, cache=VerdictCache(cache))
    pd.testing.assert_frame_equal(first.drop(columns="cached"), second.drop(columns="cached"), check_exact=True)
    assert silent.asked == [] and two["calls"] == 0 and two["cached"] == one["calls"] == 6
    assert second["cached"].tolist() == [True, True, True, True, False, True, True]
    assert not first["cached"].any()
    assert two["cost"] == 0.0 and two["usage_cached"] == one["usage"]


def test_a_missing_verdict_is_kept_where_the_judge_said_something(tmp_path: Path):
    cache = tmp_path / "cache.sqlite"
    run(Counting(lambda contest: Verdict(None, "nonsense", "no verdict")).judge, cache=VerdictCache(cache))
    rows, summary = run(Counting().judge, cache=VerdictCache(cache))
    assert summary["calls"] == 0 and summary["missing"] == 6
    other = tmp_path / "other.sqlite"
    run(Counting(lambda contest: Verdict(None, "", "refused")).judge, cache=VerdictCache(other))
    rows, summary = run(Counting().judge, cache=VerdictCache(other))
    assert summary["calls"] == 6 and not rows["outcome"].isna().any()


def test_a_judge_that_dies_half_way_is_resumed(tmp_path: Path):
    cache = tmp_path / "cache.sqlite"
    whole, _ = run(Counting().judge)
    with pytest.raises(
        BenchError, match=r"(?s)the judge died\n4 of 6 verdicts arrived before that and are kept in .*cache"
    ) as e:
        run(Counting(dies_after=4, backwards=True).judge, cache=VerdictCache(cache))
    assert e.value.exit_code == ExitCode.UNAVAILABLE
    rest = Counting()
    rows, summary = run(rest.judge, cache=VerdictCache(cache))
    assert len(rest.asked) == summary["calls"] == 2 and summary["cached"] == 4
    pd.testing.assert_frame_equal(rows.drop(columns="cached"), whole.drop(columns="cached"), check_exact=True)


def test_a_run_that_is_stopped_loses_nothing_and_ends_the_judge(tmp_path: Path):
    class Stop(Exception):
        pass

    def progress(done: int, total: int) -> None:
        assert total == 6
        if done == 3:
            raise Stop

    cache, counting = VerdictCache(tmp_path / "cache.sqlite"), Counting()
    with pytest.raises(Stop):
        run(counting.judge, cache=cache, progress=progress)
    assert counting.closed and len(VerdictCache(cache.path)) == 3


def test_a_request_to_stop_ends_early_and_loses_nothing(tmp_path: Path):
    """The judge ends by itself; that it gave fewer verdicts than it was asked for is an error of ours otherwise."""
    cache = tmp_path / "cache.sqlite"
    stopped: list[int] = []

    def progress(done: int, total: int) -> None:
        if done == 4:
            stopped.append(done)

    counting = Counting(listens=True)
    with pytest.raises(Interrupted):
        run(counting.judge, cache=VerdictCache(cache), progress=progress, should_stop=lambda: bool(stopped))
    assert len(counting.asked) == len(VerdictCache(cache)) == 4
    _, summary = run(Counting().judge, cache=VerdictCache(cache))
    assert summary["calls"] == 2
    calls = iter([False] * 3 + [True] + [False] * 9)
    with pytest.raises(RuntimeError, match="gave 3 verdicts on 6 contests"):
        run(Counting(listens=True).judge, should_stop=lambda: next(calls))


def test_the_verdict_that_arrives_first_is_that_of_both_processes(tmp_path: Path):
    """The other process got its verdict while this one asked."""
    path, frames = tmp_path / "cache.sqlite", []

    def late(contest: Contest) -> Verdict:
        if not frames:
            frames.append(run(Counting().judge, cache=VerdictCache(path))[0])
        return Verdict(0.5, "never the same")

    rows, summary = run(Counting(late).judge, cache=VerdictCache(path))
    (first,) = frames
    pd.testing.assert_frame_equal(rows.drop(columns="cached"), first.drop(columns="cached"), check_exact=True)
    assert summary["calls"] == 6 and summary["usage"] == {}, "it was asked, and its own answers were paid for"
    assert len(VerdictCache(path)) == 6


def test_a_judge_that_is_asked_alone_is_asked_once_by_two_at_a_time(tmp_path: Path):
    path, lines = tmp_path / "cache.sqlite", []
    slow = Counting(lambda contest: (time.sleep(0.1), longer(contest))[1], asked_alone=True)
    quick = Counting(asked_alone=True)
    caches = [VerdictCache(path), VerdictCache(path)]
    thread = threading.Thread(target=lambda: run(slow.judge, cache=caches[0]))
    thread.start()
    while not slow.asked:
        time.sleep(0.01)
    rows, summary = run(quick.judge, cache=caches[1], report=lines.append)
    thread.join()
    assert len(slow.asked) == summary["cached"] == 6 and quick.asked == [] and rows["outcome"].notna().all()
    (line,) = lines
    assert line.startswith("judge counting: another stage is asking it; this one waits and reuses its answers: waits")


def test_who_waits_for_a_judge_hears_a_request_to_stop(tmp_path: Path):
    cache = VerdictCache(tmp_path / "cache.sqlite")
    with VerdictCache(cache.path).alone(lambda: False, lambda line: None) as came, pytest.raises(Interrupted):
        assert came
        run(Counting(asked_alone=True).judge, cache=cache, should_stop=lambda: True)


def test_the_judge_is_told_what_is_known_and_what_it_must_be(tmp_path: Path):
    cache = tmp_path / "cache.sqlite"
    with pytest.raises(BenchError):
        run(Counting(dies_after=4).judge, cache=VerdictCache(cache))
    counting = Counting()
    run(counting.judge, cache=VerdictCache(cache))
    assert counting.context.known == 4 and counting.context.pins == {"file": "ab12"}


def test_refused_questions_are_not_counted_among_what_is_kept(tmp_path: Path):
    """A judge that gives nothing but refusals and then dies has left nothing in the cache."""
    dying = Counting(lambda contest: Verdict(None, "", "refused"), dies_after=4)
    with pytest.raises(BenchError) as error:
        run(dying.judge, cache=VerdictCache(tmp_path / "cache.sqlite"))
    assert str(error.value) == "the judge died"


def test_a_cost_that_nobody_counted_is_unknown():
    _, summary = run(Counting(lambda contest: Verdict(1.0, usage={"requests": 1, "uncounted": 1})).judge)
    assert summary["cost"] is None and summary["usage"]["uncounted"] == 6


def test_half_a_line_in_a_cache_of_json_lines_is_asked_again(tmp_path: Path):
    cache, old = tmp_path / "cache.sqlite", tmp_path / "cache.jsonl"
    first, _ = run(Counting().judge, cache=VerdictCache(cache))
    with closing(sqlite3.connect(cache)) as database:
        rows = database.execute("SELECT key, verdict FROM answers").fetchall()
    old.write_text("".join(json.dumps({"key": key, **json.loads(verdict)}) + "\n" for key, verdict in rows)[:-20])
    cache.unlink()
    rows, summary = run(Counting().judge, cache=VerdictCache(cache))
    assert summary["calls"] == 1 and summary["damaged_lines"] == 1
    pd.testing.assert_frame_equal(first.drop(columns="cached"), rows.drop(columns="cached"), check_exact=True)


def test_options_that_move_no_verdict_do_not_empty_the_cache(tmp_path: Path):
    cache = tmp_path / "cache.sqlite"
    run(Counting().judge, cache=VerdictCache(cache))
    assert run(Counting().judge, cache=VerdictCache(cache), options=Options(pace=9))[1]["calls"] == 0
    assert run(Counting().judge, cache=VerdictCache(cache), options=Options(strictness=2.0))[1]["calls"] == 6


def test_the_identity_holds_what_moves_a_verdict():
    assert judge_identity(Counting().judge, Options(), Path()) == {
        "name": "counting",
        "version": 1,
        "options": {"strictness": 1.0},
        "identity": {"file": "ab12"},
    }


@pytest.mark.parametrize("finish", ["length", "control_token", "no_token"])
def test_a_cut_response_is_told_to_the_judge(finish: str):
    counting = Counting(sees_slots=False)
    ours = responses(OURS).assign(finish=[finish, "stop", "stop", "stop"])
    run(counting.judge, ours)
    assert [one.first_ended for one in counting.asked] == [False, True, True]
    assert all(one.second_ended for one in counting.asked)


def test_the_order_of_the_responses_moves_nothing():
    rows, _ = run(Counting().judge)
    shuffled, _ = run(Counting().judge, responses(OURS)[::-1], responses(THEIRS).sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(rows, shuffled)


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        (
            responses(OURS),
            responses(THEIRS[:3]),
            "1 of 4 responses have no counterpart of sft, such as sample 0 of example e3",
        ),
        (responses(OURS[:2]), responses(THEIRS), "2 of 4 responses have no counterpart of dpo"),
        (
            responses(OURS, samples=2),
            responses(THEIRS),
            "4 of 8 responses have no counterpart of sft, such as sample 1",
        ),
        (
            pd.concat([responses(OURS)] * 2),
            responses(THEIRS),
            "responses of dpo: sample 0 of example e0 appears twice",
        ),
        (
            responses(OURS),
            pd.concat([responses(THEIRS)] * 2),
            "responses of sft: sample 0 of example e0 appears twice",
        ),
        (responses([]), responses(THEIRS), "responses of dpo: expected at least one"),
        (responses(["a"] * 12), responses(["b"] * 12), "no prompt for 2 examples, such as e10"),
        (responses(OURS).assign(text=None), responses(THEIRS), "expected a text, found NoneType"),
    ],
)
def test_responses_that_do_not_belong_together_are_refused(ours: pd.DataFrame, theirs: pd.DataFrame, message: str):
    counting = Counting()
    with pytest.raises(BenchError, match=message):
        run(counting.judge, ours, theirs)
    assert counting.asked == []


def test_one_text_stands_against_every_sample():
    ours = responses(["a", "b"], samples=3)
    theirs = one_per_example({"e0": "chosen 0", "e1": "chosen 1", "e2": "of no one"}, ours)
    assert theirs["text"].tolist() == ["chosen 0"] * 3 + ["chosen 1"] * 3
    rows, summary = run(Counting().judge, ours, theirs)
    assert len(rows) == 12 and summary["pairs"] == 6
    with pytest.raises(BenchError, match="found none for 1, such as e1"):
        one_per_example({"e0": "chosen"}, ours)
    with pytest.raises(BenchError, match="response of example e1: expected a text, found half of a surrogate pair"):
        one_per_example({"e0": "chosen", "e1": "chosen \udc80"}, ours)


def test_a_prompt_that_no_request_can_hold_is_refused():
    prompt = {"e0": (Message("user", "why \ud83d"),)}
    with pytest.raises(BenchError, match="prompt of example e0: expected a text, found half of a surrogate pair"):
        matched(prompt, responses(["a"]), responses(["b"]), label="dpo", opponent="sft")


def test_the_rows_are_contests_of_the_comparison():
    from benchbench.comparison.win_rates.contests import contests

    rows, _ = run(Counting().judge)
    found = contests(rows)
    assert dict(zip(found.example, found.outcome("average"), strict=True)) == {
        "e0": 0.0,
        "e1": 1.0,
        "e2": 0.5,
        "e3": 0.5,
    }


def test_processes_that_share_the_prompts_have_the_rows_of_one():
    """Each asks for its own; answers are put together in the order in which one process would have asked."""
    expected, summary = run(Counting().judge)
    heard: list[Answers] = []

    def remember(answers: Answers) -> list[Answers]:
        heard.append(answers)
        return [answers, answers]

    judges = [Counting() for _ in range(2)]
    for number, counting in enumerate(judges):
        with pytest.raises(KeyError):  # alone it does not know the other's answers
            run(counting.judge, number=number, world=2, gathered=remember)
    assert {contest.example for contest in judges[0].asked} & {contest.example for contest in judges[1].asked} == set()
    rows, together = run(Counting().judge, world=2, gathered=lambda _: heard)
    pd.testing.assert_frame_equal(rows, expected)
    assert together == summary
