"""Every variant can be made ready and repeated, and both sides come to the same."""

from __future__ import annotations

import math

import pytest

from benchmarks.worker import VARIANTS, Round, Task, make_ready


def once(variant: str, mix: str = "feas", *, bf16: bool = False) -> Round:
    """One round of a variant at a tiny size."""
    runner, imported = make_ready(Task(variant, mix, bf16, quick=True))
    assert imported > 0
    return runner()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_is_timed_and_what_it_came_to_is_finite(variant: str):
    result = once(variant)
    assert 0 < result.main.wall_seconds < math.inf and result.main.cpu_seconds > 0
    assert all(math.isfinite(value) for value in result.values)
    assert result.values or variant == "matrix products"


def test_ours_and_trl_have_the_same_losses_step_by_step():
    ours, theirs = once("ours", "bench"), once("TRL tuned", "bench")
    assert len(ours.values) == 2
    assert ours.values == pytest.approx(theirs.values, abs=1e-5)
    assert ours.before.wall_seconds > 0 and theirs.before.wall_seconds > 0


def test_a_second_round_of_trl_runs_its_reference_again():
    runner, _ = make_ready(Task("TRL tuned", "bench", quick=True))
    first, second = runner(), runner()
    assert first.values == second.values
    assert second.before.cpu_seconds > first.before.cpu_seconds / 10


@pytest.mark.parametrize("variant", ["ours, nothing shared", "ours, padded"])
def test_layouts_of_many_candidates_have_the_same_losses(variant: str):
    assert once("ours", "k4").values == pytest.approx(once(variant, "k4").values, abs=1e-5)


def test_scores_are_those_of_plain_transformers():
    assert once("score").values == pytest.approx(once("plain transformers").values, abs=1e-3)


@pytest.mark.parametrize("variant", ["ours", "score", "TRL tuned"])
def test_bfloat16_works(variant: str):
    assert all(math.isfinite(value) for value in once(variant, bf16=True).values)
