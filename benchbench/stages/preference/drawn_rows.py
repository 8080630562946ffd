"""Sources of rows that draw: rows of the policy's own responses, and rows of a split with draws beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from benchbench.batches.microbatches import Cost
from benchbench.batches.order import Batches, total_steps
from benchbench.batches.padded import spread
from benchbench.core.batch import CandidateBatch, sent
from benchbench.core.seeding import stream
from benchbench.data.tokenized import TokenizedExample
from benchbench.recipe.training import LoopSection
from benchbench.stages.preference.buffer import Slot, StoredRows, read_buffer, write_buffer
from benchbench.stages.preference.labelling import Chooser, RowScorer, rows_of
from benchbench.stages.preference.prompts import PolicyPrompt
from benchbench.stages.preference.shaper import Shaper
from benchbench.stages.preference.work import Work, facts_of, most_tokens
from benchbench.training.rows import FixedRows, StepRows

BUFFER, COUNTS, CARRIED = "buffer", "counts", "carried"
"""Names in a checkpoint."""


@dataclass
class OnlineRows:
    """Rows whose prompts are the split's and whose candidates the policy draws."""

    work: Work
    prompts: Sequence[PolicyPrompt]
    chooser: Chooser
    scorer: RowScorer
    """Log-probabilities of rows under the policy as it is."""
    cost: Cost
    steps_per_generation: int
    num_iterations: int
    critic: RowScorer | None = None
    """Values of rows under the critic as it is; none where the method reads none."""
    shaper: Shaper | None = None
    """Makes rewards, or numbers that the loss reads, of groups and labels; none takes the labels as they are."""
    stored: StoredRows = field(default_factory=StoredRows)
    carried: tuple[float, ...] = ()
    """Numbers that the shaping carries from draw to draw."""

    def __post_init__(self) -> None:
        if self.shaper is not None:
            self.carried = self.shaper.start

    @property
    def span(self) -> int:
        """Optimizer steps from one draw to the next."""
        return self.steps_per_generation * self.num_iterations

    @property
    def reference(self) -> Any:
        """The frozen anchor in memory."""
        return self.work.reference

    def lengths(self) -> Sequence[int]:
        """Tokens of each prompt."""
        return [len(prompt.tokens) for prompt in self.prompts]

    def largest(self) -> Sequence[int]:
        """Tokens that each prompt takes with its longest responses."""
        return [most_tokens(prompt, self.work.drawer, self.cost) for prompt in self.prompts]

    def steps(self, settings: LoopSection) -> int:
        """As the settings say over all prompts, where each iteration over drawn rows is a step."""
        if settings.max_steps is not None:
            return settings.max_steps
        batch, epochs = settings.global_batch_size, settings.num_train_epochs
        return self.num_iterations * total_steps(len(self.prompts), batch, epochs=epochs, max_steps=None)

    def of_step(self, step: int, batches: Batches) -> StepRows:
        """The rows of a step; those of all steps up to the next draw are drawn at the first of them."""
        generation, within = divmod(step, self.span)
        if self.stored.generation != generation:
            first = generation * self.steps_per_generation
            steps_left = min(self.steps_per_generation, len(batches) - generation * self.span)
            self.stored = self._drawn(generation, range(first, first + steps_left), batches)
        rows, facts = self.stored.slots[within % self.steps_per_generation]
        return StepRows(rows, [self.cost.of(row) for row in rows], facts=facts)

    def behaviour(self, batch: CandidateBatch) -> Tensor | None:
        """[B, K, T] log-probabilities when the rows were drawn; none where the policy is still the same."""
        return None if self.stored.logps is None else spread(batch, self.stored.logps)

    def values(self, batch: CandidateBatch) -> Tensor | None:
        """[B, K, T] the critic's values when the rows were drawn; none where policy and critic are still the same."""
        return None if self.stored.values is None else spread(batch, self.stored.values)

    def shaped(self, batch: CandidateBatch) -> Mapping[str, Tensor]:
        """What the shaping gave beside rewards, under the name of its kind: [B, K], or of tokens [B, K, T]."""
        if self.shaper is None or self.stored.shaped is None:
            return {}
        gives = self.shaper.shaping.gives
        if gives.startswith("token_"):
            return {gives: spread(batch, self.stored.shaped)}
        values = [[number for (number,) in self.stored.shaped[name]] for name in batch.ids]
        return {gives: sent(torch.tensor(values), batch.tokens.device)}

    def state(self) -> Mapping[str, Tensor]:
        """Counts, and the rows that steps to come are trained on."""
        carried = {CARRIED: torch.tensor(self.carried, dtype=torch.float64)} if self.carried else {}
        buffer = {BUFFER: write_buffer(self.stored)} if self.span > 1 else {}
        return {COUNTS: self.work.state(), **carried, **buffer}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a checkpoint's."""
        self.work.restore(state[COUNTS])
        self.carried = tuple(state[CARRIED].tolist()) if CARRIED in state else ()
        self.stored = read_buffer(state[BUFFER]) if BUFFER in state else StoredRows()

    def end_step(self, step: int, policy: Any) -> None:
        """Nothing: the policy is read when it draws."""

    def summary(self, seconds: float) -> Mapping[str, Any]:
        """As `Work.summary`."""
        return self.work.summary(seconds)

    def _drawn(self, generation: int, numbers: range, batches: Batches) -> StoredRows:
        slots: list[Slot] = []
        shaped: dict[str, list[list[float]]] = {}
        for batch in numbers:
            groups = self.work.groups([self.prompts[i] for i in batches[batch]], batch)
            labels = self.work.labels(groups, batch)
            facts = facts_of(groups, labels)
            result = None if self.shaper is None else self.work.shaped(self.shaper, groups, labels, self.carried)
            picks = self.chooser.picks(groups, labels if result is None else result.labels, batch)
            rows = rows_of(groups, picks, batch)
            if result is not None:
                facts |= result.facts
                self.carried = result.carried
                of_rows = result.of_rows(picks)
                shaped |= {} if of_rows is None else dict(zip([row.id for row in rows], of_rows, strict=True))
            slots.append((rows, facts | {"online/rows": float(len(rows))}))
        stored = StoredRows(generation, slots, shaped=shaped or None)
        if self.span == 1:
            return stored
        every = [row for rows, _ in slots for row in rows]
        ids = [row.id for row in every]
        logps = dict(zip(ids, self.scorer.of_rows(every), strict=True))
        values = None if self.critic is None else dict(zip(ids, self.critic.of_rows(every), strict=True))
        return replace(stored, logps=logps, values=values)


