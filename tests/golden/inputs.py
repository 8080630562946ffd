"""What a case's inputs say, as scores: pairs, lists and single rows, from log-probabilities or from logits.

Everything is float64. A sum that comes without its tokens is spread evenly over them. The leaf is the tensor of summed
log-probabilities, [B, K], through which every token's moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from benchbench.core.scores import Logps, Scores

from .translation import Case, Translation

SIDES = ("chosen", "rejected")


def leaf_and_scores(case: Case, read: Translation) -> tuple[Tensor, Scores]:
    """The tensor that the case's gradient is taken with respect to, and the scores that depend on it."""
    leaf, scores = _leaf_and_scores(case, read)
    if not read.carried:
        return leaf, scores
    given = {name: case["hyper"][source] for name, source in read.carried.items()}
    carried = {name: torch.tensor(value, dtype=torch.float64) for name, value in given.items()}
    return leaf, replace(scores, _carried=carried)


def _leaf_and_scores(case: Case, read: Translation) -> tuple[Tensor, Scores]:
    if read.scores is not None:
        return read.scores(case)
    if "label_desirable" in case["inputs"]:
        return row_scores(case["inputs"])
    if any(name.startswith("policy_chosen") for name in case["inputs"]):
        return pair_scores(case["inputs"], read)
    return list_scores(case["inputs"], read)


def pair_scores(inputs: Mapping[str, Any], read: Translation) -> tuple[Tensor, Scores]:
    """[B, 2] leaf and scores of pairs."""
    if "policy_chosen_logits" in inputs:
        inputs = from_logits(inputs)
    lengths = numbers(inputs["chosen_len"], inputs["rejected_len"])
    leaf = numbers(*(inputs[f"policy_{side}_logp_sum"] for side in SIDES)).requires_grad_()
    policy = logps(leaf, lengths, by_side(inputs, "policy"))
    anchor = None
    if "reference_chosen_logp_sum" in inputs:
        total = numbers(*(inputs[f"reference_{side}_logp_sum"] for side in SIDES))
        anchor = logps(total, lengths, by_side(inputs, "reference"))
    reward = numbers(*(inputs[name] for name in read.reward)) if read.reward else None
    return leaf, Scores(policy, anchor, reward, columns(inputs, read))


def list_scores(inputs: Mapping[str, Any], read: Translation) -> tuple[Tensor, Scores]:
    """[1, K] leaf and scores of one list of K responses; `scores` are its rewards."""
    lengths = numbers(inputs["lengths"]).T
    leaf = numbers(inputs["policy_logp_sum"]).T.clone().requires_grad_()
    policy = logps(leaf, lengths, [inputs["policy_token_logps"]] if "policy_token_logps" in inputs else None)
    anchor = None
    if "reference_logp_sum" in inputs:
        known = [inputs["reference_token_logps"]] if "reference_token_logps" in inputs else None
        anchor = logps(numbers(inputs["reference_logp_sum"]).T, lengths, known)
    reward = numbers(inputs["scores"]).T if "scores" in inputs else None
    return leaf, Scores(policy, anchor, reward, columns(inputs, read))


def row_scores(inputs: Mapping[str, Any]) -> tuple[Tensor, Scores]:
    """[B, 1] leaf and scores of single responses, each with a label; the mismatched rows where the case has them."""
    lengths = numbers([len(row) for row in inputs["policy_token_logps"]])
    leaf = numbers(inputs["policy_logp_sum"]).clone().requires_grad_()
    policy = logps(leaf, lengths, [[row] for row in inputs["policy_token_logps"]])
    known = [[row] for row in inputs["reference_token_logps"]]
    anchor = logps(numbers(inputs["reference_logp_sum"]), lengths, known)
    label = torch.tensor(inputs["label_desirable"], dtype=torch.float64)
    mismatched = None
    if "policy_mismatched_logp_sum" in inputs:
        ours, theirs = (numbers(inputs[f"{model}_mismatched_logp_sum"]) for model in ("policy", "reference"))
        mismatched = ours - theirs
    return leaf, Scores(policy, anchor, None, {"label": label}, _mismatched=mismatched)


def distribution_scores(case: Case, quantity: str) -> tuple[Tensor, Scores]:
    """[B, 2] leaf and scores of a pair with a quantity of its distributions.

    The quantity is computed from the case's logits, or its sum over each response is the case's and spread evenly.
    """
    inputs = case["inputs"]
    leaf, scores = pair_scores(inputs, Translation())
    response = scores.policy.response
    if "policy_chosen_logits" in inputs:
        values = padded([[of_logits(inputs, side, quantity) for side in SIDES]], response)
    else:
        total = numbers(*(inputs[f"kl_ref_policy_{side}_sum"] for side in SIDES))
        values = logps(total, scores.policy.length(), None).token
    return leaf, replace(scores, _distribution=values)


