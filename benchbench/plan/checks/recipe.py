"""Bind what a recipe leaves free, and refuse contradictions between its parts, before anything runs."""

from __future__ import annotations

from functools import cache
from typing import Any

from benchbench import inputs, judges, methods, metrics, reward_objectives, sources
from benchbench.comparison.pairs.scorings import SCORINGS
from benchbench.core.errors import BenchError, Fault, unknown_name
from benchbench.core.identity import identity, plain
from benchbench.core.method import CONTENT_SIGN, Method
from benchbench.plan.checks.on_policy import split_faults
from benchbench.plan.checks.online import bind_online, online_faults
from benchbench.plan.checks.reward_draws import bind_drawn_pairs
from benchbench.plan.checks.rounds import bind_rounds
from benchbench.plan.checks.tools import tool_faults
from benchbench.plan.checks.worlds import world_faults
from benchbench.plan.transforms import bind_transforms
from benchbench.recipe.anchors import start_faults
from benchbench.recipe.binding import bind
from benchbench.recipe.load import METHOD_NAME
from benchbench.recipe.schema import REWARD_MODEL, SFT, Recipe
from benchbench.recipe.training import RewardModelSection
from benchbench.recipe.values import put


def bind_free_parts(recipe: Recipe) -> tuple[dict[str, Any], list[Fault]]:
    """Bind hyper-parameters and source options; returns them with defaults filled in, and every fault."""
    bound: dict[str, Any] = {}
    faults: list[Fault] = []
    drawn, unknown = bind_online(recipe)
    bound, faults = bound | drawn, faults + unknown
    if recipe.is_reward_model:
        faults += online_faults(recipe, None, None, drawn)
        faults += _lora_faults(recipe) + _no_policy_faults(recipe)
    elif (method := _method(recipe, faults)) is not None:
        if method.name != recipe.method.name:
            bound[METHOD_NAME] = method.name
        hyper, wrong = bind(method.hyper, recipe.method.hyper, where="method.hyper")
        faults += wrong
        if hyper is not None:
            bound["method.hyper"] = hyper
        faults += _lora_faults(recipe) + _contradictions(recipe, method)
        faults += online_faults(recipe, method, hyper, drawn) if not unknown else []
    if recipe.reward_model is not None:
        _bind_objective(recipe.reward_model, bound, faults)
    source = _exhibit(sources, recipe.data.source, "data.source", faults)
    if source is not None:
        options, wrong = bind(source.options, recipe.data.options, where="data.options")
        faults += wrong
        if options is not None:
            bound["data.options"] = options
    if recipe.data.transforms:
        bound["data.transforms"], wrong = bind_transforms(recipe.data.transforms)
        faults += wrong
    if recipe.preference is not None and recipe.preference.transforms:
        key = "preference.transforms"
        bound[key], wrong = bind_transforms(recipe.preference.transforms, key=key)
        faults += wrong
    for bind_section in (bind_rounds, bind_drawn_pairs):
        parts, wrong = bind_section(recipe)
        bound, faults = bound | parts, faults + wrong
    if recipe.judge is not None:
        judge = _exhibit(judges, recipe.judge.name, "judge.name", faults)
        if judge is not None:
            options, wrong = bind(judge.options, recipe.judge.options, where="judge.options")
            faults += wrong
            if options is not None:
                moving = {k: v for k, v in identity(options).items() if k not in judge.handling}
                bound["judge.options"] = moving  # a rate limit makes no other recipe
    _exhibit(metrics, recipe.score.headline.metric, "score.headline.metric", faults)
    faults += [*world_faults(recipe, bound), *tool_faults(recipe, bound)]
    return bound, faults + _score_faults(recipe) + _claim_faults(recipe) + _annotation_faults(recipe, bound)


def _bind_objective(section: RewardModelSection, bound: dict[str, Any], faults: list[Fault]) -> None:
    """Bind the hyper-parameters of the reward model's objective, and refuse what the objective cannot obey."""
    objective = _exhibit(reward_objectives, section.objective.name, "reward_model.objective.name", faults)
    if objective is None:
        return
    hyper, wrong = bind(objective.hyper, section.objective.hyper, where="reward_model.objective.hyper")
    faults += wrong
    if hyper is not None:
        bound["reward_model.objective.hyper"] = hyper
    if section.center_rewards_coefficient and not objective.is_shift_free:
        message = f"expected 0, since rewards of objective '{objective.name}' have a level of their own"
        faults.append(
            Fault(
                "reward_model.center_rewards_coefficient",
                f"{message}, got {section.center_rewards_coefficient:g}; set it to 0 beside the objective",
            )
        )


def _exhibit(room: Any, name: str, where: str, faults: list[Fault]) -> Any:
    try:
        return room.get(name)
    except BenchError as error:
        faults.append(Fault(where, str(error)))
        return None


def _method(recipe: Recipe, faults: list[Fault]) -> Method | None:
    """The recipe's method; none, and its faults, where there is none or it breaks the contract of a loss."""
    named = recipe.method
    where = "method.name" if named.file is None else "method.file"
    try:
        method = methods.get(named.name, file=named.file)
    except BenchError as error:
        faults.append(Fault(where, str(error)))
        return None
    broken = _contract_faults(method, where=where)
    faults += broken
    return None if broken else method