@dataclass
class BesideRows:
    """The split's rows, with draws to the same prompts, or to other ones, beside each."""

    work: Work
    rows: FixedRows
    by_example: Mapping[str, PolicyPrompt]
    """Example id -> its prompt; empty where other prompts are answered."""
    others: Sequence[PolicyPrompt]
    """Prompts that are answered instead, some of them for each step."""
    cost: Cost
    latest: tuple[int, list[TokenizedExample], dict[str, float]] | None = None
    """Step, what was drawn for it, and what is logged of that; none before the first."""

    @property
    def reference(self) -> Any:
        """The frozen anchor in memory."""
        return self.work.reference

    def lengths(self) -> Sequence[int]:
        """Tokens of each example."""
        return self.rows.lengths()

    def largest(self) -> Sequence[int]:
        """Tokens of each example with the longest draws beside it."""
        every = [*self.by_example.values(), *self.others]
        longest = max(most_tokens(prompt, self.work.drawer, self.cost) for prompt in every)
        return [cost + longest for cost in self.rows.costs]

    def steps(self, settings: LoopSection) -> int:
        """As the settings say over all examples."""
        return self.rows.steps(settings)

    def of_step(self, step: int, batches: Batches) -> StepRows:
        """The step's examples with their draws."""
        rows = self.rows.of_step(step, batches)
        if self.latest is None or self.latest[0] != step:
            groups = self.work.groups(self._prompts_of(rows.examples, step), step)
            unlabelled = [None] * len(groups)
            drawn = Chooser(None, None, 0).rows(groups, unlabelled, step)
            self.latest = (step, drawn, facts_of(groups, unlabelled))
        _, beside, facts = self.latest
        costs = [cost + self.cost.of(row) for cost, row in zip(rows.costs, beside, strict=True)]
        return StepRows(rows.examples, costs, beside, facts)

    def behaviour(self, batch: CandidateBatch) -> Tensor | None:
        """None: what was drawn is read while the policy is still the same."""
        return None

    def values(self, batch: CandidateBatch) -> Tensor | None:
        """None: no critic reads rows that were not drawn."""
        return None

    def state(self) -> Mapping[str, Tensor]:
        """Counts; draws have names, so they are drawn again."""
        return {COUNTS: self.work.state()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a checkpoint's."""
        self.work.restore(state[COUNTS])

    def end_step(self, step: int, policy: Any) -> None:
        """Nothing: the policy is read when it draws."""

    def summary(self, seconds: float) -> Mapping[str, Any]:
        """As `Work.summary`."""
        return self.work.summary(seconds)

    def _prompts_of(self, examples: Sequence[TokenizedExample], step: int) -> list[PolicyPrompt]:
        if not self.others:
            return [self.by_example[example.id] for example in examples]
        draws = stream(self.work.drawer.seed, f"online prompts s{step}")
        places = draws.choice(len(self.others), size=len(examples), replace=len(self.others) < len(examples))
        return [self.others[int(i)] for i in places]
