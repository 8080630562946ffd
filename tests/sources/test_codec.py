"""The codec world: its likelihood against enumeration, and what its splits promise."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from benchbench.data.audit import audit
from benchbench.sources.codec.likelihood import UNREADABLE, gold_score, log_likelihood
from benchbench.sources.codec.source import SOURCE, CodecOptions, load
from benchbench.sources.codec.speech import (
    CELLS,
    NOISE,
    PLACES,
    RING,
    STAY,
    Utterance,
    draw_utterance,
    emission,
    read_frames,
    read_utterance,
    speak,
)

WORLD = load(CodecOptions(demonstrations=300, golden_prompts=300, validation_prompts=300, test_prompts=300), Path())
TWO = Utterance("ben", ("ba", "do"))


def test_the_first_syllable_of_the_first_speaker_lies_at_nought_and_others_are_moved():
    """16 syllables on a ring of 128: 8 places each; ben is moved by 2. `do` is the eighth."""
    assert Utterance("anna", ("ba", "be", "do")).centres() == (0, 8, 56)
    assert TWO.centres() == (2, 58)


def test_a_frame_is_binomial_noise_and_glitches():
    """At the centre 924 of 4096; a glitch adds 1 in 128 and takes its share of the rest."""
    assert emission((40,), 40, 0.0) == pytest.approx(math.comb(NOISE, 6) / 2**NOISE)
    assert emission((40,), 40, 0.5) == pytest.approx(0.5 * 924 / 4096 + 0.5 / 128)
    assert emission((40 + 7,), 40, 0.25) == pytest.approx(0.25 / 128)
    assert sum(emission((point,), 125, 0.1) for point in range(RING)) == pytest.approx(1.0)


def test_all_sequences_of_two_frames_are_as_likely_as_two_syllables_last_two_frames():
    """Each syllable ends after its first frame: 1/2 * 1/2."""
    texts = (f"c{first} c{second}" for first, second in itertools.product(range(CELLS), repeat=2))
    total = math.fsum(math.exp(log_likelihood(TWO, text, 1, 0.02)) for text in texts)
    assert total == pytest.approx((1 - STAY) ** 2)


def test_the_recursion_is_the_sum_over_all_ways_to_divide_the_frames():
    text, cells = "c0 c1 c14 c15", (0, 1, 14, 15)
    points = [tuple(range(cell * PLACES, cell * PLACES + PLACES)) for cell in cells]
    total = 0.0
    for first_lasts in (1, 2, 3):
        centres = [TWO.centres()[0]] * first_lasts + [TWO.centres()[1]] * (4 - first_lasts)
        seen = math.prod(emission(p, centre, 0.02) for p, centre in zip(points, centres, strict=True))
        total += seen * STAY**2 * (1 - STAY) ** 2  # two of four frames go on, two syllables end
    assert log_likelihood(TWO, text, 1, 0.02) == pytest.approx(math.log(total))


def test_residual_codes_divide_the_likelihood_of_their_coarse_code():
    residuals = itertools.product(range(PLACES), repeat=2)
    total = math.fsum(math.exp(log_likelihood(TWO, f"c0 r{a} c14 r{b}", 2, 0.02)) for a, b in residuals)
    assert math.log(total) == pytest.approx(log_likelihood(TWO, "c0 c14", 1, 0.02))


@pytest.mark.parametrize("text", ["", "c0", "c0 c32", "c0 r1", "hello c1", "r1 c0", "c0 c1 ."])
def test_what_the_process_cannot_speak_has_the_lowest_score(text: str):
    assert gold_score(TWO.text, text, 1, 0.02, ended=True) == UNREADABLE


def test_a_sequence_that_was_cut_has_the_lowest_score_and_any_that_can_be_spoken_more():
    assert gold_score(TWO.text, "c0 c14", 1, 0.02, ended=False) == UNREADABLE
    assert gold_score(TWO.text, " ".join(["c31"] * 48), 1, 0.02, ended=True) > UNREADABLE
    assert gold_score(TWO.text, "c0 c14", 1, 0.02, ended=True) == round(log_likelihood(TWO, "c0 c14", 1, 0.02), 6)


def test_two_layers_are_read_in_turn():
    assert read_frames("c3 r1 c0 r0", 2) == ((13,), (0,))
    assert read_frames("c3 c0", 1) == ((12, 13, 14, 15), (0, 1, 2, 3))
    assert read_frames("c3 r1 c0", 2) is None and read_frames("c3 c1", 2) is None and read_frames("c3 r4", 2) is None


@pytest.mark.parametrize("layers", [1, 2])
def test_what_is_spoken_is_read_back_and_has_a_likelihood(layers: int):
    rng = np.random.default_rng(0)
    for _ in range(50):
        utterance = draw_utterance(rng, 2, 5)
        assert read_utterance(utterance.text) == utterance
        text = speak(rng, utterance, layers, 0.02)
        assert read_frames(text, layers) is not None and math.isfinite(log_likelihood(utterance, text, layers, 0.02))


def test_the_coarse_codes_are_the_same_with_and_without_residual_codes():
    rng, other = np.random.default_rng(3), np.random.default_rng(3)
    coarse, both = speak(rng, TWO, 1, 0.1), speak(other, TWO, 2, 0.1)
    assert both.split()[::2] == coarse.split()


@pytest.mark.parametrize("text", ["hello", "anna says", "anna says xu", "emil says ba"])
def test_what_is_no_prompt_of_this_world_is_refused(text: str):
    with pytest.raises(ValueError, match="expected a prompt of the codec world"):
        read_utterance(text)


def test_pairs_have_the_golden_sequences_and_synthetic_ones_that_are_less_likely_on_average():
    assert [e.candidates[:1] for e in WORLD["train"]] == [e.candidates for e in WORLD["golden"]]
    assert [e.prompt for e in WORLD["train"]] == [e.prompt for e in WORLD["golden"]]
    gold = np.array([example.columns["gold"] for example in WORLD["train"]])
    assert gold[:, 0].mean() > gold[:, 1].mean() + 5
    assert 0.05 < (gold[:, 0] <= gold[:, 1]).mean() < 0.3
    assert all(example.candidates[0] != example.candidates[1] for example in WORLD["test"])
    assert WORLD["sft"][2].id == "sft-00002" and len(WORLD["sft"][2].candidates) == 1


def test_syllables_of_a_held_out_split_do_not_occur_in_training():
    overlaps = {overlap.splits: overlap for overlap in audit(WORLD, WORLD.readings).overlaps}
    assert overlaps[("train", "test")].prompts == overlaps[("sft", "test")].prompts == 0
    spoken = {split: {e.prompt[0].content.split(" says ")[1] for e in WORLD[split]} for split in WORLD}
    assert not spoken["test"] & (spoken["sft"] | spoken["train"] | spoken["validation"])


def test_a_smaller_world_is_the_beginning_of_a_larger_one():
    smaller = load(CodecOptions(demonstrations=9, golden_prompts=7, validation_prompts=5, test_prompts=3), Path())
    assert all(list(smaller[split]) == list(WORLD[split][: len(smaller[split])]) for split in smaller)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 3}, "layers: expected a number from 1 to 2, got 3"),
        ({"glitch_rate": 0.0}, "glitch_rate: expected a number from 0.001 to 1, got 0.0"),
        ({"fewest_syllables": 8}, "fewest_syllables: expected at most most_syllables = 6, got 8"),
    ],
)
def test_options_out_of_range_are_refused(options: dict, message: str):
    with pytest.raises(ValueError, match=message):
        SOURCE.options(**options)
