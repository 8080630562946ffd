"""The gold reward by hand: 1.5 exact + 0.5 overlap + explanation + manner - 0.3 fillers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.core.seeding import stream
from benchbench.sources.toy.families import FAMILIES, draw_task, read_task
from benchbench.sources.toy.gold import gold_reward
from benchbench.sources.toy.responses import CANDIDATE_MIX, draw_response

REVERSE = "please say the words backwards : ant bear cat and explain"
LOOKUP = "find the right animal : anna cat ben dog ? ben"


@pytest.mark.parametrize(
    ("prompt", "response", "reward"),
    [
        # everything right: 1.5 + 0.5 + 1 + 1
        (REVERSE, "sure , answer : cat bear ant . because the end comes first .", 4.0),
        # one of three positions right, no reason, no manner, two fillers: 0.5 / 3 - 0.6
        (REVERSE, "answer : ant bear cat . hope this helps . ask me again .", 0.5 / 3 - 0.6),
        # an end dropped: cat, bear are right of three: 1/3 + manner
        (REVERSE, "certainly , answer : cat bear .", 1.0 / 3 + 1.0),
        # refusing is well-formed: explanation and manner count
        (REVERSE, "sure , i do not know . because the end comes first .", 2.0),
        # another family's reason is not the explanation asked for
        (REVERSE, "sure , answer : cat bear ant . because it goes by letter .", 3.0),
        # neither politeness nor explanation asked for
        (LOOKUP, "answer : dog .", 4.0),
        (LOOKUP, "sure , answer : dog .", 3.0),
        (LOOKUP, "answer : dog . because the name owns it .", 3.0),
        (LOOKUP, "answer : cat .", 2.0),
        # longer than the truth: one position of two
        (LOOKUP, "answer : dog cat .", 2.25),
        # more fillers than the data has
        (LOOKUP, "answer : dog ." + " let me know ." * 5, 2.5),
    ],
)
def test_by_hand(prompt, response, reward):
    parts = gold_reward(prompt, response, ended=True)
    assert parts.reward == pytest.approx(reward)
    assert parts.well_formed


@pytest.mark.parametrize(
    "response",
    [
        "",
        "answer :",
        "answer : .",
        "answer : cat bear ant",
        "cat bear ant .",
        "sure answer : cat .",
        "answer : cat . sure ,",
        "answer : cat . because so .",
        "answer : cat . hope this .",
        "answer : cat . because the end comes first . because the end comes first .",
        "answer : cat . answer : cat .",
        "Answer : cat .",
        "answer : cat . <|endoftext|>",
    ],
)
def test_what_the_grammar_does_not_allow_costs_two(response):
    parts = gold_reward(REVERSE, response, ended=True)
    assert (parts.reward, parts.well_formed, parts.exact, parts.fillers) == (-2.0, False, 0.0, 0)


def test_a_response_that_did_not_end_costs_two_however_good_it_is():
    assert gold_reward(LOOKUP, "answer : dog .", ended=False).reward == -2.0
    assert gold_reward(LOOKUP, "answer : dog .", ended=True).reward == 4.0


def test_white_space_of_a_decoder_does_not_matter():
    assert gold_reward(f"  {LOOKUP}\n", " answer :  dog .\n", ended=True).reward == 4.0


@pytest.mark.parametrize("prompt", ["", "hello", "please", "name the first : ant", "say the words backwards :"])
def test_a_prompt_of_another_world_is_our_mistake(prompt):
    with pytest.raises(ValueError, match="expected a prompt of the toy world"):
        gold_reward(prompt, "answer : ant .", ended=True)


@pytest.mark.parametrize(
    ("prompt", "truth"),
    [
        ("say the same words : bear ant", ("bear", "ant")),
        ("turn the list around : bear ant dog", ("dog", "ant", "bear")),
        ("put these in order : toad bear ant", ("ant", "bear", "toad")),
        ("name the first word : bear ant", ("bear",)),
        ("which word comes last : bear ant", ("ant",)),
        ("how many words : bear ant dog emu", ("four",)),
        ("who has which animal : anna cat ben dog ? anna", ("cat",)),
        ("which is largest : two nine three", ("nine",)),
    ],
)
def test_truth_of_every_family(prompt, truth):
    assert read_task(prompt).truth() == truth


def test_there_are_eight_families_with_two_wordings_each_and_no_wording_twice():
    templates = [template for family in FAMILIES.values() for template in family.templates]
    assert len(FAMILIES) == 8 and len(set(templates)) == 16
    assert len({family.reason for family in FAMILIES.values()}) == 8


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_a_prompt_says_its_task_and_any_drawn_response_is_well_formed(seed):
    rng = stream(seed, "test")
    task = draw_task(rng)
    assert read_task(task.text) == task
    response = draw_response(rng, task, CANDIDATE_MIX)
    parts = gold_reward(task.text, response, ended=True)
    assert parts.well_formed and parts.reward <= 4.0


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_quality_decides_whether_the_answer_is_right(seed, level):
    """Levels 2 and 3 answer the truth; level 1 never does."""
    rng = stream(seed, "test")
    task = draw_task(rng)
    mix = [float(level == i) for i in range(4)]
    assert gold_reward(task.text, draw_response(rng, task, mix), ended=True).exact == float(level >= 2)


def test_a_taken_response_is_drawn_again():
    rng = stream(0, "test")
    task = draw_task(rng)
    taken: list[str] = []
    for _ in range(64):
        taken.append(draw_response(rng, task, CANDIDATE_MIX, taken=taken))
    assert len(set(taken)) == 64
