"""The toy world against its document (spec/toy_setting.md, section 1), and what its streams promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchbench.data.audit import audit
from benchbench.sources.toy import source as toy
from benchbench.sources.toy.gold import gold_reward

WORLD = toy.load(toy.ToyOptions(), Path())
NUMBER_OF_PAIRS = {"train": 3000, "reward": 6000, "validation": 500, "test": 1000}


def parts(example, candidate=0):
    return gold_reward(example.prompt[0].content, example.candidates[candidate], ended=True)


def words(text: str) -> int:
    return len(text.split())


def keys(split: str) -> set[str]:
    """(family, arguments) of a split's prompts; the template decides the family."""
    from benchbench.sources.toy.families import read_task

    tasks = [read_task(example.prompt[0].content) for example in WORLD[split]]
    return {f"{task.family} {task.arguments}" for task in tasks}


def agreement(pairs) -> float:
    """How often the label is the order of gold, ties half."""
    return float(np.mean([0.5 + 0.5 * np.sign(round(g[0] - g[1], 9)) for g in (p.columns["gold"] for p in pairs)]))


def test_sizes_and_ids():
    sizes = {split: len(examples) for split, examples in WORLD.items()}
    assert sizes == {"sft": 12000, "train_candidates": 3000, **NUMBER_OF_PAIRS}
    assert WORLD["sft"][1].id == "sft-00001"
    assert WORLD["train"][42].id == "train-00042"
    assert [example.id for example in WORLD["reward"][:3]] == ["reward-00000-0", "reward-00000-1", "reward-00001-0"]
    ids = [example.id for examples in WORLD.values() for example in examples]
    assert len(set(ids)) == len(ids)


def test_columns_and_candidates_of_each_split():
    for split in NUMBER_OF_PAIRS:
        example = WORLD[split][0]
        assert len(example.candidates) == 2 and set(example.columns) == {"gold", "p_chosen"}
    assert len(WORLD["train_candidates"][0].candidates) == 4 and set(WORLD["train_candidates"][0].columns) == {"gold"}
    assert all(len(example.candidates) == 1 for example in WORLD["sft"])
    assert all(example.ratings is None and example.label is None for example in WORLD["train"])


def test_a_split_is_made_of_the_candidates_it_says():
    for i in (0, 17, 2999):
        drawn = WORLD["train_candidates"][i]
        assert set(WORLD["train"][i].candidates) == set(drawn.candidates[:2])
        assert WORLD["reward"][2 * i].candidates == WORLD["train"][i].candidates
        assert set(WORLD["reward"][2 * i + 1].candidates) == set(drawn.candidates[2:])
        assert len(set(drawn.candidates)) == 4


def test_no_task_of_a_held_out_split_occurs_in_training():
    train = keys("sft") | keys("train")
    assert not keys("test") & train
    assert not keys("validation") & train
    assert not keys("test") & keys("validation")
    assert 800 < len(keys("test")) < 960  # 886 in the document


def test_the_leak_check_sees_the_splits_that_share_prompts_and_no_other():
    overlaps = {overlap.splits: overlap for overlap in audit(WORLD, WORLD.readings).overlaps}
    assert overlaps[("train", "test")].prompts == 0
    assert overlaps[("sft", "test")].prompts == 0
    assert overlaps[("train", "train_candidates")].examples == (3000, 3000)
    assert overlaps[("sft", "train")].prompts > 0


def test_demonstrations_have_the_documented_quality():
    """85% exact, manner .57, explanation .69, 1.30 fillers, gold 2.57; 12,000 draws."""
    rows = np.array(
        [[p.exact, p.manner, p.explanation, p.fillers, p.reward, p.well_formed] for p in map(parts, WORLD["sft"])]
    )
    np.testing.assert_allclose(rows.mean(axis=0), [0.85, 0.57, 0.69, 1.30, 2.57, 1.0], atol=0.03)
    assert rows[:, 5].min() == 1


def test_candidates_have_the_documented_gold_reward():
    """Gold 2.48, s.d. 1.23, best of 4 3.65, equal pairs 4.9%, correlation with length -0.19."""
    gold = np.array([example.columns["gold"] for example in WORLD["train_candidates"]])
    length = np.array([[words(text) for text in example.candidates] for example in WORLD["train_candidates"]])
    assert gold.mean() == pytest.approx(2.48, abs=0.04)
    assert gold.std() == pytest.approx(1.23, abs=0.03)
    assert gold.max(axis=1).mean() == pytest.approx(3.65, abs=0.04)
    assert np.isclose(gold[:, 0], gold[:, 1]).mean() == pytest.approx(0.049, abs=0.012)
    assert np.corrcoef(gold.ravel(), length.ravel())[0, 1] == pytest.approx(-0.19, abs=0.03)
    assert gold.max() == 4.0


def test_lengths_are_those_of_the_document():
    """Mean prompt 11.6 tokens with its two role marks, mean response 13.0 words, longest sequence 42."""
    train = WORLD["train"]
    assert np.mean([words(e.prompt[0].content) + 2 for e in train]) == pytest.approx(11.6, abs=0.15)
    assert np.mean([words(e.candidates[0]) for e in WORLD["sft"]]) == pytest.approx(13.0, abs=0.15)
    whole = [words(e.prompt[0].content) + 3 + max(map(words, e.candidates)) for s in WORLD.values() for e in s]
    assert max(whole) <= 48


