"""Preference training: a method's loss on the policy that SFT left."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from benchbench.core.input import Moving, SecondPolicy
from benchbench.core.method import Method, Need
from benchbench.models import load
from benchbench.models.load import seeded
from benchbench.models.policy_head import PolicyHead, PolicyWithHead, PolicyWithRival
from benchbench.recipe.anchors import ANCHOR_POLICY
from benchbench.stages.context import Result, StageContext
from benchbench.stages.fit import fit
from benchbench.stages.frozen import frozen_policy
from benchbench.stages.preference.drawn_rows import BesideRows, OnlineRows
from benchbench.stages.preference.method import bound_method
from benchbench.stages.preference.reading import read_rows
from benchbench.stages.preference.settings import KEPT_POLICY, PreferenceSettings
from benchbench.stages.preference.work import watched_of
from benchbench.stages.saved import FOLDER, save_policy, with_content
from benchbench.stages.settings import initial_seed
from benchbench.training.carried import CarriedNumbers
from benchbench.training.objective import BoundInput, MethodObjective
from benchbench.training.optimizer import Rate

NOTHING_TRAINED = Result(0, {"steps": 0, "examples": 0, "last": {}, "kept_policy": True})


def run(context: StageContext[PreferenceSettings]) -> Result:
    """Train the policy with a method; leaves model/."""
    settings = context.settings
    tokenizer = context.tokenizer()
    model = start_policy(context, tokenizer)
    method, hyper = bound_method(context)
    trained, head, rates = with_head(context, model, method, hyper)
    tokenized, make_batch, rows = read_rows(context, method, model, tokenizer, head)
    if settings.data.tokens and not tokenized.examples:
        return kept_policy(context, model, tokenizer) if context.ranks.is_first else NOTHING_TRAINED
    bound, moving, rival = loaded_inputs(context, method, rows)
    ids = [example.id for example in tokenized.examples] if method.carried is not None else []
    carried = None
    if method.carried is not None:
        carried = CarriedNumbers(method.carried, hyper, ids, dtype=torch.float32, device=context.device)
        moving["carried"] = carried
    if rival is not None:
        assert carried is not None and head is None, "a method with a rival carries their roles, and has no head"
        trained, rates = with_rival(model, rival, carried)
    watch = None if rows is None else watched_of
    shaped = rows.shaped if isinstance(rows, OnlineRows) else None
    objective = MethodObjective(method, hyper, model, bound, carried=carried, head=head, watch=watch, shaped=shaped)
    outcome = fit(
        context,
        trained,
        objective,
        tokenized,
        make_batch,
        moving=moving,
        rates=rates,
        rows=rows,
        half_steps=method.half_steps,
    )
    if rival is not None and carried is not None and rival.is_kept(carried.of(())):
        model = rival.model
    scored = make_batch if rows is None else make_batch.plain
    saved = save_policy(context, model, tokenizer, tokenized.examples, scored, outcome)
    return with_content(context, saved) if settings.data.tokens and context.ranks.is_first else saved


def kept_policy(context: StageContext[PreferenceSettings], model: Any, tokenizer: Any) -> Result:
    """The policy that the round starts from, which drew its responses, since the round's selection has no row.

    Args:
        context: of the stage.
        model: that training would start from, which is another one where each round trains from the SFT policy.
        tokenizer: the stage's own.
    """
    if KEPT_POLICY in context.spec.inputs:
        model = load.load_trained(context.input(KEPT_POLICY) / FOLDER, context.model_spec(), trainable=True)
    load.save_trained(model, tokenizer, context.folder / FOLDER)
    context.report({"message": f"{context.spec.title}: no rows to train on; the policy stays as it was"})
    return with_content(context, NOTHING_TRAINED)


def start_policy(context: StageContext[PreferenceSettings], tokenizer: Any) -> Any:
    """The SFT policy, adapters continued; or the base model (with fresh adapters) where the recipe has no SFT."""
    settings = context.settings
    if "policy" in context.spec.inputs:
        return load.load_trained(context.input("policy") / "model", context.model_spec(), trainable=True)
    seed = initial_seed(settings)
    model = load.build_base(context.model_spec(), tokenizer, seed=seed)
    return model if settings.lora is None else load.add_lora(model, settings.lora.model_dump(), seed=seed)


def with_head(
    context: StageContext[PreferenceSettings], model: Any, method: Method, hyper: Any
) -> tuple[Any, Any, dict[str, Rate]]:
    """What is trained, the head of the method's loss, and the shares of the learning rate; the policy alone mostly."""
    if method.head is None:
        return model, None, {}
    reference = frozen_policy(context, ANCHOR_POLICY) if method.head.reads == "reference" else None
    with seeded(context.settings.order_seed, "head initialisation"):
        head = PolicyHead(model, method.head, outputs=method.head.outputs(hyper), reference=reference)
    return PolicyWithHead(model, head), head, {"head.": method.head.rate(hyper)}


def with_rival(policy: Any, rival: SecondPolicy, carried: CarriedNumbers) -> tuple[Any, dict[str, Rate]]:
    """Policy and rival as one module, and the share of the learning rate that each has at the step at hand."""
    shares: dict[str, Rate] = {
        "backbone.": lambda: rival.shares(carried.of(()))[0],
        "rival.": lambda: rival.shares(carried.of(()))[1],
    }
    return PolicyWithRival(policy, rival.model), shares


def loaded_inputs(
    context: StageContext[PreferenceSettings], method: Method, rows: OnlineRows | BesideRows | None = None
) -> tuple[dict[str, BoundInput], dict[str, Moving], SecondPolicy | None]:
    """By name of each need that the method declares, what serves it; which go along with the steps, or are trained.

    Of drawn rows, and of what is drawn beside rows, everything comes from what draws them.
    """
    bound: dict[str, BoundInput] = {}
    moving: dict[str, Moving] = {} if rows is None else {"online": rows}
    trained: SecondPolicy | None = None
    for need in method.declared:
        exhibit = context.input_of(need.name)
        if rows is not None and (isinstance(rows, OnlineRows) or need.name == Need.FRESH.name):
            assert exhibit.drawn is not None, f"the plan has checked that '{need.name}' is served for drawn rows"
            bound[need.name] = BoundInput(partial(exhibit.drawn, rows), exhibit.has_gradient)
            continue
        loaded = exhibit.load(context, need)
        bound[need.name] = BoundInput(partial(exhibit.tensor, loaded), exhibit.has_gradient)
        if isinstance(loaded, Moving):
            moving[need.name] = loaded
        if isinstance(loaded, SecondPolicy):
            trained = loaded
    return bound, moving, trained