def of_logits(inputs: Mapping[str, Any], side: str, quantity: str) -> list[float]:
    """[T] a quantity of the distribution that predicts each token of one response."""
    policy, reference = (
        torch.tensor(inputs[f"{model}_{side}_logits"], dtype=torch.float64).softmax(dim=-1)
        for model in ("policy", "reference")
    )
    if quantity == "log_collision":
        return (policy**2).sum(dim=-1).log().tolist()
    assert quantity == "reference_first"
    values = (reference * (reference / policy).log()).sum(dim=-1)
    assert values.sum().item() == pytest.approx(inputs["derived"][f"kl_ref_policy_{side}_sum"], rel=1e-9)
    return values.tolist()


def numbers(*rows: Sequence[float]) -> Tensor:
    """[B, n] n rows of B numbers, side by side."""
    return torch.tensor(rows, dtype=torch.float64).T


def columns(inputs: Mapping[str, Any], read: Translation) -> dict[str, Tensor]:
    """The columns of the data: [B] from one input, [B, K] from one per candidate."""
    found = {}
    for name, sources in read.columns.items():
        values = numbers(*(inputs[source] for source in sources))
        found[name] = values[:, 0] if len(sources) == 1 else values
    return found


def beside(first: Logps, second: Logps) -> Logps:
    """[B, K + L, T] the candidates of both, padded to one length."""
    longest = max(first.token.shape[-1], second.token.shape[-1])

    def pad(values: Tensor) -> Tensor:
        return torch.nn.functional.pad(values, (0, longest - values.shape[-1]))

    both = (first, second)
    return Logps(
        torch.cat([pad(each.token) for each in both], dim=1), torch.cat([pad(each.response) for each in both], dim=1)
    )


def further(rows: Sequence[Sequence[float]]) -> Logps:
    """[B, 1, T] one candidate per example with these log-probabilities of its tokens, without gradient."""
    lengths = torch.tensor([[len(row)] for row in rows])
    response = torch.arange(int(lengths.max())) < lengths[..., None]
    return Logps(padded([[row] for row in rows], response), response)


def by_side(inputs: Mapping[str, Any], model: str) -> list[list[Sequence[float]]] | None:
    """[B][2] rows of per-token log-probabilities of one model, where the case has them."""
    if f"{model}_chosen_token_logps" not in inputs:
        return None
    return [list(rows) for rows in zip(*(inputs[f"{model}_{side}_token_logps"] for side in SIDES), strict=True)]


def logps(total: Tensor, lengths: Tensor, known: Sequence[Sequence[Sequence[float]]] | None) -> Logps:
    """[B, K, T] log-probabilities that `total` [B, K] moves evenly; `known` has the [B][K] rows of tokens."""
    response = torch.arange(int(lengths.max())) < lengths[..., None]  # [B, K, T]
    spread = (total / lengths)[..., None]
    if known is None:
        return Logps(torch.where(response, spread, 0.0), response)
    token = padded(known, response)
    return Logps(token + torch.where(response, spread - spread.detach(), 0.0), response)


def padded(rows: Sequence[Sequence[Sequence[float]]], response: Tensor) -> Tensor:
    """[B, K, T] numbers per token, rows [B][K] of unequal length padded with zero."""
    token = torch.zeros(response.shape, dtype=torch.float64)
    for example, candidates in enumerate(rows):
        for candidate, row in enumerate(candidates):
            token[example, candidate, : len(row)] = torch.tensor(row, dtype=torch.float64)
    return token


def from_logits(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Add per-token log-probabilities to a case that gives logits and token ids; its own sums must agree."""
    found = dict(inputs)
    for model in ("policy", "reference"):
        for side in SIDES:
            name = f"{model}_{side}"
            logits = torch.tensor(inputs[f"{name}_logits"], dtype=torch.float64)
            ids = torch.tensor(inputs[f"{side}_token_ids"])
            token = logits.log_softmax(dim=-1).gather(-1, ids[:, None])[:, 0]
            assert token.sum().item() == pytest.approx(inputs["derived"][f"{name}_logp_sum"], rel=1e-9)
            found[f"{name}_token_logps"] = [token.tolist()]
            found[f"{name}_logp_sum"] = [token.sum().item()]
            found[f"{side}_len"] = [len(ids)]
    return found