@pytest.mark.parametrize(
    ("length_bias", "flip_rate", "agrees", "longer"),
    [(0.0, 0.0, 0.861, 0.434), (0.3, 0.0, 0.825, 0.518), (0.3, 0.4, 0.559, 0.502), (1.0, 0.0, 0.662, 0.703)],
)
def test_the_annotator_agrees_with_gold_as_documented(length_bias, flip_rate, agrees, longer):
    world = toy.load(toy.ToyOptions(length_bias=length_bias, flip_rate=flip_rate, demonstrations=1), Path())
    pairs = world["reward"]
    lengths = np.array([[words(text) for text in pair.candidates] for pair in pairs])
    assert agreement(pairs) == pytest.approx(agrees, abs=0.02)
    assert np.mean(0.5 + 0.5 * np.sign(lengths[:, 0] - lengths[:, 1])) == pytest.approx(longer, abs=0.025)


def test_more_flips_turn_round_more_of_the_same_labels():
    """Every pair flipped at 0.1 is flipped at 0.3, and texts, order of prompts and demonstrations stay."""
    worlds = [toy.load(toy.ToyOptions(flip_rate=rate, demonstrations=99), Path()) for rate in (0.0, 0.1, 0.3)]
    clean, little, much = (world["train"] for world in worlds)
    flipped = [
        {a.id for a, b in zip(clean, other, strict=True) if a.candidates == b.candidates[::-1]}
        for other in (little, much)
    ]
    assert flipped[0] < flipped[1]
    assert len(flipped[0]) / 3000 == pytest.approx(0.1, abs=0.02)
    assert len(flipped[1]) / 3000 == pytest.approx(0.3, abs=0.03)
    assert worlds[0]["sft"] == worlds[2]["sft"]
    assert worlds[0]["train_candidates"] == worlds[2]["train_candidates"]


def test_a_label_that_is_always_flipped_is_as_certain_as_one_that_never_is():
    never, always = (toy.load(toy.ToyOptions(flip_rate=rate, demonstrations=1), Path())["test"] for rate in (0.0, 1.0))
    for a, b in zip(never, always, strict=True):
        assert a.candidates == b.candidates[::-1]
        assert a.columns["p_chosen"] == pytest.approx(b.columns["p_chosen"])


def test_p_chosen_is_the_probability_of_the_label():
    """Chosen with probability p, so that p_chosen has mean sum p^2 + (1-p)^2; flips included."""
    pairs = toy.load(toy.ToyOptions(flip_rate=0.2, demonstrations=1), Path())["reward"]
    p = np.array([pair.columns["p_chosen"] for pair in pairs])
    expected = p**2 + (1 - p) ** 2
    assert p.mean() == pytest.approx(expected.mean(), abs=0.015)
    assert p.min() >= 0.2 - 1e-12 and p.max() <= 0.8 + 1e-12


def test_p_chosen_by_hand():
    """Gold 4.0 against 2.0 and 4 words more: u = 2 + 0.3 = 2.3, sigmoid(4.6) = 0.990048; flips 0.1: 0.892038."""
    from benchbench.sources.toy.annotator import Annotator

    annotator = Annotator(length_bias=0.3, flip_rate=0.1)
    texts = ("answer : cat . hope this helps .", "answer : dog .")
    assert annotator.prefers_first(texts, (4.0, 2.0)) == pytest.approx(0.990048, abs=1e-6)
    assert annotator.labels_first(texts, (4.0, 2.0)) == pytest.approx(0.892038, abs=1e-6)


def test_length_bias_changes_labels_and_nothing_else():
    plain, tempted = (toy.load(toy.ToyOptions(length_bias=bias, demonstrations=50), Path()) for bias in (0.0, 0.6))
    assert plain["train_candidates"] == tempted["train_candidates"]
    changed = sum(a.candidates != b.candidates for a, b in zip(plain["train"], tempted["train"], strict=True))
    assert 0.05 < changed / 3000 < 0.3


def test_a_smaller_world_is_the_beginning_of_a_larger_one():
    small = toy.load(
        toy.ToyOptions(demonstrations=10, preference_prompts=7, test_prompts=3, validation_prompts=2, candidates=2),
        Path(),
    )
    for split in ("sft", "train", "validation", "test"):
        assert tuple(small[split]) == tuple(WORLD[split][: len(small[split])])
    assert [e.candidates for e in small["train_candidates"]] == [
        e.candidates[:2] for e in WORLD["train_candidates"][:7]
    ]


def test_an_odd_number_of_candidates_leaves_the_last_out_of_the_reward_pairs():
    world = toy.load(toy.ToyOptions(preference_prompts=5, candidates=5, demonstrations=1), Path())
    assert len(world["reward"]) == 10 and len(world["train_candidates"][0].candidates) == 5


def test_another_world_seed_is_another_world_with_the_same_held_out_tasks():
    other = toy.load(toy.ToyOptions(world_seed=1, demonstrations=1, preference_prompts=1), Path())
    assert other["test"][0] != WORLD["test"][0]
    prompts = {example.prompt for example in WORLD["train"]}
    assert not prompts & {example.prompt for example in other["test"]}


def test_the_same_options_give_the_same_world():
    assert toy.load(toy.ToyOptions(), Path()).splits == WORLD.splits
    assert toy.identity(toy.ToyOptions(), Path()) == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"flip_rate": 1.1}, "flip_rate: expected a number from 0 to 1, got 1.1"),
        ({"flip_rate": float("nan")}, "flip_rate: expected a number from 0 to 1, got nan"),
        ({"length_bias": float("inf")}, "length_bias: expected a number from -100 to 100, got inf"),
        ({"world_seed": -1}, "world_seed: expected"),
        ({"candidates": 1}, "candidates: expected a number from 2 to 64, got 1"),
        ({"demonstrations": 0}, "demonstrations: expected"),
        ({"test_prompts": 0}, "test_prompts: expected"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        toy.ToyOptions(**options)
