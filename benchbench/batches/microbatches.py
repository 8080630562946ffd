"""A step's examples in pieces that fit into memory, by their tokens."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from benchbench.core.errors import BenchError
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
from benchbench.models.packing import packed_length
from benchbench.recipe.memory import DEVICE_TOKENS

AUTO = "auto"


@dataclass(frozen=True)
class Cost:
    """How many tokens examples take in a forward pass."""

    packed: bool
    """Rows are packed; else every row of a microbatch is as long as its longest."""
    share: bool = True
    """What an example's candidates share is counted once."""
    whole: bool = False
    """Every token is an input, not only those that a scored one needs."""
    candidates: int | None = None
    """Only the first so many candidates of an example are read."""
    roles: tuple[str, ...] = ()
    """Only the candidates of these roles are read; none for all."""

    def rows(self, example: TokenizedExample) -> int:
        """How many candidates of one example are read; examples of one microbatch have equally many."""
        return len(self._taken(example))

    def _taken(self, example: TokenizedExample) -> tuple[TokenizedCandidate, ...]:
        return example.taking(self.roles).candidates[: self.candidates]

    def of(self, example: TokenizedExample) -> int:
        """Tokens of one example by itself, over all its rows."""
        rows = self._taken(example)
        if not self.packed:
            return len(rows) * max(len(row.tokens) for row in rows)
        return packed_length([row.tokens for row in rows], [self._inputs(row) for row in rows], share=self.share)

    def _inputs(self, row: TokenizedCandidate) -> int:
        if self.whole:
            return len(row.tokens)
        start, stop = row.response
        return max(0, stop - 1) if start < stop else 0

    def together(self, costs: Sequence[int]) -> int:
        """Tokens of several examples in one forward pass, given each one's own."""
        return sum(costs) if self.packed else len(costs) * max(costs)


@dataclass
class Budget:
    """How many examples and tokens go through a model at once; halved where memory runs out."""

    tokens: int
    examples: int
    longest: int
    """Tokens of the longest example, which no budget can be below."""
    may_be_halved: bool = True
    """False where memory is short for a reason that must reach no number, as of a stage that shares a card."""
    halved: bool = False
    halved_at_step: int | None = None
    """Step or batch that ran out of memory, from 1."""
    halved_because: str = ""
    """What torch said then."""

    def halve(self, *, step: int, reason: str) -> bool:
        """Half as many tokens, and half as many examples; false where that was done before, or cannot or may not be.

        Args:
            step: that ran out of memory, from 1.
            reason: what torch said.
        """
        tokens = max(self.longest, self.tokens // 2)
        if not self.may_be_halved or self.halved or (tokens == self.tokens and self.examples == 1):
            return False
        self.tokens, self.examples, self.halved = tokens, max(1, self.examples // 2), True
        self.halved_at_step, self.halved_because = step, reason
        return True

    def facts(self) -> dict[str, Any]:
        """What came of it, for the record."""
        return {name: value for name, value in asdict(self).items() if name != "may_be_halved"}


def budget_for(
    examples: Sequence[TokenizedExample],
    costs: Sequence[int],
    *,
    tokens: int | str,
    most: int,
    device_kind: str,
    where: str,
    may_be_halved: bool = True,
) -> Budget:
    """The budget that a recipe asks for.

    Args:
        examples: all of a stage.
        costs: of each example, its tokens.
        tokens: `tokens_per_microbatch` of the recipe: a number, or `auto` for what suits the device.
        most: examples of a microbatch at most.
        device_kind: `cpu` or `cuda`.
        where: the setting's place in the recipe, for messages.
        may_be_halved: as `Budget.may_be_halved`.

    Raises:
        BenchError: an example that is longer than the number the recipe gives.
    """
    longest = max(range(len(costs)), key=costs.__getitem__)
    if tokens == AUTO:
        return Budget(max(DEVICE_TOKENS[device_kind], costs[longest]), most, costs[longest], may_be_halved)
    assert isinstance(tokens, int), "checked with the recipe"
    if tokens < costs[longest]:
        raise BenchError(
            f"{where}: expected room for the longest example, {examples[longest].id} with {costs[longest]} tokens, "
            f"got {tokens}; set it to {costs[longest]} or more, or to {AUTO}, or lower tokenization.max_length"
        )
    return Budget(tokens, most, costs[longest], may_be_halved)


def cut(costs: Sequence[int], cost: Cost, budget: Budget) -> Iterator[slice]:
    """Cut a step's examples, in order, where the next one would be one too many."""
    start = 0
    for stop in range(1, len(costs) + 1):
        full = stop - start > budget.examples or cost.together(costs[start:stop]) > budget.tokens
        if full and stop - 1 > start:
            yield slice(start, stop - 1)
            start = stop - 1
    if start < len(costs):
        yield slice(start, len(costs))


def parts(examples: Sequence[TokenizedExample], costs: Sequence[int], cost: Cost, budget: Budget) -> list[list[int]]:
    """Places of a step's examples in microbatches, each of examples with equally many candidates.

    An example keeps its own candidates: a list of another length goes into another microbatch and none is filled up, so
    that no loss sees a candidate that is not there. The longest lists come first, and examples of one length keep their
    order; where all lists are of one length, these are the parts of `cut`.

    Args:
        examples: of the step, in its order.
        costs: of each example, its tokens.
        cost: how they were counted.
        budget: how much goes through the model at once.
    """
    alike: dict[int, list[int]] = {}
    for place, example in enumerate(examples):
        alike.setdefault(cost.rows(example), []).append(place)
    return [
        alike[rows][part]
        for rows in sorted(alike, reverse=True)
        for part in cut([costs[place] for place in alike[rows]], cost, budget)
    ]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out; torch has a class of its own for cards alone."""
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


def free_memory() -> None:
    """Give back what nothing holds any more, on cards too; other processes may need it."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
