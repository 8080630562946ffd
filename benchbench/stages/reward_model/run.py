"""The reward model: the head of an objective on the backbone, trained on pairs or on more candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchbench import reward_objectives
from benchbench.core.data_ref import DataRef
from benchbench.core.errors import BenchError
from benchbench.core.identity import restore
from benchbench.core.reward_objective import RewardObjective
from benchbench.data.tokenized import Tokenized, TokenizedExample
from benchbench.data.tokenizer import save_tokenizer
from benchbench.models import load, reward_head
from benchbench.models.logps import unwrap
from benchbench.models.reward_head import ADAPTER, RewardModel
from benchbench.models.reward_outputs import OutputHead, joined_scores
from benchbench.models.saving import save_and_read_back, save_whole
from benchbench.recipe.binding import bind
from benchbench.stages.context import Result, StageContext, check_context
from benchbench.stages.fit import BatchMaker, Climbed, fit, reward_batches
from benchbench.stages.reward_model.settings import DRAWN, RewardModelSettings
from benchbench.stages.saved import FOLDER, READ_BACK_EXAMPLES, with_content, with_read_back
from benchbench.stages.settings import initial_seed
from benchbench.store.files import whole_folder
from benchbench.training.objective import RewardAscentObjective, RewardModelObjective


def run(context: StageContext[RewardModelSettings]) -> Result:
    """Train a reward model on the chosen and rejected responses; leaves model/ and the head."""
    settings = context.settings
    training = settings.training
    tokenizer = context.tokenizer()
    objective, hyper = _objective(settings)
    backbone = _backbone(context, tokenizer, trained=objective.head(hyper).trains_backbone)
    _check_hidden(objective, hyper, backbone, context.spec.title)
    std = getattr(backbone.config, "initializer_range", 0.02)
    with load.seeded(initial_seed(settings), "reward head initialisation"):
        model = RewardModel(
            backbone,
            pooling=training.pooling,
            head_dtype=getattr(torch, training.head_dtype),
            initial_std=std,
            objective=objective,
            hyper=hyper,
        )
    tokenized, drawn = _rows(context, tokenizer, objective)
    check_context([*tokenized.examples, *drawn], backbone, context.spec.title)
    columns = [column.name for column in objective.carried_columns(hyper)]
    make_batch = reward_batches(context, tokenizer, backbone, columns)
    minimised = RewardModelObjective(model, training.center_rewards_coefficient)
    outcome = fit(context, model, minimised, tokenized, make_batch, climbed=_climbed(model, drawn))
    if not context.ranks.is_first:
        return outcome
    if objective.fit is not None:
        fit_tables(model, tokenized.examples, make_batch)
    folder = context.folder / FOLDER

    def rewards(reward_model: RewardModel) -> torch.Tensor:
        return torch.cat(
            [reward_model(make_batch([example])).flatten() for example in tokenized.examples[:READ_BACK_EXAMPLES]]
        )

    difference = save_and_read_back(
        model,
        save=lambda: save(model, tokenizer, folder),
        load=lambda: _read(context, folder).to(context.device),
        score=rewards,
        where=folder,
    )
    return with_read_back(_with_drawn(context, outcome, len(drawn)), tokenized.examples, difference)


def _rows(
    context: StageContext[RewardModelSettings], tokenizer: Any, objective: RewardObjective
) -> tuple[Tokenized, Sequence[TokenizedExample]]:
    """What is trained on, drawn pairs behind labelled ones, and what was drawn; the report is of the labelled."""
    tokenized, split = context.tokenized(tokenizer, on_empty="drop"), context.settings.drawn_split
    if split is None:
        return tokenized, ()
    rows = DataRef(split, made_by=context.spec.inputs[DRAWN], tokens=True)
    drawn = context.tokenized(tokenizer, on_empty="drop", data=rows).examples
    if objective.ascent is None:
        tokenized = Tokenized([*tokenized.examples, *drawn], tokenized.report)
    return tokenized, drawn


def _climbed(model: RewardModel, drawn: Sequence[TokenizedExample]) -> Climbed | None:
    """What the objective climbs on the draws, where it does."""
    ascent = model.objective.ascent
    return None if ascent is None else Climbed(RewardAscentObjective(model), drawn, ascent.rate(model.hyper))


def _with_drawn(context: StageContext[RewardModelSettings], outcome: Result, count: int) -> Result:
    """The outcome with the number of drawn rows, and with the content of the model that rests on draws."""
    if context.settings.drawn_split is None:
        return outcome
    what = "drawn_pairs" if reward_objectives.get(context.settings.objective.name).ascent is None else "climbed_rows"
    return with_content(context, replace(outcome, summary={**outcome.summary, what: count}))


def _objective(settings: RewardModelSettings) -> tuple[RewardObjective, Any]:
    """The objective and its hyper-parameters, with what an identity leaves out restored."""
    objective = reward_objectives.get(settings.objective.name)
    values = restore(objective.hyper, settings.objective.hyper)
    hyper, faults = bind(objective.hyper, values, where="reward_model.objective.hyper")
    assert not faults, faults
    return objective, hyper


def _check_hidden(objective: RewardObjective, hyper: Any, backbone: Any, where: str) -> None:
    """Return only if the backbone's states are long enough for the objective's head.

    Raises:
        BenchError: both sizes.
    """
    least, hidden = objective.head(hyper).least_hidden, backbone.config.hidden_size
    if hidden < least:
        raise BenchError(
            f"{where}: objective '{objective.name}' with these hyper-parameters needs a hidden size of {least} or "
            f"more, the model has {hidden}; take fewer dimensions in reward_model.objective.hyper"
        )


def fit_tables(model: RewardModel, examples: Sequence[TokenizedExample], make_batch: BatchMaker) -> None:
    """Compute what an objective fits in closed form, from the trained model's scores of all training examples.

    Args:
        model: trained; its fitted tables are set here.
        examples: the training examples, all with as many candidates.
        make_batch: of the stage's examples.
    """
    assert model.objective.fit is not None and isinstance(model.head, OutputHead)
    model.eval()
    with torch.no_grad():
        parts = [model.scores(make_batch([example])) for example in examples]
        values = model.objective.fit(joined_scores(parts), model.hyper)
        model.head.set_fitted(values)


def _backbone(context: StageContext[RewardModelSettings], tokenizer: Any, *, trained: bool) -> Any:
    """The language model without its head: the SFT policy's (adapters merged) or the base's, then fresh adapters.

    Where the objective trains the head alone, it is frozen and gets no adapters.
    """
    settings = context.settings
    if "policy" in context.spec.inputs:
        policy = load.load_trained(context.input("policy") / "model", context.model_spec(), trainable=False)
        if hasattr(policy, "merge_and_unload"):
            policy = policy.merge_and_unload()
    else:
        policy = load.build_base(context.model_spec(), tokenizer, seed=initial_seed(settings))
    backbone = unwrap(policy).base_model
    if not trained:
        return backbone.requires_grad_(False)
    if settings.lora is not None:
        lora = settings.lora.model_dump()
        return load.add_lora(backbone, lora, seed=initial_seed(settings), task="FEATURE_EXTRACTION")
    return backbone.requires_grad_(True)


def save(model: RewardModel, tokenizer: Any, folder: Path) -> None:
    """Whole backbone as it was before adapters, the adapters, and the head.

    Adapters are not merged: a sum rounded to bfloat16 gives other rewards than adapters applied in float32 do.
    """
    backbone = model.backbone
    with whole_folder(folder) as draft:
        if hasattr(backbone, "unload"):
            backbone.save_pretrained(draft / ADAPTER, safe_serialization=True)
            backbone = backbone.unload()
        save_whole(backbone, draft)
        save_tokenizer(tokenizer, draft)
        model.save_head(draft)


def load_reward_model(context: StageContext[Any], name: str) -> RewardModel:
    """The finished reward model of an input stage."""
    return _read(context, context.input(name) / FOLDER)


def _read(context: StageContext[Any], folder: Path) -> RewardModel:
    model = context.reading.model
    return reward_head.load_reward_model(
        folder,
        dtype=model.dtype,
        attn_implementation=model.attn_implementation,
        trust_remote_code=model.trust_remote_code,
    )
