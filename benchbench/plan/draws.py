"""What a stage draws from its seeds: weights, the order of the data, dropout masks, tokens of responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from benchbench.core.identity import identity
from benchbench.stages.generate.settings import GenerateSettings
from benchbench.stages.label.settings import LabelSettings
from benchbench.stages.preference.settings import PreferenceSettings
from benchbench.stages.rollout.settings import RolloutSettings
from benchbench.stages.score.settings import ScoreSettings
from benchbench.stages.select.settings import SelectSettings
from benchbench.stages.settings import POLICIES, TrainingSettings

if TYPE_CHECKING:
    from benchbench.core.records import StageSpec
    from benchbench.plan.graph import Plan

INITIALISATION, ORDER, DROPOUT, SAMPLING = "initialisation", "order", "dropout", "sampling"
STREAMS = (INITIALISATION, ORDER, DROPOUT, SAMPLING)
"""What may be drawn, in the order in which it is told."""
_SEEDS = ("seed", "order_seed", "base_seed")
"""Fields of settings that are seeds."""

Draws = Mapping[str, int]
"""Stream -> the seed that it is drawn from; a stream that nothing is drawn from is not there."""


def stage_draws(spec: StageSpec) -> Draws:
    """What a stage draws, and from which seed, as its settings say.

    Dropout counts where it is not switched off; which probabilities the weights bring along is the model's affair.
    """
    settings = spec.settings
    if isinstance(settings, GenerateSettings):
        base = {} if settings.base_seed is None else {INITIALISATION: settings.base_seed}
        return base | ({SAMPLING: settings.seed} if settings.generate.temperature > 0 else {})
    if isinstance(settings, RolloutSettings | LabelSettings):
        return _round_draws(settings)
    if isinstance(settings, SelectSettings):
        return {} if settings.seed is None else {SAMPLING: settings.seed}
    if isinstance(settings, ScoreSettings):
        return {} if settings.seed is None else {INITIALISATION: settings.seed}
    return _training_draws(spec, settings) if isinstance(settings, TrainingSettings) else {}


def _round_draws(settings: RolloutSettings | LabelSettings) -> Draws:
    """What is drawn of responses and of labels, and the weights that they are drawn from."""
    base = {} if settings.base_seed is None else {INITIALISATION: settings.base_seed}
    if isinstance(settings, LabelSettings):
        return base | ({} if settings.seed is None else {SAMPLING: settings.seed})
    samples = settings.draw is not None and settings.draw.temperature > 0
    return base | ({SAMPLING: settings.seed} if samples or settings.prompts.redrawn else {})


def _training_draws(spec: StageSpec, settings: TrainingSettings) -> Draws:
    draws: dict[str, int] = {}
    is_policy = spec.kind in POLICIES
    fresh = settings.model.from_config is not None or settings.lora is not None
    if settings.seed is not None and (not is_policy or ("policy" not in spec.inputs and fresh)):
        draws[INITIALISATION] = settings.seed  # a reward model's head is always new
    training = spec.settings.training
    if training.data_order != "sequential" or training.length_window != 1:
        draws[ORDER] = settings.order_seed
    if not training.disable_dropout:
        draws[DROPOUT] = settings.order_seed
    if isinstance(settings, PreferenceSettings) and settings.online is not None:
        draws[SAMPLING] = settings.order_seed  # responses, and what is drawn to label and to choose them
    return draws


def draws_under(plan: Plan, keys: Iterable[str]) -> dict[tuple[str, str], frozenset[int]]:
    """(stream, kind of stage) -> the seeds that it is drawn from in these stages and all that they rest on."""
    seeds: dict[tuple[str, str], frozenset[int]] = {}
    for key in plan.under(keys):
        spec = plan.stages[key]
        for stream, seed in stage_draws(spec).items():
            place = (stream, spec.kind)
            seeds[place] = seeds.get(place, frozenset()) | {seed}
    return seeds


def family_of(plan: Plan, key: str) -> str:
    """Identity of a stage whatever its seeds: stages of several seeds of one recipe have the same."""
    return plan.identity_by(key, _without_seeds)


def _without_seeds(spec: StageSpec) -> Mapping[str, Any]:
    """The settings of a stage and what it reads, without seeds."""
    settings = {name: value for name, value in identity(spec.settings).items() if name not in (*_SEEDS, "data")}
    data = spec.settings.data
    # examples that another stage made are known by that stage, which is an input
    read = {} if data is None else {name: value for name, value in identity(data).items() if name != "made_by"}
    return {"settings": settings, "data": read}
