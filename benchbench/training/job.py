"""A job: everything that one optimizer run is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from benchbench.batches.microbatches import Budget, Cost
from benchbench.batches.order import Batches
from benchbench.core.batch import CandidateBatch
from benchbench.core.input import Moving
from benchbench.data.tokenized import TokenizedExample
from benchbench.recipe.training import LoopRunSection, LoopSection
from benchbench.training.gradients import Objective
from benchbench.training.half_steps import HalfSteps
from benchbench.training.optimizer import Rate
from benchbench.training.ranks import ALONE, Ranks
from benchbench.training.rows import RowSource

HALF_STEPS = "half_steps"
"""Name in a checkpoint."""
MakeBatch = Callable[[Sequence[TokenizedExample], Sequence[TokenizedExample]], CandidateBatch]
"""(examples, of each the example of the step that follows it) -> their batch."""


def _no_draws(examples: Sequence[TokenizedExample]) -> CandidateBatch:
    raise LookupError("nothing is drawn beside the rows of this run")


@dataclass(frozen=True)
class Ascent:
    """Moves the weights up a slope for as long as a step's gradient is taken; the step itself starts from where it was.

    The gradient is that of the loss at the moved weights, not through the move, as the authors of MetaRM
    (arXiv:2405.00438) describe their code: weights are backed up, moved, and put back before the update.
    """

    objective: Objective
    """The sum of its terms is what is raised."""
    rows: RowSource
    """What it is computed of, as many examples in each step as the loss has."""
    batches: Batches
    """Places of the examples of every step."""
    rate: float
    """What its gradient is multiplied with, neither clipped nor scheduled."""


@dataclass(frozen=True)
class Job:
    """One optimizer run."""

    model: nn.Module
    objective: Objective
    rows: RowSource
    """Where each step's rows come from."""
    make_batch: MakeBatch
    cost: Cost
    """How the tokens of examples are counted."""
    budget: Budget
    """How much goes through the model at once; halved, once, where memory runs out."""
    settings: LoopSection
    """What of a recipe's training section reaches the numbers."""
    run: LoopRunSection
    """Logging and checkpoints."""
    order_seed: int
    """What the data order is drawn from."""
    noise_seed: int
    """What dropout is drawn from."""
    folder: Path
    """The stage's folder: train.jsonl and checkpoint/ go there."""
    report: Callable[[Mapping[str, Any]], None] = lambda event: None
    """Called with progress: step, steps, loss, tokens."""
    should_stop: Callable[[], bool] = lambda: False
    """Asked after each step; true leaves a checkpoint and raises `Interrupted`."""
    moving: Mapping[str, Moving] = field(default_factory=dict)
    """By name, what goes along with the steps and stands in every checkpoint."""
    make_beside: Callable[[Sequence[TokenizedExample]], CandidateBatch] = _no_draws
    """Responses drawn beside a microbatch's examples -> their batch."""
    rates: Mapping[str, Rate] = field(default_factory=dict)
    """Beginning of parameters' names -> their learning rate over that of the others."""
    ranks: Ranks = ALONE
    """The processes of the training; each has a job of its own, which differs in this alone."""
    half_steps: HalfSteps | None = None
    """Takes every second step from where the one before it began, an even number of them; none takes them in turn."""
    ascent: Ascent | None = None
    """Where the gradient of each step is taken; none takes it at the weights as they are."""

    @property
    def carried(self) -> Mapping[str, Moving]:
        """All that goes along with the steps."""
        return self.moving if self.half_steps is None else {**self.moving, HALF_STEPS: self.half_steps}
