"""Checks of what must not matter to a loss: padding, the order of examples, and which examples share its batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from benchbench.contract.breach import Breach, numbers
from benchbench.contract.scores import lengthened, per_example, random_scores, taken, with_policy_tokens
from benchbench.core.method import Candidates, Method

SEEDS = range(1, 6)
TOLERANCE = 1e-12


def padding(method: Method, hyper: Any) -> Iterator[Breach]:
    """Places behind the responses change nothing."""
    for seed in SEEDS:
        scores = random_scores(method, seed)
        longer = lengthened(scores, 2 * seed - 1)
        before, after = per_example(method, scores, hyper), per_example(method, longer, hyper)
        rewards = method.reward(scores, hyper), method.reward(longer, hyper)
        for what, first, second in (("loss", before, after), ("reward", *rewards)):
            if not _equal(first, second):
                yield Breach(
                    f"the same {what} with more padding behind the responses",
                    f"{numbers(first)} without, {numbers(second)} with",
                    "take scores.policy.sum() or .mean(), or mask with scores.policy.response; never average over the "
                    "last dimension",
                )
                return


def order(method: Method, hyper: Any) -> Iterator[Breach]:
    """Examples in another order give the same losses in that order."""
    for seed in SEEDS:
        scores = random_scores(method, seed)
        places = torch.randperm(5, generator=torch.Generator().manual_seed(seed))
        before = per_example(method, scores, hyper)[places]
        after = per_example(method, taken(scores, places), hyper)
        if not _equal(before, after):
            yield Breach(
                "each example's loss wherever it stands in the batch",
                f"{numbers(before)} in one order, {numbers(after)} in another",
                "let no example's value depend on its place",
            )
            return


def microbatches(method: Method, hyper: Any) -> Iterator[Breach]:
    """An example's loss does not depend on the others of its batch: memory cuts a step wherever it must."""
    if method.is_coupled(hyper):
        return  # it is given whole steps
    scores = random_scores(method)
    together = per_example(method, scores, hyper)
    alone = torch.cat([per_example(method, taken(scores, slice(i, i + 1)), hyper) for i in range(5)])
    if not _equal(together, alone, tolerance=1e-10):
        yield Breach(
            "each example's loss whichever examples share its microbatch",
            f"{numbers(together)} together, {numbers(alone)} one by one",
            "take no mean, norm or ranking over the batch; a count of the whole step is a Term's `over`",
        )


def monotone(method: Method, hyper: Any) -> Iterator[Breach]:
    """Raising the chosen log-probability never raises the loss, or the method says why it may."""
    if not method.monotone_in_chosen:
        if not method.monotone_reason.endswith("."):
            yield Breach(
                "monotone_reason to be a sentence, since monotone_in_chosen is False",
                repr(method.monotone_reason),
                "say why a better chosen response may cost",
            )
        return
    for seed in SEEDS:
        scores = random_scores(method, seed)
        for share in (0.99, 0.7, 0.3, 0.0):
            raised = scores.policy.token.clone()
            raised[:, 0] *= share
            before = per_example(method, scores, hyper)
            after = per_example(method, with_policy_tokens(scores, raised), hyper)
            if method.is_coupled(hyper):  # the loss of an example is what its place in the step gives it
                before, after = before.sum()[None], after.sum()[None]
            worse = after > before + TOLERANCE
            if worse.any():
                place = int(worse.nonzero()[0])
                yield Breach(
                    "a loss that never rises with the chosen response's log-probability",
                    f"{before[place].item():.6g} at {scores.policy.sum()[place, 0].item():.6g} nats and "
                    f"{after[place].item():.6g} at {raised[place, 0].sum().item():.6g} nats",
                    "check the signs, and that chosen is the first candidate; where this is meant, set "
                    "monotone_in_chosen=False and say why in monotone_reason",
                )
                return


def ignored_candidates(method: Method, hyper: Any) -> Iterator[Breach]:
    """A method of one candidate reads the first alone."""
    if method.candidates is not Candidates.ONE:
        return
    scores = random_scores(method, candidates=3)
    token = scores.policy.token.clone().requires_grad_()
    total = per_example(method, with_policy_tokens(scores, token), hyper).sum()
    (slope,) = torch.autograd.grad(total, token)
    if slope[:, 1:].abs().max() > 0:
        yield Breach(
            "no gradient on the candidates behind the first, since candidates is Candidates.ONE",
            "one",
            "read the first alone, or declare Candidates.PAIR or Candidates.ANY",
        )


def _equal(first: Tensor, second: Tensor, *, tolerance: float = TOLERANCE) -> bool:
    return first.shape == second.shape and torch.allclose(first, second, rtol=tolerance, atol=tolerance)
