"""The known process of the codec world as a judge."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.judges.codec import JUDGE, CodecJudgeOptions
from benchbench.sources.codec.likelihood import UNREADABLE, gold_score

from .contests import contest, verdicts

PROMPT = (Message("user", "anna says ba do"),)


def test_the_likelier_sequence_wins_and_equal_ones_tie():
    """`ba` is spoken around cell 0 and `do` around cell 14; glitches in other cells are all as likely."""
    pairs = [("c0 c14", "c20 c14"), ("c20 c14", "c0 c14"), ("c20 c14", "c21 c14")]
    judged = verdicts(JUDGE, CodecJudgeOptions(), [contest(*texts, prompt=PROMPT) for texts in pairs])
    assert [verdict.first_wins for verdict in judged] == [1.0, 0.0, 0.5]
    expected = gold_score("anna says ba do", "c0 c14", 1, 0.02, ended=True)
    assert json.loads(judged[0].raw)["first"] == expected and judged[0].scores is not None


def test_a_sequence_that_was_cut_loses_and_layers_are_read_as_the_options_say():
    cut = replace(contest("c0 c14", "c20 c14", prompt=PROMPT), first_ended=False)
    (verdict,) = verdicts(JUDGE, CodecJudgeOptions(), [cut])
    assert verdict.first_wins == 0.0 and verdict.scores is not None and verdict.scores[0] == UNREADABLE
    both = contest("c0 r0 c14 r0", "c0 c14", prompt=PROMPT)
    assert verdicts(JUDGE, CodecJudgeOptions(layers=2), [both])[0].first_wins == 1.0
    assert verdicts(JUDGE, CodecJudgeOptions(layers=1), [both])[0].first_wins == 0.0


@pytest.mark.parametrize("prompt", [(Message("user", "Who was that?"),), (Message("user", "a"), Message("user", "b"))])
def test_other_worlds_are_refused(prompt: tuple[Message, ...]):
    with pytest.raises(BenchError, match="example e7 is not of the codec world .* choose another judge"):
        verdicts(JUDGE, CodecJudgeOptions(), [contest("a", "b", prompt=prompt, example="e7")])


def test_options_out_of_range_are_refused():
    with pytest.raises(ValueError, match="layers: expected 1 or 2, got 3"):
        CodecJudgeOptions(layers=3)
    with pytest.raises(ValueError, match="glitch_rate: expected"):
        CodecJudgeOptions(glitch_rate=0.0)
