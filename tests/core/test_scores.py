"""What a loss may see."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.scores import (
    Logps,
    Scores,
    UndeclaredInputError,
    each_of,
    log_ratio,
    pair,
    previous_log_ratio,
    weighted_mean,
)


def logps(*rows: list[float], lengths: tuple[int, ...]) -> Logps:
    """One example; each row is a candidate, padded with zeros behind its length."""
    token = torch.tensor([rows], dtype=torch.float64)
    response = torch.arange(token.shape[-1]) < torch.tensor(lengths)[:, None]
    return Logps(token, response[None])


def test_sum_mean_and_length_by_hand():
    """Two tokens of -1 and -3 nats: sum -4, mean -2. One token of -5."""
    found = logps([-1.0, -3.0, 0.0], [-5.0, 0.0, 0.0], lengths=(2, 1))
    assert found.sum().tolist() == [[-4.0, -5.0]]
    assert found.mean().tolist() == [[-2.0, -5.0]]
    assert found.length().tolist() == [[2.0, 1.0]]


def test_the_length_comes_from_the_mask_alone():
    """A token that is certain has log-probability zero and still counts; public code has taken it for padding."""
    found = logps([0.0, -2.0], [0.0, 0.0], lengths=(2, 2))
    assert found.length().tolist() == [[2.0, 2.0]] and found.mean().tolist() == [[-1.0, 0.0]]


def test_an_empty_response_has_mean_zero_rather_than_nan():
    found = logps([0.0, 0.0], [-2.0, 0.0], lengths=(0, 1))
    assert found.mean().tolist() == [[0.0, -2.0]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_length_and_mean_have_the_dtype_of_the_tokens(dtype):
    found = Logps(torch.zeros(1, 2, 3, dtype=dtype), torch.ones(1, 2, 3, dtype=torch.bool))
    assert found.length().dtype == found.mean().dtype == dtype


def test_what_was_not_declared_cannot_be_read():
    scores = Scores(logps([-1.0], [-2.0], lengths=(1, 1)))
    with pytest.raises(UndeclaredInputError, match="declare Need.REFERENCE"):
        scores.reference  # noqa: B018
    with pytest.raises(UndeclaredInputError, match="declare Need.REWARD"):
        scores.reward  # noqa: B018
    with pytest.raises(UndeclaredInputError, match="'gold'; declare it in Method.columns"):
        scores.column("gold")
    with pytest.raises(UndeclaredInputError, match="'weight'; declare it in Method.token_weights"):
        scores.token_weights("weight")


def test_token_weights_that_were_declared_are_read():
    weights = torch.tensor([[[1.0, 0.5]]])
    assert Scores(logps([-1.0, -2.0], lengths=(2,)), _token_weights={"w": weights}).token_weights("w") is weights


def test_what_was_declared_is_what_was_given():
    policy, reference = logps([-1.0], [-2.0], lengths=(1, 1)), logps([-1.5], [-1.0], lengths=(1, 1))
    reward, gold = torch.tensor([[1.0, 0.0]]), torch.tensor([0.5])
    scores = Scores(policy, reference, reward, {"gold": gold})
    assert scores.reference is reference and scores.reward is reward and scores.column("gold") is gold
    assert log_ratio(scores).tolist() == [[0.5, -1.0]]


def test_a_pair_is_split_chosen_first():
    chosen, rejected = pair(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert chosen.tolist() == [1.0, 3.0] and rejected.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("candidates", [1, 3])
def test_other_numbers_of_candidates_are_no_pair(candidates):
    with pytest.raises(ValueError, match=rf"expected pairs \(K = 2\), got K = {candidates}"):
        pair(torch.zeros(5, candidates))


def test_one_tensor_for_each_role_and_no_other_number_of_them():
    first, second, third = each_of(torch.tensor([[1.0, 2.0, 3.0]]), 3)
    assert (first.tolist(), second.tolist(), third.tolist()) == ([1.0], [2.0], [3.0])
    with pytest.raises(ValueError, match="expected 3 candidates by role, got K = 2"):
        each_of(torch.zeros(1, 2), 3)


def test_log_ratios_to_the_last_policy_by_hand():
    policy, old = logps([-1.0, -2.0], [-4.0, 0.0], lengths=(2, 1)), logps([-2.0, -2.0], [-1.0, 0.0], lengths=(2, 1))
    assert previous_log_ratio(Scores(policy, _previous=old)).tolist() == [[1.0, -3.0]]
    with pytest.raises(UndeclaredInputError, match=r"declare Need\.PREVIOUS"):
        previous_log_ratio(Scores(policy, old))


def test_a_mean_by_weights_is_zero_where_no_candidate_has_any():
    values = torch.tensor([[2.0, 4.0], [2.0, 4.0], [2.0, 4.0]], dtype=torch.float64)
    weights = torch.tensor([[1.0, 3.0], [0.0, 1.0], [0.0, 0.0]])
    assert weighted_mean(values, weights).tolist() == [3.5, 4.0, 0.0]
