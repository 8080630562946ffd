"""A judge that an oracle asks: what it ever answered is read, new answers are kept, and one stage at a time asks it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError, Interrupted
from benchbench.core.judge import Contest, JudgeContext
from benchbench.judging.identity import judge_identity
from benchbench.judging.questions import JudgeAsker
from benchbench.store.verdict_cache import VerdictCache

from .judges import Counting, Options, longer, prompts

CONTESTS = [
    Contest("e0", 0, tuple(prompts(1)["e0"]), first, second)
    for first, second in (("long one", "b"), ("c", "dd"), ("long one", "b"))
]


def asker(folder: Path, should_stop=lambda: False, report=lambda line: None) -> JudgeAsker:
    return JudgeAsker(folder / "runs", JudgeContext(folder, should_stop=should_stop, report=report))


def test_what_was_answered_is_never_asked_again_whoever_asks(tmp_path: Path):
    counting = Counting(asked_alone=True)
    first = dict(asker(tmp_path)(counting.judge, Options(), CONTESTS))
    assert {place: verdict.first_wins for place, verdict in first.items()} == {0: 1.0, 1: 0.0, 2: 1.0}
    assert len(counting.asked) == 2, "the same texts twice are asked once"
    assert counting.context.pins == {"file": "ab12"}
    again = dict(asker(tmp_path)(counting.judge, Options(pace=7), CONTESTS))
    assert again == first and len(counting.asked) == 2


def test_what_a_judge_gave_before_it_died_or_was_stopped_is_kept(tmp_path: Path):
    dying = Counting(dies_after=1)
    with pytest.raises(BenchError, match="1 of 2 verdicts arrived before that and are kept"):
        list(asker(tmp_path)(dying.judge, Options(), CONTESTS))
    with pytest.raises(Interrupted):
        list(asker(tmp_path, lambda: True)(Counting(listens=True).judge, Options(), CONTESTS))
    healthy = Counting()
    assert len(dict(asker(tmp_path)(healthy.judge, Options(), CONTESTS))) == 3
    assert [contest.first for contest in healthy.asked] == ["c"]
    assert healthy.context.known == 1


def test_a_judge_that_takes_one_stage_at_a_time_is_waited_for(tmp_path: Path):
    """Another stage is at it and answers meanwhile; this one reads those answers."""
    counting = Counting(asked_alone=True)
    cache = VerdictCache.of(tmp_path / "runs", judge_identity(counting.judge, Options(), tmp_path))
    said: list[str] = []
    looks = iter([False, False, True])
    with cache.alone(lambda: False, said.append), pytest.raises(Interrupted):
        list(asker(tmp_path, lambda: next(looks), said.append)(counting.judge, Options(), CONTESTS))
    (line,) = said
    assert line.startswith("judge counting: another stage is asking it; this one waits and reuses its answers: waits")
    assert counting.asked == []


def test_a_judge_whose_answers_nobody_waits_for_is_closed(tmp_path: Path):
    counting = Counting(longer)
    with closing(asker(tmp_path)(counting.judge, Options(), CONTESTS)) as coming:
        next(coming)
    assert counting.closed and len(counting.asked) == 1
