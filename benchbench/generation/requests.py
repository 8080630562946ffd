"""Requests before an engine sees them: what cannot be served is refused, and the order is the engine's own."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.core.errors import BenchError, Fault
from benchbench.core.generation import GenerationRequest, Sampling

SHOWN = 5
"""Faulty requests that a message names; the others are counted."""


def canonical_order(requests: Sequence[GenerationRequest]) -> list[int]:
    """Places of the requests, longest prompt first, the same for the same requests in whatever order.

    Batches are then of similar length, memory runs out at once or never, and the order in which somebody asks cannot
    reach the last digits of a batch's numbers.
    """
    return sorted(
        range(len(requests)),
        key=lambda i: (
            -len(requests[i].prompt),
            requests[i].example,
            requests[i].sample,
            requests[i].prompt,
            requests[i].seed,
        ),
    )


def chunks(requests: Sequence[GenerationRequest], size: int) -> list[list[GenerationRequest]]:
    """The requests in canonical order in parts of `size`, for a caller who wants to report or stop in between."""
    ordered = [requests[i] for i in canonical_order(requests)]
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def check_requests(requests: Sequence[GenerationRequest], sampling: Sampling, *, limit: int | None, vocab: int) -> None:
    """Refuse what cannot be generated as asked; nothing is ever cut.

    Args:
        requests: all of one call.
        sampling: says how many tokens a response may take.
        limit: tokens of prompt and response together, none where the model has no limit.
        vocab: number of token ids the model knows.

    Raises:
        BenchError: prompts that do not leave room, naming examples and lengths; an empty prompt; ids of another
            tokenizer.
    """
    each = (_fault(request, sampling, limit, vocab) for request in requests)
    faults = list(dict.fromkeys(fault for fault in each if fault is not None))  # once for all samples of a prompt
    outside = sorted(token for token in sampling.stop_token_ids if not 0 <= token < vocab)
    if outside:
        faults.append(Fault("stop_token_ids", f"expected ids below the model's vocabulary of {vocab}, got {outside}"))
    if not faults:
        return
    shown = faults[:SHOWN]
    if len(faults) > SHOWN:
        shown.append(Fault("", f"and {len(faults) - SHOWN} more"))
    raise BenchError.of_faults("generation", shown)


def _fault(request: GenerationRequest, sampling: Sampling, limit: int | None, vocab: int) -> Fault | None:
    where, length = f"example {request.example}", len(request.prompt)
    if length == 0:
        return Fault(where, "the prompt has no tokens; a response needs at least one to follow")
    if limit is not None and length + sampling.max_new_tokens > limit:
        return Fault(
            where,
            f"a prompt of {length} tokens leaves no room for max_new_tokens {sampling.max_new_tokens} in the model's "
            f"context of {limit}; lower max_new_tokens to {max(0, limit - length)} or leave the example out",
        )
    if not 0 <= min(request.prompt) <= max(request.prompt) < vocab:
        return Fault(where, f"token ids outside the model's vocabulary of {vocab}; is this the model's tokenizer?")
    return None
