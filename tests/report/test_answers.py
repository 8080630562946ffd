"""Two answers and their verdicts as lines."""

from __future__ import annotations

import math

import pytest

from benchbench.core.example import Message
from benchbench.report.answers import TIE, AnsweredPrompt, GivenVerdict, PolicyAnswer, answer_lines


def verdict(
    outcome: float, *, order: str = "first", label: str = "simpo", opponent: str = "dpo", **more
) -> GivenVerdict:
    values = {"identical": False, "score": math.nan, "opponent_score": math.nan, "note": "", **more}
    return GivenVerdict("e", 0, label, opponent, order, outcome, **values)


def row(*verdicts: GivenVerdict, chosen: str | None = None) -> AnsweredPrompt:
    answers = (PolicyAnswer("dpo", "a long answer in words", 5, "stop"), PolicyAnswer("simpo", "b\x1b[2J", 1, "length"))
    return AnsweredPrompt("e", 0, (Message("user", "why?"),), answers, verdicts, chosen)


def text(shown: AnsweredPrompt, width: int) -> list[str]:
    return ["".join(part for part, _ in line) for line in answer_lines(shown, width)]


def test_answers_stand_below_each_other_at_80_columns():
    assert text(row(verdict(1.0), verdict(0.0, order="second"), chosen="c"), 80) == [
        *("prompt e", "  user: why?", ""),
        *("dpo: 5 tokens, ended", "  a long answer in words", ""),
        *("simpo: 1 tokens, cut at the limit of tokens", "  b\\x1b[2J", ""),
        *("chosen: the data's response", "  c", ""),
        *("simpo against dpo, simpo first: simpo wins", "simpo against dpo, dpo first: dpo wins"),
    ]


def test_answers_stand_beside_each_other_where_there_is_room():
    lines = text(row(), 101)
    assert lines[3].startswith("dpo: 5 tokens, ended") and lines[3].index(" | simpo: 1 tokens") == 49
    assert lines[4].index(" | b\\x1b[2J") == 49 and max(map(len, lines)) <= 101


@pytest.mark.parametrize("width", [20, 80, 100, 120])
def test_no_line_is_wider_than_the_terminal(width: int):
    assert max(map(len, text(row(verdict(math.nan, note="the judge said nothing at all")), width))) <= width


def test_a_winner_is_one_over_both_orders():
    assert row(verdict(1.0), verdict(1.0, order="second")).winner == "simpo"
    assert row(verdict(1.0), verdict(0.0, order="second")).winner == TIE
    assert row(verdict(1.0, label="dpo", opponent="simpo")).winner == "dpo"
    assert row(verdict(1.0), verdict(math.nan, order="second")).winner == "simpo", "what is missing says nothing"
    assert row(verdict(1.0, opponent="chosen")).winner == row().winner == ""


def test_verdicts_say_scores_ties_equal_texts_and_what_is_missing():
    assert verdict(1.0, order="both", score=3.0, opponent_score=1.5).line == "simpo against dpo: simpo wins (3 to 1.5)"
    assert verdict(0.5, order="both", identical=True).line == "simpo against dpo: tie, equal texts"
    assert verdict(math.nan, note="no answer").line == "simpo against dpo, simpo first: missing (no answer)"


def test_plain_values_hold_everything():
    values = row(verdict(1.0)).as_values()
    assert values["prompt"] == [{"role": "user", "content": "why?"}] and values["winner"] == "simpo"
    assert values["answers"][1]["text"] == "b\x1b[2J" and values["verdicts"][0]["outcome"] == 1.0
