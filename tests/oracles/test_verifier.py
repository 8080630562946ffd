"""verifier."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench.commands.resolve import resolve
from benchbench.core.errors import BenchError
from benchbench.sources.arithmetic.source import ArithmeticOptions, load
from tests.transforms.toys import transformed

from .toys import group, labelled


def scores(*texts: str, answer: float | str, **options):
    return labelled("verifier", [group(*texts, answer=answer)], **options)[0].scores


def test_the_last_number_is_compared_with_the_answer():
    texts = ("2 + 40 = 42", "it is 41", "42.0 .", "the 1,042nd", "none", "42/")
    assert scores(*texts, answer=42.0) == (1.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    assert scores("so -1,000", "1000", answer="the answer is -1000") == (1.0, 0.0)


def test_a_cut_response_may_be_read_as_the_others():
    assert scores("42/", answer=42.0, cut_is_wrong=False) == (1.0,)


def test_texts_are_compared_without_case_and_white_space():
    assert scores("  A  b C.", "a b", answer="a b c", match="text") == (1.0, 0.0)


def test_only_what_stands_between_the_marks_is_read():
    options = {"match": "text", "after": "answer :", "until": " ."}
    texts = ("sure , answer : a b . because .", "a b .", "answer : b a . answer : a b .")
    assert scores(*texts, answer="a b", **options) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize("answer", ["nothing", float("nan")])
def test_an_answer_that_cannot_be_read_is_refused(answer):
    with pytest.raises(BenchError, match="oracle verifier: example x: expected a number in column 'answer', found"):
        scores("1", answer=answer)


def test_right_beats_wrong_for_certain_and_two_of_a_kind_tie():
    (labels,) = labelled("verifier", [group("42", "41", "42.0", "40", answer=42.0)])
    assert [labels.win(0, place) for place in range(4)] == [0.5, 1.0, 0.5, 1.0]
    assert (labels.win(1, 0), labels.win(1, 3)) == (0.0, 0.5)
    assert labels.answers == 4


def test_the_judgements_of_the_setting_for_judges_are_read_by_the_options_of_its_recipes():
    """The right judgement of every question is right and the wrong one wrong, in the words that the setting has."""
    world = {"demonstrations": 1, "preference_prompts": 20, "validation_prompts": 1, "test_prompts": 1}
    pairs = load(ArithmeticOptions(**world), Path())["train"]
    for name in ("con_j", "genrm"):
        recipe = resolve(f"dpo_sft@{name}", setting="judgements").recipe
        (transform,) = [each for each in recipe.data.transforms if "train" in each.splits]
        questions, _ = transformed(transform.name, pairs, **transform.options)
        assert len(questions) == 20 and recipe.rounds is not None
        for question in questions:
            judged = scores(*question.candidates, answer=question.columns["answer"], **recipe.rounds.oracle.options)
            assert judged == (1.0, 0.0)
