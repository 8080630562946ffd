"""self_consuming: the exact step by enumeration, and what it must come to."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.analyses.self_consuming import Options, analyse, curated
from benchbench.core.analysis import Row
from benchbench.core.measurement import Array


def by_enumeration(model: Array, rewards: Array, k: int) -> Array:
    """All tuples of k samples, one of which is picked."""
    picked = np.zeros(len(model))
    for drawn in product(range(len(model)), repeat=k):
        weights = np.exp(rewards[[*drawn]])
        np.add.at(picked, [*drawn], model[[*drawn]].prod() * weights / weights.sum())
    return picked


def rounds(**options: Any) -> list[Row]:
    return list(analyse({}, Options(**options)).tables[0].rows)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_what_is_picked_is_what_enumeration_says(k: int):
    model, rewards = np.array([0.5, 0.3, 0.15, 0.05]), np.array([0.0, -3.0, 1.5, 4.0])
    assert curated(model, rewards, k) == pytest.approx(by_enumeration(model, rewards, k), abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-8, 8), min_size=2, max_size=4), st.integers(2, 4), st.integers(0, 1000))
def test_it_is_exact_for_any_rewards_and_never_lowers_the_mean_reward(values: list[float], k: int, seed: int):
    rewards, model = np.array(values), np.random.default_rng(seed).dirichlet(np.ones(len(values)))
    picked = curated(model, rewards, k)
    assert picked == pytest.approx(by_enumeration(model, rewards, k), abs=1e-10)
    assert picked @ rewards >= model @ rewards - 1e-10


def test_many_candidates_tilt_the_model_by_the_exponential_of_the_reward():
    model, rewards = np.array([0.6, 0.3, 0.1]), np.array([0.0, 0.5, 1.0])
    tilted = model * np.exp(rewards)
    assert curated(model, rewards, 4000) == pytest.approx(tilted / tilted.sum(), abs=1e-3)


def test_one_candidate_is_no_curation():
    assert all(line["KL"] == pytest.approx(0.0, abs=1e-12) for line in rounds(candidates=1, rounds=5))


def test_without_real_data_the_model_collapses_to_the_best():
    lines = rounds(rounds=200)
    rewards = [line["reward"] for line in lines]
    assert rewards == sorted(rewards) and rewards[-1] == pytest.approx(2.0, abs=1e-6)
    assert lines[-1]["sd"] < 1e-3 and lines[-1]["entropy"] < 1e-4 and lines[-1]["best"] > 1 - 1e-6


def test_responses_that_are_equally_good_share_the_end_as_they_began():
    end = analyse({}, Options(rewards=(0.0, 1.0, 1.0), real=(0.5, 0.4, 0.1), rounds=300)).tables[1].rows
    assert [row["at the end"] for row in end] == pytest.approx([0.0, 0.8, 0.2], abs=1e-6)


def test_a_share_of_real_data_keeps_the_model_from_collapsing():
    """No response falls below its share of the real data, and the model comes to rest."""
    end = analyse({}, Options(share=0.3, rounds=100)).tables[1].rows
    assert all(row["at the end"] >= 0.3 * row["real"] - 1e-12 for row in end)
    lines = rounds(share=0.3, rounds=100)
    assert lines[-1]["reward"] == pytest.approx(lines[-2]["reward"], abs=1e-9)
    assert lines[0]["reward"] < lines[-1]["reward"] < rounds(rounds=100)[-1]["reward"]
    assert all(line["KL"] == pytest.approx(0.0, abs=1e-12) for line in rounds(share=1.0, rounds=3))


@pytest.mark.parametrize(
    "options",
    [
        {"rewards": (1.0,)},
        {"rewards": (0.0, math.inf)},
        {"real": (0.5, 0.5)},
        {"real": (0.5, 0.3, 0.2, 0.0)},
        {"candidates": 0},
        {"share": 1.5},
    ],
)
def test_a_world_that_is_none_is_refused(options: dict[str, Any]):
    with pytest.raises(ValueError, match="expected"):
        Options(**options)
