"""benchbench's own loop on a mix, with the reference pass that comes before it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import torch

from benchbench import inputs, methods
from benchbench.batches.microbatches import AUTO, Cost, budget_for
from benchbench.batches.padded import collate
from benchbench.core.scores import Logps
from benchbench.data.tokenized import TokenizedExample
from benchbench.models.layout import Layout, layout_of, use_packed_rows
from benchbench.models.logps import token_logps
from benchbench.recipe.training import PreferenceSection
from benchbench.stages.scoring import score_examples
from benchbench.training.loop import Job, train
from benchbench.training.objective import BoundInput, MethodObjective
from benchbench.training.rows import FixedRows
from benchmarks.machine import Elapsed, clock
from benchmarks.mixes import PAD, Mix, make_examples, make_model
from benchmarks.worker import Round

LEARNING_RATE = 1e-4
CPU = torch.device("cpu")
SCORED_AT_ONCE = 32
"""Examples of a batch without gradients at most; its tokens are bounded, too."""


def settings_of(mix: Mix, *, bf16: bool) -> PreferenceSection:
    """One epoch in the order of the data."""
    return PreferenceSection(
        split="train",
        learning_rate=LEARNING_RATE,
        lr_scheduler_type="linear",
        global_batch_size=mix.batch,
        per_device_train_batch_size=mix.batch,
        data_order="sequential",
        logging_steps=1,
        save_steps=10_000,
        bf16=bf16,
    )


def load(mix: Mix, *, packed: bool = True) -> tuple[Any, Layout]:
    """The mix's model as a recipe would load it."""
    model = make_model(mix)
    layout = use_packed_rows(model) if packed else layout_of(model.base_model)
    if layout.packed != packed:
        raise RuntimeError(f"expected packed={packed} rows, the model has {layout.name}")
    return model, layout


def score_all(
    model: Any, layout: Layout, examples: Sequence[TokenizedExample], *, bf16: bool
) -> dict[str, list[list[float]]]:
    """Example id -> for each candidate the log-probability of each response token, by the loop of stages."""
    context = SimpleNamespace(
        run=SimpleNamespace(tokens_per_microbatch=AUTO, per_device_eval_batch_size=SCORED_AT_ONCE),
        device=CPU,
        has_whole_device=True,
        spec=SimpleNamespace(title="benchmark"),
        should_stop=lambda: False,
        report=lambda event: None,
    )
    model.eval()
    logps: dict[str, list[list[float]]] = {}
    score = partial(token_logps, model)
    batches = score_examples(cast(Any, context), examples, score, pad=PAD, layout=layout, autocast=bf16)
    for batch, part, scores in batches:
        assert isinstance(scores, Logps)
        for b, example in enumerate(part):
            rows = zip(scores.token[b], batch.response[b], strict=True)
            logps[example.id] = [token[response].tolist() for token, response in rows]
    return logps


class Training:
    """An epoch of DPO on pairs, of DDO-RM on more responses, with the reference's pass before it."""

    def __init__(self, mix: Mix, *, bf16: bool = False, packed: bool = True, share: bool = True) -> None:
        self._mix, self._packed = mix, packed
        self._examples = make_examples(mix)
        self._settings = settings_of(mix, bf16=bf16)
        self._cost = Cost(packed=packed, share=share)

    def __call__(self) -> Round:
        """One epoch from the same weights."""
        model, layout = load(self._mix, packed=self._packed)
        before = Elapsed()
        if self._mix.candidates == 2:
            with clock() as before:
                logps = score_all(model, layout, self._examples, bf16=self._settings.bf16)
            objective = self._objective("dpo", model, "reference", logps)
        else:
            rewards = {e.id: [float(k) for k in range(self._mix.candidates)] for e in self._examples}
            objective = self._objective("ddo_rm", model, "reward", rewards)
        losses: list[float] = []
        with tempfile.TemporaryDirectory() as folder:
            job = self._job(model, objective, Path(folder), lambda event: losses.append(event["loss"]))
            with clock() as main:
                train(job)
        return Round(main, before, tuple(losses))

    def _objective(self, name: str, model: Any, need: str, values: Mapping[str, Any]) -> MethodObjective:
        method = methods.get(name)
        return MethodObjective(
            method, method.hyper(), model, {need: BoundInput(partial(inputs.get(need).tensor, values))}
        )

    def _job(
        self, model: Any, objective: MethodObjective, folder: Path, report: Callable[[Mapping[str, Any]], None]
    ) -> Job:
        costs = [self._cost.of(example) for example in self._examples]
        budget = budget_for(
            self._examples, costs, tokens=AUTO, most=self._mix.batch, device_kind=CPU.type, where="benchmark"
        )
        if not self._packed:  # all of a step at once, as before rows were packed
            budget = replace(budget, tokens=10**9)
        return Job(
            model=model,
            objective=objective,
            rows=FixedRows(self._examples, costs),
            make_batch=lambda examples, following: collate(examples, pad=PAD, device=CPU, share=self._cost.share),
            cost=self._cost,
            budget=budget,
            settings=self._settings,
            run=self._settings,
            order_seed=0,
            noise_seed=0,
            folder=folder,
            report=report,
        )
