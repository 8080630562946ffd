"""Small random scores with exactly what a method declares, and the step average that the training loop takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor

from benchbench.core.method import Candidates, Column, Method, Need, Over, terms_of
from benchbench.core.scores import Logps, Scores


def random_logps(
    seed: int, *, examples: int = 5, candidates: int = 2, length: int = 6, dtype: torch.dtype = torch.float64
) -> Logps:
    """[B, K, T] log-probabilities in (-3, 0) of responses of 1 to T tokens; one seed, one set of lengths per shape."""
    rng = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, length + 1, (examples, candidates), generator=torch.Generator().manual_seed(0))
    response = torch.arange(length) < lengths[..., None]
    token = -3 * torch.rand((examples, candidates, length), generator=rng, dtype=torch.float64)
    return Logps(torch.where(response, token, 0.0).to(dtype), response)


def declared(
    method: Method, policy: Logps, *, reference: Logps, reward: Tensor, columns: Mapping[str, Tensor], seed: int = 0
) -> Scores:
    """Scores that hold what the method declares and nothing else; what is not given is drawn."""
    rng = torch.Generator().manual_seed(seed + 3000)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=rng, dtype=torch.float64).to(policy.token.dtype)

    shape, response = policy.token.shape, policy.response
    anchors, head = method.need(Need.ANCHORS.name), method.head
    drawn: dict[str, Any] = {}
    if anchors is not None:
        named = anchors.option("names")
        names = ("first", "second") if named == "any" else tuple(named.split(","))
        drawn["_anchors"] = {name: Logps(torch.where(response, -3 * uniform(*shape), 0), response) for name in names}
    distribution = method.need(Need.DISTRIBUTION.name)
    if distribution is not None:
        scale = -3 if distribution.option("quantity") == "log_collision" else 1
        drawn["_distribution"] = torch.where(response, scale * uniform(*shape), 0)
    if method.need(Need.MISMATCHED.name) is not None:
        drawn["_mismatched"] = uniform(*shape[:2]) - 0.5
    if method.need(Need.LIVE_REFERENCE.name) is not None:
        drawn["_live_reference"] = reference
    if method.need(Need.PROMPT_EMBEDDING.name) is not None:
        drawn["_prompt_embedding"] = uniform(shape[0], 8) - 0.5
    if method.need(Need.PROMPT_CLASS.name) is not None:
        drawn["_prompt_class"] = uniform(shape[0])
    if method.need(Need.ACTIVATIONS.name) is not None:
        drawn["_activations"] = {f"layer {n}": torch.where(response, uniform(*shape) - 0.5, 0) for n in (1, 2)}
    if method.need(Need.RIVAL.name) is not None:
        drawn["_rival"] = torch.where(response, -3 * uniform(*shape), 0)
    if method.need(Need.BEHAVIOUR.name) is not None:
        drawn["_behaviour"] = Logps(torch.where(response, -3 * uniform(*shape), 0), response)
    if method.need(Need.FRESH.name) is not None:
        drawn["_fresh"] = _fresh(seed, shape[0], policy.token.dtype)
    if method.need(Need.PREVIOUS.name) is not None:
        drawn["_previous"] = Logps(torch.where(response, -3 * uniform(*shape), 0), response)
    if method.need(Need.VALUE.name) is not None:
        drawn["_value"] = torch.where(response, uniform(*shape) - 0.5, 0)
    if head is not None:
        outputs = head.outputs(method.hyper())
        of_tokens = torch.where(response[..., None], uniform(*shape, outputs) - 0.5, 0)
        drawn["_head"] = of_tokens if head.place == "tokens" else uniform(*shape[:2], outputs) - 0.5
    if method.carried is not None:
        drawn["_carried"] = {  # as some step may have left them
            name: value + 0.1 * uniform(*(shape[:1] if name in method.carried.per_example else ()))
            for name, value in method.carried.start(method.hyper()).items()
        }
    return Scores(
        policy,
        reference if method.need(Need.REFERENCE.name) else None,
        reward if method.need(Need.REWARD.name) else None,
        {column.name: columns[column.name] for column in method.columns},
        _token_weights={name: random_weights(name, policy) for name in method.token_weights},
        **drawn,
    )


def _fresh(seed: int, examples: int, dtype: torch.dtype) -> Scores:
    """Three further responses to each prompt, with their log-probabilities under policy and reference."""
    policy, reference = (
        random_logps(seed + offset, examples=examples, candidates=3, length=5, dtype=dtype) for offset in (4000, 5000)
    )
    return Scores(policy, reference)


def random_weights(name: str, policy: Logps) -> Tensor:
    """[B, K, T] weights in (0.5, 1.5) of the scored tokens, zero elsewhere; one name, one set of weights per shape."""
    rng = torch.Generator().manual_seed(sum(name.encode()))
    weights = 0.5 + torch.rand(policy.token.shape, generator=rng, dtype=torch.float64)
    return torch.where(policy.response, weights, 0.0).to(policy.token.dtype)


def taken(scores: Scores, index: Any) -> Scores:
    """The same scores of some examples, in the order of an index; what is one number for the step stays."""

    def part(value: Any) -> Any:
        if isinstance(value, Scores):
            return taken(value, index)
        if isinstance(value, Logps):
            return Logps(value.token[index], value.response[index])
        if isinstance(value, Mapping):
            return {name: part(each) for name, each in value.items()}
        return value if value is None or value.ndim == 0 else value[index]

    return Scores(**{field.name: part(getattr(scores, field.name)) for field in fields(Scores)})


def lengthened(scores: Scores, by: int) -> Scores:
    """The same scores with so many more places of padding on the right."""

    def pad(value: Tensor) -> Tensor:
        return torch.cat([value, value.new_zeros((*value.shape[:2], by, *value.shape[3:]))], dim=2)

    def part(name: str, value: Any) -> Any:
        if isinstance(value, Scores):
            return lengthened(value, by)
        if isinstance(value, Logps):
            return Logps(pad(value.token), pad(value.response))
        if isinstance(value, Mapping):
            return {key: part(name, each) for key, each in value.items()}
        if value is None or value.ndim != (4 if name == "_head" else 3):
            return value
        return pad(value)

    return Scores(**{field.name: part(field.name, getattr(scores, field.name)) for field in fields(Scores)})


def between(column: Column, share: float) -> float:
    """The value that lies so far into a column's range; where an end is open, within 5 of the other or of 0."""
    low = column.low if math.isfinite(column.low) else min(column.high, 5.0) - 10.0
    high = column.high if math.isfinite(column.high) else max(column.low, -5.0) + 10.0
    return low + share * (high - low)


