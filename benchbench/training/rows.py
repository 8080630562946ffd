"""Where the rows of each optimizer step come from: a split as it stands, or draws of the policy as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchbench.batches.costs import tokens_of
from benchbench.batches.order import Batches, total_steps
from benchbench.data.tokenized import TokenizedExample
from benchbench.recipe.training import LoopSection


@dataclass(frozen=True)
class StepRows:
    """The rows of one optimizer step."""

    examples: Sequence[TokenizedExample]
    """None where nothing that was drawn became a row; the step then changes no weight."""
    costs: Sequence[int]
    """Tokens of each example in a forward pass, with what stands beside it."""
    beside: Sequence[TokenizedExample] = ()
    """For each example the responses that were drawn beside it; empty where none are."""
    facts: Mapping[str, float] = field(default_factory=dict)
    """What is logged of the draws."""


class RowSource(Protocol):
    """What gives every step its rows; asked for the same step again, it gives the same ones."""

    def lengths(self) -> Sequence[int]:
        """Tokens of each of the examples whose order makes the batches."""
        ...

    def steps(self, settings: LoopSection) -> int:
        """Optimizer steps of the whole run."""
        ...

    def of_step(self, step: int, batches: Batches) -> StepRows:
        """The rows of a step.

        Args:
            step: from 0.
            batches: places of examples, at least as many batches as the step needs.
        """
        ...


class DrawnSource(RowSource, Protocol):
    """A source that draws; its draws are no longer than what it says beforehand."""

    def largest(self) -> Sequence[int]:
        """Tokens that each of the examples takes in a forward pass at most, with its draws."""
        ...

    def summary(self, seconds: float) -> Mapping[str, Any]:
        """What was drawn and labelled, and how long it took.

        Args:
            seconds: of the whole training.
        """
        ...


@dataclass(frozen=True)
class FixedRows:
    """A split's rows as they stand."""

    examples: Sequence[TokenizedExample]
    costs: Sequence[int]
    """Tokens of each example in a forward pass."""

    def lengths(self) -> Sequence[int]:
        """Tokens of each example."""
        return tokens_of(self.examples)

    def steps(self, settings: LoopSection) -> int:
        """As the settings say, over all examples."""
        batch = settings.global_batch_size
        return total_steps(len(self.examples), batch, epochs=settings.num_train_epochs, max_steps=settings.max_steps)

    def of_step(self, step: int, batches: Batches) -> StepRows:
        """The examples of the step's batch."""
        places = batches[step]
        return StepRows([self.examples[i] for i in places], [self.costs[i] for i in places])
