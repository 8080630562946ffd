"""Preference training: a method's loss on the policy that SFT left."""

from __future__ import annotations

from functools import partial
from typing import Any

from benchbench import methods
from benchbench.core.identity import restore
from benchbench.core.method import Method
from benchbench.models import load
from benchbench.recipe.binding import bind
from benchbench.stages.context import Result, StageContext, check_context
from benchbench.stages.fit import fit, policy_batches
from benchbench.stages.preference.settings import PreferenceSettings
from benchbench.stages.saved import save_policy
from benchbench.stages.settings import initial_seed
from benchbench.training.objective import InputTensor, MethodObjective


def run(context: StageContext[PreferenceSettings]) -> Result:
    """Train the policy with a method; leaves model/."""
    settings = context.settings
    tokenizer = context.tokenizer()
    model = start_policy(context, tokenizer)
    method = methods.get(settings.method.name)
    hyper, faults = bind(method.hyper, restore(method.hyper, settings.method.hyper), where="method.hyper")
    assert not faults, faults
    on_empty = settings.on_empty_response
    tokenized = context.tokenized(tokenizer, on_empty=on_empty)
    check_context(tokenized.examples, model, context.spec.title)
    objective = MethodObjective(method, hyper, model, loaded_inputs(context, method))
    make_batch = policy_batches(context, tokenizer, model, method, allow_empty=on_empty == "keep_constant")
    outcome = fit(context, model, objective, tokenized, make_batch)
    return save_policy(context, model, tokenizer, tokenized.examples, make_batch, outcome)


def start_policy(context: StageContext[PreferenceSettings], tokenizer: Any) -> Any:
    """The SFT policy, adapters continued; or the base model (with fresh adapters) where the recipe has no SFT."""
    settings = context.settings
    if "policy" in context.spec.inputs:
        return load.load_trained(context.input("policy") / "model", context.model_spec(), trainable=True)
    seed = initial_seed(settings)
    model = load.build_base(context.model_spec(), tokenizer, seed=seed)
    return model if settings.lora is None else load.add_lora(model, settings.lora.model_dump(), seed=seed)


def loaded_inputs(context: StageContext[PreferenceSettings], method: Method) -> dict[str, InputTensor]:
    """Name of each need that the method declares -> what it gives for a batch, with its data in memory."""
    tensors: dict[str, InputTensor] = {}
    for need in method.declared:
        exhibit = context.input_of(need.name)
        tensors[need.name] = partial(exhibit.tensor, exhibit.load(context, need))
    return tensors
