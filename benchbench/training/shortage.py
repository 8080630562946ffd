"""What becomes of a step that runs out of memory: once it is done again with half of the budget.

Where that happens before any weight has changed, the step is repeated as if it had not been tried. Where it happens
between two groups of parameters, which the optimizer updates one after the other, the weights are neither those before
the step nor those after it, so the run goes on from its checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from benchbench.batches.microbatches import Budget, free_memory, is_out_of_memory
from benchbench.core.errors import BenchError, ExitCode
from benchbench.training.ranks import Ranks, ShortTogetherError

T = TypeVar("T")


class HalfUpdatedError(Exception):
    """Memory ran out after some weights of a step had changed."""


def halved_where_short(
    attempt: Callable[[], T],
    optimizer: torch.optim.Optimizer,
    budget: Budget,
    *,
    step: int,
    say: Callable[[str], None],
    has_moved: Callable[[], bool] | None = None,
) -> T:
    """What a step comes to, tried once more with half of the budget where memory runs out.

    Args:
        attempt: computes gradients and updates the weights.
        optimizer: of the weights; its gradients are dropped before the second attempt.
        budget: halved in place, with the step and the reason.
        step: how many steps were done before.
        say: told in a line.
        has_moved: says whether weights have changed; none looks for an update more than there were steps.

    Raises:
        HalfUpdatedError: some weights have changed already; the budget is halved.
        RuntimeError: of torch, where the budget was halved before, or cannot be; any other error, too.
    """
    try:
        return attempt()
    except RuntimeError as error:
        reason = str(error).partition("\n")[0][:120]
        if not is_out_of_memory(error) or not budget.halve(step=step + 1, reason=reason):
            raise
    # outside of the handler, which holds on to what filled the memory
    optimizer.zero_grad(set_to_none=True)
    free_memory()
    there = f"{budget.tokens} tokens and {budget.examples} examples at once"
    say(f"step {step + 1} ran out of memory ({reason}); it goes on with at most {there}")
    if has_moved() if has_moved is not None else updates(optimizer) > step:
        raise HalfUpdatedError
    _forget_new_state(optimizer)
    return attempt()


@contextmanager
def none_short_alone(ranks: Ranks, budget: Budget, *, step: int) -> Iterator[None]:
    """Let no process of several do a step again by itself: the others would wait for ever, or add up other sums.

    Args:
        ranks: the processes; one alone may.
        budget: of the training.
        step: how many steps were done before.

    Raises:
        BenchError: memory ran out in this process at a place where the others cannot know of it.
    """
    try:
        yield
    except RuntimeError as error:
        if ranks.is_alone or isinstance(error, ShortTogetherError) or not is_out_of_memory(error):
            raise
        reason = str(error).partition("\n")[0][:120]
        raise BenchError(
            f"step {step + 1} ran out of memory in process {ranks.number} of {ranks.world} ({reason}); expected room "
            f"for {budget.tokens} tokens at once beside the model; set tokens_per_microbatch to {budget.tokens // 2} "
            "or less, or train on devices with more memory",
            exit_code=ExitCode.FAILED,
        ) from None


def no_way_back(step: int, budget: Budget) -> BenchError:
    """What is said where some weights have changed, and no checkpoint has them as they were.

    Args:
        step: the step that ran out of memory, from 1.
        budget: after it was halved.
    """
    return BenchError(
        f"step {step} ran out of memory ({budget.halved_because}) when some weights had changed already, and there is "
        "no checkpoint to go on from; "
        f"set tokens_per_microbatch to {budget.tokens} or less, or train on a device with more memory",
        exit_code=ExitCode.FAILED,
    )


def updates(optimizer: torch.optim.Optimizer) -> int:
    """How often the parameter that was updated most has been; the counter rises before its weights change."""
    return max((int(state["step"]) for state in optimizer.state.values() if "step" in state), default=0)


def _forget_new_state(optimizer: torch.optim.Optimizer) -> None:
    """Drop moments that were made just now, and maybe not all of them: the optimizer makes only what is missing."""
    for parameter, state in list(optimizer.state.items()):
        if int(state.get("step", 0)) == 0:
            del optimizer.state[parameter]
