"""What a recipe's rounds ask of data and model and do not find there, before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchbench import oracles, samplers, selectors
from benchbench.core.errors import Fault
from benchbench.core.generation import Sampling
from benchbench.core.method import Candidates
from benchbench.core.rollout import DATA
from benchbench.core.sampler import Arm
from benchbench.generation.sampling import FIELDS
from benchbench.plan.checks.shapes import listed, order_faults
from benchbench.plan.engines import rollout_engine
from benchbench.plan.prepared import Prepared
from benchbench.plan.reward_draws import drawing
from benchbench.plan.rounds import SAMPLER_OPTIONS, SELECTOR_OPTIONS
from benchbench.recipe.load import Loaded
from benchbench.store.prepared import PreparedData

_SPLIT, _PER_ROUND = "rounds.prompts.split", "rounds.prompts.per_round"


def round_data_faults(loaded: Loaded, prepared: Prepared) -> list[Fault]:
    """Prompts, candidates and columns that the split lacks, and responses that the model cannot read.

    Args:
        loaded: a recipe with or without rounds; every split that it names is there.
        prepared: what it reads.
    """
    if loaded.recipe.rounds is None:
        return []
    faults = _prompt_faults(loaded, prepared.data) + _candidate_faults(loaded, prepared.data)
    oracle, shape = oracles.get(loaded.recipe.rounds.oracle.name), prepared.data.shapes[_split(loaded)]
    lacking = [name for name in oracle.columns if name not in shape.columns]
    if lacking:
        message = f"oracle '{oracle.name}' reads the columns {', '.join(lacking)}, split '{_split(loaded)}' has"
        faults.append(Fault("rounds.oracle.name", f"{message} {', '.join(shape.columns) or 'none'}"))
    limit, longest = prepared.context_tokens, loaded.recipe.rounds.sampler.max_new_tokens
    if limit is not None and longest is not None and longest >= limit:
        expected = f"expected less than {limit}, which the model reads at once, prompt included"
        faults.append(Fault("rounds.sampler.max_new_tokens", f"{expected}; got {longest}"))
    return faults


def draws_responses(loaded: Loaded) -> bool:
    """Whether the recipe has rounds in which an engine draws, or pairs that are drawn for its reward model."""
    return any(arm.source != DATA for each in _drawing(loaded) for arm in _arms(each))


def mixed_engine_faults(
    items: Iterable[tuple[Loaded, Prepared]], device: Callable[[], str]
) -> list[tuple[Loaded, Fault]]:
    """Recipes of one comparison whose rollouts would be drawn by another engine than those of the first.

    Args:
        items: recipes with what they read.
        device: gives `cpu`, `cuda` or `cuda:N`; called only where vLLM is installed and may draw.
    """
    engines = [
        (loaded, _engine(each, prepared, device))
        for loaded, prepared in items
        for each in _drawing(loaded)
        if any(arm.source != DATA for arm in _arms(each))
    ]
    if len({engine for _, engine in engines}) < 2:
        return []
    (first, engine), *others = engines
    message = f"'{first.label}' draws with {engine}; responses of two engines are not compared; set the engine"
    return [
        (loaded, Fault("generate.engine", f"expected {engine} for rollouts, got {name}: {message} by name"))
        for loaded, name in others
        if name != engine
    ]


def _drawing(loaded: Loaded) -> list[Loaded]:
    """The recipe with its own rounds, and with the round in which its reward model's pairs are drawn."""
    of_rewards = drawing(loaded)
    return [loaded] if of_rewards is None else [loaded, of_rewards]


def _engine(loaded: Loaded, prepared: Prepared, device: Callable[[], str]) -> str:
    sampler = loaded.recipe.rounds.sampler if loaded.recipe.rounds is not None else None
    sampling = Sampling(**{name: getattr(sampler, name) for name in FIELDS}, stop_token_ids=(0,))
    mixes = any(len(arm.mixture) > 1 for arm in _arms(loaded))
    return rollout_engine(loaded, prepared, sampling, device, mixes=mixes)


def _arms(loaded: Loaded) -> tuple[Arm, ...]:
    section = loaded.recipe.rounds
    if section is None:
        return ()
    return samplers.get(section.sampler.name).arms(loaded.bound[SAMPLER_OPTIONS], section.sampler.num_samples or 0)


def _split(loaded: Loaded) -> str:
    assert loaded.recipe.rounds is not None
    return loaded.recipe.rounds.prompts.split


def _prompt_faults(loaded: Loaded, data: PreparedData) -> list[Fault]:
    """More prompts than the split has."""
    section = loaded.recipe.rounds
    assert section is not None
    there, per_round = data.shapes[section.prompts.split].examples, section.prompts.per_round
    disjoint = section.prompts.order == "disjoint"
    needed = per_round * section.count if disjoint else per_round
    if needed <= there:
        return []
    most = there // section.count if disjoint else there
    rounds = f" in {section.count} rounds of different prompts" if disjoint else ""
    message = f"expected at most {most}, since split '{section.prompts.split}' has {there} examples{rounds}"
    other = "; or let rounds share prompts with rounds.prompts.order: same or redrawn" if disjoint else ""
    return [Fault(_PER_ROUND, f"{message}, got {per_round}{other}")]


def _candidate_faults(loaded: Loaded, data: PreparedData) -> list[Fault]:
    """The split's own candidates, where the rounds read them."""
    section = loaded.recipe.rounds
    assert section is not None
    selector, split = selectors.get(section.selector.name), section.prompts.split
    shape = data.shapes[split]
    needs_data = selector.needs_data(loaded.bound[SELECTOR_OPTIONS])
    if not needs_data and all(arm.source != DATA for arm in _arms(loaded)):
        return []
    faults: list[Fault] = []
    if not needs_data:
        return faults
    reads = f"'{selector.name}' reads the split's own candidates"
    if shape.labels.get("false"):
        labelled = f"{shape.labels['false']} examples of split '{split}' are labelled false"
        faults.append(Fault(_SPLIT, f"{reads} as preferred ones, and {labelled}"))
    if selector.split_candidates and set(shape.candidates) != {selector.split_candidates}:
        wanted = f"{reads}, {selector.split_candidates} of each example"
        faults.append(Fault(_SPLIT, f"{wanted}; split '{split}' has {listed(shape.candidates)}"))
    if selector.candidates is Candidates.PAIR:
        faults += order_faults(_SPLIT, split, data)
    return faults