def _contract_faults(method: Method, *, where: str) -> list[Fault]:
    """What a user's method breaks; none of a built-in one, whose contract the package's own tests hold.

    Args:
        method: under its full name.
        where: key of the recipe that names it.
    """
    if CONTENT_SIGN not in method.name:
        return []
    return [Fault(where, text) for text in _broken(method.name)]


@cache
def _broken(name: str) -> tuple[str, ...]:
    """Breaches by the full name, which holds the content, so that equal content is checked once."""
    from benchbench.contract.run import breaches  # with torch, which a plan of built-in methods does without

    return tuple(f"{check}: {breach}" for check, breach in breaches(methods.get(name)))


def _lora_faults(recipe: Recipe) -> list[Fault]:
    if recipe.lora is None or recipe.model.from_config is None:
        return []
    return [Fault("lora", "adapters need pretrained weights; the model is built from_config; remove one of the two")]


def _no_policy_faults(recipe: Recipe) -> list[Fault]:
    """What a recipe lacks, or has in vain, whose result is the reward model."""
    faults: list[Fault] = []
    if recipe.reward_model is None:
        faults.append(Fault("reward_model", f"required, not given; method '{REWARD_MODEL}' is the reward model itself"))
    if recipe.method.hyper:
        keys = ", ".join(recipe.method.hyper)
        faults.append(
            Fault("method.hyper", f"expected none for '{REWARD_MODEL}', got {keys}; write reward_model.objective.hyper")
        )
    return faults


def _contradictions(recipe: Recipe, method: Method) -> list[Fault]:
    """Inputs that the method declares and the recipe does not provide."""
    faults: list[Fault] = []
    if method.name == SFT:
        return faults
    if recipe.preference is None:
        return [*faults, Fault("preference", f"required, not given; method '{method.name}' trains on preferences")]
    least, batch = method.least_examples, recipe.preference.global_batch_size
    if batch < least:
        together = f"'{method.name}' compares the examples of a step with each other"
        faults.append(Fault("preference.global_batch_size", f"expected {least} or more, got {batch}: {together}"))
    if recipe.preference.anchors and method.need("anchors") is None:
        faults.append(Fault("preference.anchors", f"'{method.name}' reads no further policies; remove it"))
    faults += [*split_faults(recipe, method), *start_faults(recipe)]
    for need in method.declared:
        exhibit = inputs.get(need.name)
        exhibit.check_options(need)
        faults += [fault for fault in exhibit.faults(recipe, method, need) if fault not in faults]
    return faults


def _claim_faults(recipe: Recipe) -> list[Fault]:
    """Claims about metrics or scorings that there are not."""
    faults: list[Fault] = []
    for place, claim in enumerate(recipe.claims):
        _exhibit(metrics, claim.metric, f"claims.{place}.metric", faults)
        if claim.scoring not in SCORINGS:
            faults.append(Fault(f"claims.{place}.scoring", str(unknown_name("scoring", claim.scoring, SCORINGS))))
    return faults


def _annotation_faults(recipe: Recipe, bound: dict[str, Any]) -> list[Fault]:
    """Conditions and quirks that name no key of the recipe, or no method."""
    values = recipe.model_dump(mode="json")
    for key, part in bound.items():
        put(values, key, plain(part))
    faults = [
        Fault(f"reported_on.{key}", "expected a key of the recipe, got none of that name")
        for key in recipe.reported_on
        if not _is_key(values, key)
    ]
    for place, quirk in enumerate(recipe.quirks):
        if quirk.concerns(recipe.method.name) and not _is_key(values, quirk.field):
            faults.append(Fault(f"quirks.{place}.field", f"expected a key of the recipe, got '{quirk.field}'"))
        for name in quirk.published if isinstance(quirk.published, dict) else ():
            _exhibit(methods, name, f"quirks.{place}.published", faults)
    return faults


def _is_key(values: Any, key: str) -> bool:
    """Whether a recipe can have a dotted key; below a source's options, and where a section is absent, it can."""
    if key.startswith("data.options."):
        return True
    for part in key.split("."):
        if values is None:
            return True
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return True


def _score_faults(recipe: Recipe) -> list[Fault]:
    faults: list[Fault] = []
    if (recipe.score.truncation or recipe.tokenization.truncation) == "drop":
        faults.append(
            Fault(
                "score.truncation", "expected right, left or error, got drop; held-out scoring never drops an example"
            )
        )
    rm = recipe.reward_model
    if rm is not None and rm.score_truncation is None and (rm.truncation or recipe.tokenization.truncation) == "drop":
        faults.append(
            Fault(
                "reward_model.score_truncation", "required, not given: training drops over-long texts, rewards cannot"
            )
        )
    if rm is not None and rm.init_from == "sft" and recipe.sft is None:
        faults.append(Fault("reward_model.init_from", "expected base, since the recipe has no sft stage, got sft"))
    return faults
