"""Lists of K candidates: their order by reward, ranks and pairs; shared by losses that compare more than two."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def several(values: Tensor) -> Tensor:
    """[B, K] the values as they are.

    Raises:
        ValueError: K is 1; there is nothing to compare.
    """
    if values.shape[-1] < 2:
        raise ValueError(f"expected at least two candidates, got K = {values.shape[-1]}")
    return values


def best_first(rewards: Tensor) -> Tensor:
    """[B, K] places of the candidates from the highest reward to the lowest; equal rewards in the order given."""
    return rewards.argsort(dim=-1, descending=True, stable=True)


def ranks(values: Tensor) -> Tensor:
    """[B, K] rank of each candidate from 1, the highest value first; equal values in the order given."""
    return best_first(values).argsort(dim=-1) + 1


def differences(values: Tensor) -> Tensor:
    """[B, K, K] value of candidate i minus value of candidate j."""
    return values[..., :, None] - values[..., None, :]


def not_before(values: Tensor) -> Tensor:
    """[K, K] bool, true where candidate j is i or comes after it."""
    count = values.shape[-1]
    return values.new_ones((count, count)).triu().bool()


def plackett_luce_nll(values: Tensor, rewards: Tensor) -> Tensor:
    """[B] negative log-likelihood of the order by reward, under the Plackett-Luce model of the values.

    The candidates are chosen one after the other, the best first, each with probability softmax of what is left:
    sum over k of log sum_{i >= k} e^{v_i} - v_k, in the order of the rewards (Plackett 1975).

    Args:
        values: [B, K] score of each candidate, in nats.
        rewards: [B, K] what orders them; equal rewards are taken in the order given.
    """
    ordered = values.gather(-1, best_first(rewards))
    left = ordered[..., None, :].expand(*ordered.shape, ordered.shape[-1])
    left = left.masked_fill(~not_before(ordered), float("-inf"))
    return (left.logsumexp(dim=-1) - ordered).sum(dim=-1)


def lambda_rank(values: Tensor, rewards: Tensor, ranked: Tensor) -> Tensor:
    """[B] logistic losses of all pairs of a list, each weighted by what exchanging the two would do to its DCG.

    The sum over pairs with r_i > r_j of |2^r_i - 2^r_j| |1 / log(1 + rank_i) - 1 / log(1 + rank_j)| softplus(v_j - v_i)
    (Liu et al. 2024, arXiv:2402.01878). The weights have no gradient, and equal rewards make no pair.

    Args:
        values: [B, K] score of each candidate, in nats.
        rewards: [B, K] what says which candidate is the better one, and by how much.
        ranked: [B, K] what the ranks are of, from 1 for the highest.
    """
    from torch.nn.functional import softplus

    gain = differences(2.0 ** rewards.to(values)).abs()  # [B, K, K]
    discount = differences(1 / (1 + ranks(ranked.detach()).to(values)).log()).abs()
    better = differences(rewards) > 0
    return (better * gain * discount * softplus(-differences(values))).sum(dim=(-2, -1))
