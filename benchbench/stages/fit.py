"""One training run inside a stage: the loop, the record and the clean-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import nn

from benchbench.batches.costs import costs_of
from benchbench.batches.microbatches import Cost, budget_for
from benchbench.batches.mismatched import mismatched
from benchbench.batches.order import plan_batches
from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.core.input import Moving
from benchbench.core.method import Candidates, Method, Need
from benchbench.core.seeding import stream
from benchbench.data.tokenized import Tokenized, TokenizedExample
from benchbench.models.compile import compile_layers
from benchbench.models.layout import Layout, layout_of
from benchbench.models.load import disable_dropout, use_checkpointing
from benchbench.models.logps import policy_layout, unwrap
from benchbench.models.policy_head import PolicyWithRival
from benchbench.recipe.training import LoopSection
from benchbench.stages.context import Result, StageContext
from benchbench.training.gradients import Objective
from benchbench.training.half_steps import HalfSteps
from benchbench.training.job import Ascent, Job
from benchbench.training.loop import train
from benchbench.training.optimizer import Rate
from benchbench.training.rows import DrawnSource, FixedRows, RowSource


@dataclass(frozen=True)
class BatchMaker:
    """How a stage's examples become batches."""

    device: torch.device
    pad: int
    """Token id of padding."""
    layout: Layout
    """Of the rows, as the model takes them."""
    cost: Cost
    """How examples are counted: as they are laid out."""
    columns: Sequence[str] = ()
    """The data's columns to carry along."""
    allow_empty: bool = False
    """Accept candidates without a response token."""
    mismatched: int | None = None
    """Most tokens of a row of an example's prompt and another's response, where the method reads those."""
    weights: Sequence[str] = ()
    """Names of the spans whose token weights to carry along."""

    def __call__(
        self, examples: Sequence[TokenizedExample], following: Sequence[TokenizedExample] = ()
    ) -> CandidateBatch:
        """One batch of so many examples.

        Args:
            examples: of the batch.
            following: for each, the example of the step whose responses stand after its prompt in mismatched rows;
                itself where none are given.
        """
        batch = self._collated(examples)
        if self.mismatched is None:
            return batch
        pairs = zip(examples, following or examples, strict=True)
        return replace(batch, mismatched=self._collated([mismatched(*pair, self.mismatched) for pair in pairs]))

    @property
    def plain(self) -> BatchMaker:
        """The same without what a method reads of an example: all candidates as they stand, and no columns."""
        cost = replace(self.cost, candidates=None, roles=())
        return replace(self, columns=(), weights=(), mismatched=None, allow_empty=True, cost=cost)

    def _collated(self, examples: Sequence[TokenizedExample]) -> CandidateBatch:
        return collate(
            examples,
            pad=self.pad,
            device=self.device,
            columns=self.columns,
            weights=self.weights,
            candidates=self.cost.candidates,
            roles=self.cost.roles,
            allow_empty=self.allow_empty,
            share=self.cost.share,
            whole=self.cost.whole,
        )


def policy_batches(
    context: StageContext[Any], tokenizer: Any, model: Any, method: Method, *, allow_empty: bool = False
) -> BatchMaker:
    """How a method's batches are made for a policy, which goes to the stage's device here."""
    layout = policy_layout(model.to(context.device))
    candidates = 1 if method.candidates is Candidates.ONE else None
    # with dropout a front that is encoded once would have one mask for all candidates
    share = context.settings.training.disable_dropout
    cost = Cost(packed=layout.packed, share=share, candidates=candidates, roles=method.read_roles)
    longest = context.tokenization().max_length if method.need(Need.MISMATCHED.name) else None
    return BatchMaker(
        context.device,
        tokenizer.pad_token_id,
        layout,
        cost,
        method.column_names,
        allow_empty,
        longest,
        method.token_weights,
    )


def reward_batches(
    context: StageContext[Any], tokenizer: Any, backbone: Any, columns: Sequence[str] = ()
) -> BatchMaker:
    """How batches are made for a reward model, whose backbone goes to the stage's device here."""
    layout = layout_of(unwrap(backbone.to(context.device)))
    cost = Cost(packed=layout.packed, share=context.settings.training.disable_dropout, whole=True)
    return BatchMaker(context.device, tokenizer.pad_token_id, layout, cost, columns)


