"""The world of arithmetic: its checks by hand, its faults by enumeration, and what its splits promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.seeding import stream
from benchbench.data.audit import audit
from benchbench.sources.arithmetic.chains import (
    faulty_chain,
    is_still_right,
    right_chain,
    split_steps,
    split_tokens,
    verify,
)
from benchbench.sources.arithmetic.problems import Operation, Problem, draw_problem, read_problem
from benchbench.sources.arithmetic.source import SOURCE, ArithmeticOptions, load

PROMPT = "modulo 10 : 7 plus 5 times 3 minus 9"
PROBLEM = read_problem(PROMPT)
RIGHT = "7 plus 5 is 2 . 2 times 3 is 6 . 6 minus 9 is 7 . answer 7 ."
WORLD = load(ArithmeticOptions(demonstrations=2000, preference_prompts=500), Path())


def test_a_problem_by_hand():
    """7 + 5 = 12, modulo 10 2; 2 * 3 = 6; 6 - 9 = -3, modulo 10 7."""
    assert Problem(10, 7, (Operation("plus", 5), Operation("times", 3), Operation("minus", 9))) == PROBLEM
    assert PROBLEM.values() == (7, 2, 6, 7) and PROBLEM.answer == 7
    assert right_chain(PROBLEM) == RIGHT and PROBLEM.text == PROMPT


@pytest.mark.parametrize("text", ["hello", "modulo 10 : 12 plus 3", "modulo 10 : 3", "modulo 10 : 3 plus"])
def test_what_is_no_prompt_of_this_world_is_refused(text: str):
    with pytest.raises(ValueError, match="expected a prompt of the world of arithmetic"):
        read_problem(text)


def test_every_drawn_problem_is_read_back():
    rng = np.random.default_rng(0)
    problems = [draw_problem(rng, 13, 1, 5) for _ in range(200)]
    assert all(read_problem(problem.text) == problem for problem in problems)
    assert {len(problem.operations) for problem in problems} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("text", "right_steps", "answer"),
    [
        (RIGHT, 4, 7),
        ("7 plus 5 is 3 . 3 times 3 is 9 . 9 minus 9 is 0 . answer 0 .", 0, 0),
        ("7 plus 5 is 2 . 2 times 3 is 5 . 5 minus 9 is 6 . answer 6 .", 1, 6),
        ("7 plus 5 is 2 . 2 times 3 is 5 . 6 minus 9 is 7 . answer 7 .", 1, 7),
        ("7 plus 5 is 2 . 2 times 3 is 6 .", 2, None),
        ("answer 7 .", 0, 7),
        (RIGHT + " answer 7 .", 3, 7),
        ("", 0, None),
    ],
)
def test_a_text_is_checked_step_by_step_and_its_answer_by_itself(text: str, right_steps: int, answer: int | None):
    checked = verify(PROBLEM, text)
    assert (checked.right_steps, checked.steps, checked.answer) == (right_steps, 4, answer)
    assert checked.answer_is_right == (answer == 7) and checked.chain_is_right == (text == RIGHT)


def test_a_text_that_was_cut_has_no_answer():
    checked = verify(PROBLEM, RIGHT, ended=False)
    assert checked.answer is None and not checked.answer_is_right and not checked.chain_is_right
    assert verify(PROBLEM, "7 plus 5 is 2 . 2 times", ended=False).right_steps == 1


def test_steps_of_texts_and_of_tokens_put_together_are_the_whole():
    assert split_steps(RIGHT) == ("7 plus 5 is 2 .", "2 times 3 is 6 .", "6 minus 9 is 7 .", "answer 7 .")
    assert split_steps("7 plus 5 is 2 . 2 ti") == ("7 plus 5 is 2 .", "2 ti")
    assert split_tokens((1, 2, 0, 3, 0), 0) == ((1, 2, 0), (3, 0))
    assert split_tokens((1, 2, 0, 3), 0) == ((1, 2, 0), (3,))
    assert split_tokens((), 0) == ()


def test_a_beginning_is_still_right_exactly_while_the_right_chain_begins_with_it():
    words = RIGHT.split()
    assert all(is_still_right(PROBLEM, " ".join(words[:n])) for n in range(len(words) + 1))
    assert not is_still_right(PROBLEM, "7 plus 5 is 3") and not is_still_right(PROBLEM, RIGHT + " answer")


def test_a_faulty_chain_is_wrong_first_at_its_step_and_consistent_from_there():
    rng = np.random.default_rng(0)
    for problem in [draw_problem(rng, 10, 2, 4) for _ in range(300)]:
        for step in range(len(problem.operations)):
            text = faulty_chain(rng, problem, step)
            checked = verify(problem, text)
            assert checked.answer is not None and not checked.answer_is_right
            assert checked.right_steps in (step, len(problem.operations) - 1)
            for part in split_steps(text)[checked.right_steps + 1 : -1]:
                before, name, operand, _, after, _ = part.split()
                assert Operation(name, int(operand)).apply(int(before), 10) == int(after)


def test_where_every_wrong_result_comes_right_again_the_last_step_is_wrong():
    """Modulo 6 times 2 times 3 is 0 whatever the number before."""
    problem = Problem(6, 1, (Operation("plus", 1), Operation("times", 2), Operation("times", 3)))
    assert verify(problem, faulty_chain(stream(0, "a"), problem, 0)).right_steps == 2


def test_columns_and_candidates_of_each_split():
    assert {split: len(examples) for split, examples in WORLD.items()} == {
        "sft": 2000,
        "train": 500,
        "validation": 500,
        "test": 1000,
    }
    for split in ("train", "validation", "test"):
        for example in WORLD[split]:
            assert example.columns["gold"] == (1.0, 0.0)
            problem = read_problem(example.prompt[0].content)
            assert example.columns["answer"] == problem.answer and example.candidates[0] == right_chain(problem)
    assert WORLD["test"][3].id == "test-00003"


def test_faults_are_as_frequent_as_the_options_say():
    """A fifth of the demonstrations; half of the rejected responses are wrong before the last step."""
    assert np.mean([example.columns["gold"] for example in WORLD["sft"]]) == pytest.approx(0.8, abs=0.03)
    early = [e.columns["right_steps"][1] < e.columns["steps"] - 2 for e in WORLD["test"]]  # type: ignore[operator,index]
    assert np.mean(early) == pytest.approx(0.5, abs=0.05)


def test_no_problem_of_a_held_out_split_occurs_in_training():
    overlaps = {overlap.splits: overlap for overlap in audit(WORLD, WORLD.readings).overlaps}
    assert overlaps[("train", "test")].prompts == overlaps[("sft", "test")].prompts == 0
    assert overlaps[("train", "validation")].prompts == overlaps[("validation", "test")].prompts == 0


def test_a_smaller_world_is_the_beginning_of_a_larger_one_and_a_seed_makes_another():
    smaller = load(ArithmeticOptions(demonstrations=20, preference_prompts=10), Path())
    assert list(smaller["sft"]) == list(WORLD["sft"][:20]) and list(smaller["train"]) == list(WORLD["train"][:10])
    other = load(ArithmeticOptions(world_seed=1, demonstrations=20, preference_prompts=10), Path())
    assert list(other["train"]) != list(smaller["train"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"modulus": 2}, "modulus: expected a number from 3 to 100, got 2"),
        ({"middle_faults": 1.5}, "middle_faults: expected a number from 0 to 1, got 1.5"),
        ({"fewest_steps": 4, "most_steps": 3}, "fewest_steps: expected at most most_steps = 3, got 4"),
    ],
)
def test_options_out_of_range_are_refused(options: dict, message: str):
    with pytest.raises(ValueError, match=message):
        SOURCE.options(**options)


def test_a_step_is_worth_what_the_right_chain_says_of_it():
    """An unfinished text while the chain begins with it, an ended one if it is the chain, a cut one nothing."""
    assert SOURCE.steps is not None and SOURCE.steps.separator == "."
    prompt = (Message("user", "modulo 10 : 7 plus 5 times 3"),)
    right = "7 plus 5 is 2 . 2 times 3 is 6 . answer 6 ."
    for text, open_value, ended in (("7 plus 5 is 2 .", 1, 0), ("7 plus 5 is 3 .", 0, 0), (right, 1, 1), ("", 1, 0)):
        assert SOURCE.steps.value(prompt, text, "open") == open_value
        assert SOURCE.steps.value(prompt, text, "ended") == ended
        assert SOURCE.steps.value(prompt, text, "cut") == 0
    with pytest.raises(BenchError, match="not of the world of arithmetic"):
        SOURCE.steps.value((Message("user", "hello"),), "", "open")