def random_columns(
    method: Method, rng: torch.Generator, *, examples: int, candidates: int, dtype: torch.dtype = torch.float64
) -> dict[str, Tensor]:
    """Values of every column that a method declares, as it declares them."""
    columns: dict[str, Tensor] = {}
    for column in method.columns:
        shape = (examples,) if column.per == "example" else (examples, candidates)
        shares = torch.rand(shape, generator=rng, dtype=torch.float64)
        columns[column.name] = (between(column, 0.0) + shares * (between(column, 1.0) - between(column, 0.0))).to(dtype)
    return columns


def random_scores(
    method: Method,
    seed: int = 1,
    *,
    policy: Logps | None = None,
    candidates: int | None = None,
    examples: int = 5,
    dtype: torch.dtype = torch.float64,
) -> Scores:
    """Scores of B random examples with what the method declares and nothing else; a pair where it takes pairs."""
    candidates = candidates or usual_candidates(method)
    shape = {"examples": examples, "candidates": candidates, "dtype": dtype}
    rng = torch.Generator().manual_seed(seed + 2000)
    return declared(
        method,
        policy or random_logps(seed, **shape),
        reference=random_logps(seed + 1000, **shape),
        reward=torch.randn((examples, candidates), generator=rng, dtype=torch.float64).to(dtype),
        columns=random_columns(method, rng, **shape),
        seed=seed,
    )


def with_policy_tokens(scores: Scores, token: Tensor) -> Scores:
    """The same scores with other policy log-probabilities, [B, K, T]."""
    return replace(scores, policy=Logps(token, scores.policy.response))


def accepted_candidates(method: Method) -> tuple[int, ...]:
    """Some numbers of candidates that the method accepts; one for each role that it reads."""
    if method.roles:
        return (len(method.roles),)
    accepted = {
        Candidates.ONE: (1, 2, 3),
        Candidates.PAIR: (2,),
        Candidates.ANY: (1, 2, 4, 8),
        Candidates.LABELLED: (1,),
    }[method.candidates]
    return tuple(candidates for candidates in accepted if candidates >= method.fewest_candidates)


def usual_candidates(method: Method) -> int:
    """One for each role that the method reads, else a pair where it takes pairs."""
    return len(method.roles) or min(2, accepted_candidates(method)[-1])


def of_step(loss: Tensor | Mapping[str, Any], policy: Logps) -> Tensor:
    """The scalar a training loop makes of a loss: each term's sum over its own count in the step."""
    counts = {
        Over.EXAMPLES: policy.token.shape[0],
        Over.RESPONSE_TOKENS: policy.response.sum(),
        Over.CHOSEN_TOKENS: policy.response[:, 0].sum(),
    }
    return torch.stack([term.values.sum() / counts[term.over] for term in terms_of(loss).values()]).sum()


def per_example(method: Method, scores: Scores, hyper: Any) -> Tensor:
    """[B] sum of the loss's terms, whatever they are averaged over."""
    return torch.stack([term.values for term in terms_of(method.loss(scores, hyper)).values()]).sum(dim=0)
