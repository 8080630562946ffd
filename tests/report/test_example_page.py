"""An example in lines: signs say what colours say, and no token is lost at any width."""

from __future__ import annotations

import math

import pytest

from benchbench.core.example import Example, Message, Span
from benchbench.data.reading import CUT, MASKED, READ, SCORED, ReadCandidate, ReadExample, ReadToken
from benchbench.recipe.schema import TokenizationSection
from benchbench.recipe.training import MaskedSpanSection
from benchbench.report.example_page import example_lines, facts, reading_line, token_lines


def token(text: str, fate: str = READ, *, is_prompt: bool = False, **weights: float) -> ReadToken:
    return ReadToken(7, text, is_prompt, fate, weights)


def joined(lines) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


TOKENS = [
    token("a"),
    token(" b", SCORED),
    token("\n", SCORED),
    token(" c", MASKED),
    token(" d", SCORED),
    token("e", CUT),
]


def test_signs_stand_around_runs_and_bars_between_tokens():
    assert joined(token_lines(TOKENS, 80)) == ["a|[ b|\\n]|( c)|[ d]|{e}"]


@pytest.mark.parametrize("width", [6, 9, 12])
def test_lines_fit_and_hold_every_token(width: int):
    lines = joined(token_lines(TOKENS, width))
    assert "".join(lines) == "a|[ b|\\n]|( c)|[ d]|{e}" and max(map(len, lines)) <= width


def test_a_run_of_other_weight_is_a_run_of_its_own():
    tokens = [token("a", SCORED, w=0.5), token("b", SCORED, w=0.5), token("c", SCORED)]
    assert joined(token_lines(tokens, 80)) == ["[a|b]*0.5|[c]"]


def test_colours_are_styles_of_the_same_characters():
    styles = {text: style for line in token_lines(TOKENS, 80) for text, style in line}
    assert "green" in styles[" b"] and "strike" in styles["e"] and "yellow" in styles[" c"]


def example(**more) -> Example:
    return Example("e", (Message("user", "q"),), ("yes", "no"), **more)


def candidate(role: str, *response: ReadToken, prompt_fate: str = READ) -> ReadCandidate:
    return ReadCandidate(role, "q:", role, (token("q:", prompt_fate, is_prompt=True), *response))


def test_a_prompt_that_all_read_alike_stands_once():
    read = ReadExample(
        example(), (candidate("chosen", token("yes", SCORED)), candidate("rejected", token("no", CUT))), "", ""
    )
    lines = joined(example_lines(read, 60))
    assert lines == [
        *("", "prompt of both candidates: 1 tokens", "  q:", "  q:"),
        *("", "chosen: 1 tokens, 1 scored", "  chosen", "  [yes]"),
        *("", "rejected: 1 tokens, 1 cut off", "  rejected", "  {no}"),
    ]


def test_a_prompt_that_is_cut_for_one_alone_stands_with_each():
    cut = candidate("rejected", token("no", SCORED), prompt_fate=CUT)
    read = ReadExample(example(), (candidate("chosen", token("yes", SCORED)), cut), "why", "because")
    lines = joined(example_lines(read, 60))
    assert lines[:2] == ["refused: because", "left out of training: why"]
    assert "prompt of chosen: 1 tokens" in lines and "prompt of rejected: 1 tokens, 1 cut off" in lines


def test_facts_and_spans_are_told():
    spans = {"mask": ((Span(0, 2, 0.0),), ()), "weight": ((Span(1, 3, 0.5),), ())}
    shown = example(ratings=(3.0, math.nan), columns={"gold": (1.5, 2.0), "p": 0.25}, spans=spans)
    assert list(facts(shown)) == ["ratings: 3, missing", "column gold: 1.5, 2", "column p: 0.25"]
    assert list(facts(Example("e", shown.prompt, ("yes",), label=False))) == ["label: false"]
    read = ReadExample(shown, (candidate("chosen"), candidate("rejected")), "", "")
    assert [line for line in joined(example_lines(read, 60)) if "spans" in line] == [
        "  spans mask: characters 0 to 2",
        "  spans weight: characters 1 to 3 0.5",
    ]


def test_a_reading_is_told_in_a_line():
    values = {"add_bos": True, "append_eos": True, "max_length": 64, "truncation": "left", "max_prompt_length": 32}
    section = TokenizationSection(**values, masked_spans=(MaskedSpanSection(start="<t>", end="</t>"),), scored="all")
    assert reading_line(section) == (
        "at most 64 tokens, truncation left, prompts of at most 32, BOS in front, EOS appended, the prompt is scored, "
        "too, not scored from <t> to </t>"
    )