@dataclass(frozen=True)
class Climbed:
    """What the weights climb before the gradient of each step is taken."""

    objective: Objective
    """The sum of its terms."""
    examples: Sequence[TokenizedExample]
    """What it is computed of, at least one."""
    rate: float
    """What its gradient is multiplied with."""


def fit(
    context: StageContext[Any],
    model: nn.Module,
    objective: Objective,
    tokenized: Tokenized,
    make_batch: BatchMaker,
    *,
    moving: Mapping[str, Moving] | None = None,
    rates: Mapping[str, Rate] | None = None,
    rows: DrawnSource | None = None,
    half_steps: bool = False,
    climbed: Climbed | None = None,
) -> Result:
    """Train to the end; the caller saves the model.

    Args:
        context: of the stage.
        model: what is trained; moved to the stage's device here.
        objective: what is minimised.
        tokenized: the examples.
        make_batch: of the stage's examples.
        moving: what goes along with the steps, by name.
        rates: beginnings of parameters' names, with their learning rate over that of the others.
        rows: what draws rows, or draws beside the examples; none takes the examples as they stand.
        half_steps: whether every second step is taken from where the one before it began.
        climbed: what is climbed before the gradient of each step is taken; none climbs nothing.

    Raises:
        BenchError: an example that is longer than the recipe's `tokens_per_microbatch`.
    """
    settings, run = context.settings.training, context.run.training
    model.to(context.device)
    if settings.disable_dropout:
        disable_dropout(model)
    if run.gradient_checkpointing:
        use_checkpointing(getattr(model, "backbone", model))
        if isinstance(model, PolicyWithRival):
            use_checkpointing(model.rival)
    if run.torch_compile:
        compile_layers(model, where=f"{context.spec.title}: torch_compile")
    cost = make_batch.cost
    costs = costs_of(cost, tokenized.examples) if rows is None else rows.largest()
    further = () if climbed is None else climbed.examples
    source = rows or FixedRows(tokenized.examples, costs)
    budget = budget_for(
        [*tokenized.examples, *further],
        [*costs, *costs_of(cost, further)],
        tokens=run.tokens_per_microbatch,
        most=_most_examples(context),
        device_kind=context.device.type,
        where=f"{context.spec.title}: tokens_per_microbatch",
        may_be_halved=context.has_whole_device,
    )
    outcome = train(
        Job(
            model=model,
            objective=objective,
            rows=source,
            make_batch=make_batch,
            make_beside=make_batch.plain,
            cost=cost,
            budget=budget,
            settings=settings,
            run=run,
            order_seed=context.settings.order_seed,
            noise_seed=context.settings.order_seed,
            folder=context.folder,
            report=context.report,
            should_stop=context.should_stop,
            moving=moving or {},
            rates=rates or {},
            ranks=context.ranks,
            half_steps=HalfSteps() if half_steps else None,
            ascent=None if climbed is None else _ascent(climbed, cost, settings, source, context.settings.order_seed),
        )
    )
    summary: dict[str, Any] = {
        "steps": outcome.steps,
        "examples": len(tokenized.examples),
        "last": dict(outcome.last),
        "layout": make_batch.layout.name,
        "microbatch": budget.facts(),
    }
    if rows is not None:
        summary["online"] = rows.summary(outcome.seconds)
    return Result(outcome.tokens, summary | {"tokenization": asdict(tokenized.report)})


def _ascent(climbed: Climbed, cost: Cost, settings: LoopSection, rows: RowSource, order_seed: int) -> Ascent:
    """What is climbed, over as many of its examples in each step as the loss has, in an order of their own."""
    source = FixedRows(climbed.examples, costs_of(cost, climbed.examples))
    batches = plan_batches(
        source.lengths(),
        batch=settings.global_batch_size,
        steps=rows.steps(settings),
        seed=int(stream(order_seed, "what is climbed").integers(2**31)),
        order=settings.data_order,
        length_window=settings.length_window,
    )
    return Ascent(climbed.objective, source, batches, climbed.rate)


def _most_examples(context: StageContext[Any]) -> int:
    """Examples of a microbatch at most: so few that every process has one, where that moves no number."""
    most = context.run.training.per_device_train_batch_size
    if context.ranks.is_alone or context.settings.training.per_device_train_batch_size is not None:
        return most
    return min(most, max(1, context.settings.training.global_batch_size // context.ranks.world))
