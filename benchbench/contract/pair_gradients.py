"""A method's loss of one pair as a function of two log-probabilities and two of the reference, with its gradient."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from benchbench.contract.scores import per_example, random_logps
from benchbench.core.method import Candidates, Method, Need, terms_of
from benchbench.core.scores import Logps, Scores


def not_of_a_pair(method: Method) -> str:
    """What besides four log-probabilities a method's loss reads, in a few words; empty where it reads nothing else."""
    if method.candidates is not Candidates.PAIR:
        return f"candidates: {method.candidates.value}"
    if method.roles or method.columns or method.token_weights or method.scored != "response":
        return "columns, roles or spans of the data"
    if method.is_coupled(method.hyper()) or method.carried is not None or method.head is not None:
        return "other examples, earlier steps or a head"
    others = sorted(need.name for need in method.needs - {Need.REFERENCE})
    return ", ".join(others)


def pair_gradients(method: Method, log_p: torch.Tensor) -> Mapping[str, tuple[torch.Tensor, torch.Tensor]]:
    """Name of each term of the loss -> ([n] its values, [n, 4] its gradient).

    Args:
        method: reads nothing but a pair (`not_of_a_pair`); with its default hyper-parameters.
        log_p: [n, 4] log-probabilities in nats, below 0, of responses of one token: chosen and rejected under the
            policy, then under the reference. A gradient in what the method does not read is zero.
    """
    leaf = log_p.detach().clone().requires_grad_()
    response = torch.ones((len(leaf), 2, 1), dtype=torch.bool)
    policy, reference = (Logps(leaf[:, side, None], response) for side in (slice(0, 2), slice(2, 4)))
    scores = Scores(policy, reference if method.need(Need.REFERENCE.name) else None)
    parts = {}
    for name, term in terms_of(method.loss(scores, method.hyper())).items():
        slope = None
        if term.values.requires_grad:
            (slope,) = torch.autograd.grad(term.values.sum(), leaf, retain_graph=True, allow_unused=True)
        parts[name] = (term.values.detach(), torch.zeros_like(leaf) if slope is None else slope)
    return parts


def pair_losses(method: Method, *, examples: int = 40) -> torch.Tensor:
    """[examples] sum of the loss's terms on random responses of 1 to 6 tokens, the same for every method.

    Args:
        method: reads nothing but a pair; with its default hyper-parameters.
        examples: number of pairs.
    """
    policy, reference = (random_logps(seed, examples=examples) for seed in (1, 2))
    return per_example(method, Scores(policy, reference if method.need(Need.REFERENCE.name) else None), method.hyper())


def random_log_probabilities() -> torch.Tensor:
    """[80, 4] log-probabilities in nats, the same every time: half of them above -2.6, half spread down to -15.

    The first tell structures apart, since neither p nor 1 - p is small; the second reach the targets of losses.
    """
    shares = torch.rand((80, 4), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return -0.05 - shares * torch.tensor([2.5, 15.0], dtype=torch.float64).repeat_interleave(40)[:, None]
