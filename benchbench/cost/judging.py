"""Questions to judges, how many there are at most, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from benchbench import judges, oracles
from benchbench.core.records import StageSpec
from benchbench.cost.context import NO_EXAMPLES, CostContext, StageCost
from benchbench.cost.turns import turns_of
from benchbench.stages.generate.settings import GenerateSettings
from benchbench.stages.judge.settings import JudgeSettings
from benchbench.stages.label.settings import LabelSettings
from benchbench.stages.preference.settings import PreferenceSettings
from benchbench.stages.rollout.settings import RolloutSettings

ORDERS = 2
"""A judge that reads two texts is asked in both orders, at most."""
ENDPOINT = "base_url"
"""The option of judges that ask somebody who may be paid."""


def asks_for_pay(spec: StageSpec) -> bool:
    """Whether a stage may ask an endpoint whose answers cost money, as a judge or as the oracle of labels."""
    settings = spec.settings
    if isinstance(settings, JudgeSettings):
        return ENDPOINT in spec.run.options
    if isinstance(settings, LabelSettings):
        return _is_paid(settings.oracle.name, spec.run.options)
    if isinstance(settings, PreferenceSettings) and settings.online is not None and settings.online.oracle is not None:
        return _is_paid(settings.online.oracle.name, spec.run.oracle_options or {})
    return False


def _is_paid(oracle: str, options: Mapping[str, Any]) -> bool:
    """Whether an oracle asks a judge that has an endpoint."""
    if oracles.get(oracle).judge_of is None or "judge" not in options:
        return False
    return ENDPOINT in {field.name for field in fields(judges.get(options["judge"]).options)}


def judging_cost(bare: StageCost, spec: StageSpec, context: CostContext) -> StageCost:
    """Questions to a judge: every response in both orders."""
    drawn = context.stages.get(spec.inputs["ours"])
    if drawn is None or not isinstance(drawn.settings, GenerateSettings):
        return replace(bare, unknown=("how many responses are judged",))
    rows = context.rows(drawn)
    if isinstance(rows, str):
        return replace(bare, unknown=(rows,))
    samples, prompts = drawing_count(drawn.settings, rows.examples)
    if prompts is None:
        return replace(bare, unknown=(NO_EXAMPLES,))
    calls = samples * prompts * ORDERS
    name = spec.settings.judge.get("name", "judge")
    notes = (f"judge {name}: at most {calls:,} questions; equal texts and kept answers are not asked again",)
    turns = turns_of(drawn.settings)
    assert turns is not None, "a generate stage draws"
    read = rows.prompt + 2 * turns.response_tokens
    price = _price(spec.run.options, calls, read)
    return replace(
        bare,
        work={"judging": calls},
        judge=name,
        calls=calls,
        call_price=price,
        origin=rows.origin,
        notes=notes,
    )


def _price(options: Mapping[str, Any], calls: float, read: float) -> float | None:
    """What questions cost at most, in tokens of the policy: the judge's template and its own tokens are not counted.

    A judge without prices asks nobody who is paid, as far as its options say; one with a field for prices that says
    none has a cost that is not known.
    """
    prices = [options.get(f"price_per_million_{what}_tokens") for what in ("prompt", "completion")]
    if ENDPOINT not in options:
        return 0.0
    if prices[0] is None or prices[1] is None:
        return None
    return calls * (prices[0] * read + prices[1] * options.get("max_tokens", 0)) / 1e6


def drawing_count(settings: GenerateSettings | RolloutSettings, examples: int | None) -> tuple[int, int | None]:
    """(responses to each prompt, prompts at most) of a stage that draws; none where prompts are not known."""
    if isinstance(settings, GenerateSettings):
        limits = [count for count in (settings.generate.num_prompts, examples) if count is not None]
        return settings.generate.num_samples, min(limits) if limits else None
    return settings.sampler.num_samples, settings.prompts.answered
