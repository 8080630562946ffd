"""Filters against distributions worked by hand and against transformers' own; draws against their distribution."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchbench.core.generation import Sampling
from benchbench.generation.token_sampler import draw, penalise, probabilities, uniforms

from .toys import sampled

P = [0.4, 0.3, 0.2, 0.1]


def probabilities_left(sampling: Sampling, p: list[float] = P) -> list[float]:
    return probabilities(torch.tensor([p]).log(), sampling)[0].tolist()


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (sampled(), P),
        (sampled(top_k=2), [4 / 7, 3 / 7, 0, 0]),
        (sampled(top_k=9), P),
        (sampled(top_p=0.65), [4 / 7, 3 / 7, 0, 0]),
        (sampled(top_p=0.75), [4 / 9, 3 / 9, 2 / 9, 0]),
        (sampled(top_p=0.01), [1, 0, 0, 0]),
        (sampled(min_p=0.45), [4 / 9, 3 / 9, 2 / 9, 0]),
        # squares: 16, 9, 4, 1 of 30
        (sampled(temperature=0.5), [16 / 30, 9 / 30, 4 / 30, 1 / 30]),
        (sampled(temperature=0.5, min_p=0.2), [16 / 29, 9 / 29, 4 / 29, 0]),
        # top_k 3 leaves 4/9, 3/9, 2/9; 4/9 + 3/9 = 0.78 reaches 0.75
        (sampled(top_k=3, top_p=0.75), [4 / 7, 3 / 7, 0, 0]),
        # min_p first leaves 4/7, 3/7; 4/7 = 0.571 reaches 0.55 alone. With min_p last, 0.3 would stay
        (sampled(min_p=0.6, top_p=0.55), [1, 0, 0, 0]),
    ],
)
def test_filters_leave_what_their_definition_says(sampling: Sampling, expected: list[float]):
    assert probabilities_left(sampling) == pytest.approx(expected, abs=1e-6)


def test_ties_at_the_kth_place_all_stay():
    assert probabilities_left(sampled(top_k=2), [0.5, 0.2, 0.2, 0.1]) == pytest.approx([5 / 9, 2 / 9, 2 / 9, 0])


def test_a_penalty_divides_what_is_above_zero_and_multiplies_the_rest():
    logits = torch.tensor([[2.0, -2.0, 3.0, 0.0]])
    seen = torch.tensor([[True, True, False, True]])
    assert penalise(logits, seen, 2.0).tolist() == [[1.0, -4.0, 3.0, 0.0]]


@given(
    seed=st.integers(0, 1000),
    temperature=st.sampled_from([0.3, 0.7, 1.0, 1.5]),
    top_k=st.sampled_from([0, 1, 5, 50]),
    top_p=st.sampled_from([1.0, 0.95, 0.6]),
    min_p=st.sampled_from([0.0, 0.05, 0.3]),
    penalty=st.sampled_from([1.0, 1.3, 0.8]),
)
def test_one_filter_after_another_is_what_transformers_does(
    seed: int, temperature: float, top_k: int, top_p: float, min_p: float, penalty: float
):
    """Transformers applies min_p last, which is the same wherever top_k is the only other filter."""
    from transformers.generation import logits_process as processors

    min_p = 0.0 if top_p < 1 else min_p
    logits = torch.randn(3, 40, generator=torch.Generator().manual_seed(seed)) * 3
    said = torch.randint(0, 40, (3, 6), generator=torch.Generator().manual_seed(seed))
    warped = processors.RepetitionPenaltyLogitsProcessor(penalty)(said, logits.clone())
    warped = processors.TemperatureLogitsWarper(temperature)(said, warped)
    warped = processors.TopKLogitsWarper(top_k)(said, warped) if top_k else warped
    warped = processors.TopPLogitsWarper(top_p)(said, warped) if top_p < 1 else warped
    warped = processors.MinPLogitsWarper(min_p)(said, warped) if min_p else warped
    sampling = sampled(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, penalty=penalty)
    seen = torch.zeros(3, 40, dtype=torch.bool).scatter(1, said, True)
    ours = probabilities(penalise(logits, seen, penalty), sampling)
    assert ours.sum(dim=-1).tolist() == pytest.approx([1, 1, 1])
    assert torch.allclose(ours.float(), warped.softmax(dim=-1), atol=1e-5)


def test_a_draw_never_takes_what_a_filter_removed():
    """Numbers at both ends of [0, 1), and masses whose sum is not exactly one."""
    masses = torch.tensor([[0.0, 0.1, 0.0, 0.7, 0.2, 0.0]], dtype=torch.float64)
    for total in (1.0, 3.0, 1 / 3):
        for number, expected in ((0.0, 1), (0.0999, 1), (0.1001, 3), (0.81, 4), (1 - 2**-53, 4)):
            assert draw(masses * total, torch.tensor([number], dtype=torch.float64)).item() == expected


def test_every_row_draws_from_a_generator_of_its_own():
    together = uniforms([5, 6, 7], 20)
    assert torch.equal(together[1], uniforms([6], 20)[0])
    assert together.dtype == torch.float64
    assert bool((together >= 0).all() and (together < 1).all())
    assert len(set(together.flatten().tolist())) == 60
