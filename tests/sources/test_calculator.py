"""The calculator of the world of arithmetic: its answers by hand, and demonstrations that call it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from benchbench.core.example import MASK
from benchbench.sources.arithmetic.calculator import CALCULATOR, calculate, observed, traced
from benchbench.sources.arithmetic.chains import calls_text, faulty_calls, right_calls, right_chain, split_steps, verify
from benchbench.sources.arithmetic.problems import Operation, Problem, draw_problem, read_problem
from benchbench.sources.arithmetic.source import SOURCE, ArithmeticOptions, load

PROBLEM = read_problem("modulo 10 : 7 plus 5 times 3 minus 9")
RIGHT = "calc 7 plus 5 modulo 10 = 2 . calc 2 times 3 modulo 10 = 6 . calc 6 minus 9 modulo 10 = 7 . answer 7 ."
SIZES = {"demonstrations": 600, "preference_prompts": 100, "validation_prompts": 50, "test_prompts": 50}
WORLD = load(ArithmeticOptions(calculator=True, **SIZES), Path())


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("calc 7 plus 5 modulo 10 =", "2 ."),
        ("calc 6 minus 9 modulo 10 =", "7 ."),
        ("calc 7 plus 5 times 3 modulo 10 =", "6 ."),
        ("calc 999999 times 999999 modulo 1000 =", "1 ."),
        ("answer 3 . calc 4 calc 1 plus 1 modulo 7 =", "2 ."),
        (" calc  7 plus 5  modulo 10 =", "2 ."),
        ("7 plus 5 modulo 10 =", None),
        ("calc 7 plus 5 =", None),
        ("calc 7 plus 5 modulo 10", None),
        ("calc 7 modulo 10 =", None),
        ("calc 7 plus modulo 10 =", None),
        ("calc 7 plus 5 modulo 0 =", None),
        ("calc 7 power 5 modulo 10 =", None),
        ("calc -7 plus 5 modulo 10 =", None),
        ("calc 1234567 plus 5 modulo 10 =", None),
        ("calc 1" + " plus 1" * 9 + " modulo 10 =", None),
        ("calc __import__('os') plus 5 modulo 10 =", None),
        ("=", None),
        ("", None),
    ],
)
def test_a_call_is_answered_by_hand_and_what_is_none_is_not(call: str, answer: str | None):
    """(7 + 5) * 3 = 36, modulo 10 6; 999999 is -1 modulo 1000, and its square 1."""
    assert calculate(call) == answer and CALCULATOR.answer(call) == answer


def test_a_chain_of_calls_is_as_right_as_the_chain_in_words():
    assert right_calls(PROBLEM) == RIGHT
    assert verify(PROBLEM, RIGHT) == verify(PROBLEM, right_chain(PROBLEM))
    assert verify(PROBLEM, RIGHT).chain_is_right
    mixed = RIGHT.replace("calc 2 times 3 modulo 10 = 6", "2 times 3 is 6")
    assert verify(PROBLEM, mixed).chain_is_right


@pytest.mark.parametrize(
    ("text", "right_steps", "answer"),
    [
        ("calc 7 plus 5 modulo 10 = 2 . calc 3 times 3 modulo 10 = 9 . answer 9 .", 1, 9),
        ("calc 7 plus 5 modulo 9 = 3 . answer 7 .", 0, 7),
        ("calc 7 plus 5 times 3 minus 9 modulo 10 = 7 . answer 7 .", 0, 7),
        ("calc 7 plus 5 modulo 10 = error . answer 7 .", 0, 7),
    ],
)
def test_calls_are_checked_step_by_step(text: str, right_steps: int, answer: int):
    checked = verify(PROBLEM, text)
    assert (checked.right_steps, checked.answer, checked.chain_is_right) == (right_steps, answer, False)


def test_what_the_calculator_wrote_of_a_text():
    assert [RIGHT[span.start : span.end] for span in observed(RIGHT)] == ["2 .", "6 .", "7 ."]
    text = "7 = calc = error . answer 7 ."
    assert [text[span.start : span.end] for span in observed(text)] == ["error ."]


def test_a_faulty_chain_asks_about_a_wrong_number_and_what_it_is_told_is_true():
    rng = np.random.default_rng(0)
    for problem in [draw_problem(rng, 10, 2, 4) for _ in range(200)]:
        for step in range(len(problem.operations)):
            text = faulty_calls(rng, problem, step)
            checked = verify(problem, text)
            assert checked.answer is not None and not checked.answer_is_right
            assert checked.right_steps == step
            for part in split_steps(text)[:-1]:
                call, _, answer = part.partition("= ")
                assert calculate(f"{call}=") == answer


def test_where_every_number_leads_to_the_right_answer_what_is_given_in_the_end_is_wrong():
    """Modulo 6 times 2 times 3 is 0 whatever the number before."""
    problem = Problem(6, 1, (Operation("times", 2), Operation("times", 3), Operation("plus", 1)))
    checked = verify(problem, faulty_calls(np.random.default_rng(0), problem, 0))
    assert checked.right_steps == 3 and checked.answer != 1


def test_numbers_for_another_number_of_operations_are_refused():
    with pytest.raises(ValueError, match="zip"):
        calls_text(PROBLEM, (7,))


def test_every_candidate_masks_what_the_calculator_wrote():
    for examples in WORLD.values():
        for example in examples:
            problem = read_problem(example.prompt[0].content)
            for text, spans in zip(example.candidates, example.spans[MASK], strict=True):
                assert spans == observed(text) and len(spans) == len(problem.operations)
    for example in WORLD["train"]:
        assert (
            example.columns["gold"] == (1.0, 0.0) and verify(problem_of(example), example.candidates[0]).chain_is_right
        )


def problem_of(example) -> Problem:
    return read_problem(example.prompt[0].content)


def test_the_prompts_are_those_of_the_world_without_a_calculator():
    plain = load(ArithmeticOptions(**SIZES), Path())
    for split, examples in plain.items():
        assert [example.prompt for example in examples] == [example.prompt for example in WORLD[split]]
        assert not any(example.spans for example in examples)
    wrong = [1 - float(np.mean(example.columns["gold"])) for example in WORLD["sft"]]
    assert math.isclose(float(np.mean(wrong)), 0.2, abs_tol=0.05)


def test_the_calculator_is_in_use_where_the_option_says_so():
    assert SOURCE.tool_in_use(ArithmeticOptions(calculator=True)) is CALCULATOR
    assert SOURCE.tool_in_use(ArithmeticOptions()) is None


def test_a_trace_says_what_is_true_of_each_step_that_a_response_claims():
    """7 plus 5 is 2 modulo 10 and not 3; what follows from 3 is checked as it was claimed."""
    assert traced("7 plus 5 is 3 . 3 times 3 is 9 . answer 9 .", 10) == (
        "7 plus 5 is 3 . 3 times 3 is 9 . answer 9 . calc 7 plus 5 modulo 10 = 2 . calc 3 times 3 modulo 10 = 9 ."
    )


def test_a_world_with_traces_is_the_same_world_with_text_behind_its_responses():
    plain, other = (load(ArithmeticOptions(tool_traces=on, **SIZES), Path()) for on in (False, True))
    for before, after in zip(plain["test"], other["test"], strict=True):
        assert after.candidates == tuple(traced(text, 10) for text in before.candidates)
        assert (after.columns, after.spans) == (before.columns, {})
    with pytest.raises(ValueError, match="tool_traces: expected false with calculator"):
        ArithmeticOptions(tool_traces=True, calculator=True)


def test_further_pairs_are_a_split_of_their_own():
    assert "further" not in WORLD
    world = load(ArithmeticOptions(further_pairs=20, **SIZES), Path())
    assert len(world["further"]) == 20 and world["further"][0].columns["gold"] == (1.0, 0.0)
    assert world["train"] == load(ArithmeticOptions(**SIZES), Path())["train"]
