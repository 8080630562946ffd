"""Preference training: a method's loss on the policy that SFT left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchbench import methods
from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import Example
from benchbench.core.method import Need
from benchbench.data.column_shape import columns_of
from benchbench.models import load
from benchbench.recipe.binding import bind
from benchbench.stages.context import Result, StageContext, check_context
from benchbench.stages.fit import fit, policy_batches
from benchbench.stages.saved import save_policy
from benchbench.store.rows import read_rows
from benchbench.training.objective import Caches, MethodObjective


def run(context: StageContext) -> Result:
    """Train the policy with a method; leaves model/."""
    settings = context.settings
    tokenizer = context.tokenizer()
    model = start_policy(context, tokenizer)
    method = methods.get(settings["method"]["name"])
    hyper, faults = bind(method.hyper, settings["method"]["hyper"], where="method.hyper")
    assert not faults, faults
    on_empty = settings["on_empty_response"]
    tokenized = context.tokenized(tokenizer, on_empty=on_empty)
    check_context(tokenized.examples, model, context.spec.title)
    caches = Caches(
        reference=reference_logps(context) if Need.REFERENCE in method.needs else {},
        reward=rewards(context) if Need.REWARD in method.needs else {},
    )
    objective = MethodObjective(method, hyper, model, caches)
    make_batch = policy_batches(context, tokenizer, method, allow_empty=on_empty == "keep_constant")
    outcome = fit(context, model, objective, tokenized, make_batch)
    return save_policy(context, model, tokenizer, tokenized.examples, make_batch, outcome)


def start_policy(context: StageContext, tokenizer: Any) -> Any:
    """The SFT policy, adapters continued; or the base model (with fresh adapters) where the recipe has no SFT."""
    settings = context.settings
    if "policy" in context.spec.inputs:
        return load.load_trained(context.input("policy") / "model", context.model_spec(), trainable=True)
    model = load.build_base(context.model_spec(), tokenizer, seed=settings["seed"])
    return model if settings["lora"] is None else load.add_lora(model, settings["lora"], seed=settings["seed"])


def reference_logps(context: StageContext) -> Mapping[str, Sequence[Sequence[float]]]:
    """Cached log-probabilities of the frozen anchor, per response token."""
    frame = read_rows(context.input("reference")).sort_values(["example", "candidate"])
    return {str(name): group.tolist() for name, group in frame.groupby("example")["token_logps"]}


def rewards(context: StageContext) -> Mapping[str, Sequence[float]]:
    """Rewards of every candidate: from the reward-model stage, or from a column of the data."""
    source = context.settings["reward"]
    if source["source"] == "stage":
        frame = read_rows(context.input("reward")).sort_values(["example", "candidate"])
        wrong = frame.loc[~np.isfinite(frame["reward"])]
        if len(wrong):
            one = wrong.iloc[0]
            raise BenchError(
                f"{context.spec.title}: expected finite rewards, found {len(wrong)} of {len(frame)} that are not, "
                f"such as {one['reward']} for candidate {one['candidate']} of example {one['example']}; the reward "
                "model diverged: a smaller reward_model.learning_rate or max_grad_norm is the usual way out",
                exit_code=ExitCode.FAILED,
            )
        return {str(name): group.tolist() for name, group in frame.groupby("example")["reward"]}
    return {example.id: _column(example, source["column"]) for example in context.examples()}


def _column(example: Example, name: str) -> Sequence[float]:
    value = columns_of(example)[name]
    assert isinstance(value, tuple), f"column {name} is per example, the plan has checked that it is per candidate"
    return value
