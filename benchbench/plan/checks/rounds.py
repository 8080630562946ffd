"""What a recipe's rounds ask for and cannot have, seen in the recipe alone: options bound, parts that do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchbench import methods, oracles, samplers, selectors
from benchbench.core.errors import BenchError, Fault
from benchbench.core.method import Method, Need
from benchbench.core.oracle import Oracle
from benchbench.core.rollout import DATA
from benchbench.core.sampler import Arm, Sampler
from benchbench.core.selector import Selector
from benchbench.plan.checks.drawn_labels import label_column_faults, oracle_faults
from benchbench.plan.checks.drawn_lists import list_faults
from benchbench.plan.checks.on_policy import choice_faults, drawing_faults
from benchbench.plan.checks.searches import search_faults
from benchbench.plan.redraws import redraw_faults
from benchbench.plan.rounds import SAMPLER_OPTIONS, SELECTOR_OPTIONS
from benchbench.recipe.anchors import RoundAnchor
from benchbench.recipe.binding import bind
from benchbench.recipe.rounds import SAMPLING, RoundsSection
from benchbench.recipe.schema import REWARD_MODEL, SFT, Recipe

_ROOMS = {"sampler": samplers, "oracle": oracles, "selector": selectors}


@dataclass(frozen=True)
class _Parts:
    """A recipe with rounds, and the exhibits that it names."""

    recipe: Recipe
    section: RoundsSection
    method: Method
    sampler: Sampler
    oracle: Oracle
    selector: Selector
    arms: tuple[Arm, ...]
    selector_options: Any
    """Bound."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that every row has by the names of the parts that make them: those of its labels are among them."""
        of_labels = self.oracle.makes_columns if self.selector.needs_labels else ()
        return (*self.selector.columns_by(self.oracle.gives), *of_labels)

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that every row has, with the further names that the recipe gives them."""
        return (*self.columns, *self.section.selector.columns)


def bind_rounds(recipe: Recipe) -> tuple[dict[str, Any], list[Fault]]:
    """The options of sampler, oracle and selector with their defaults filled in, and every fault of the rounds."""
    section = recipe.rounds
    if section is None:
        return {}, _without_rounds(recipe)
    exhibits, bound, faults = bind_parts(section, "rounds")
    if recipe.method.name == SFT:  # a row of a comparison; as of `preference`, nothing of it is read
        return bound, faults
    if recipe.method.name == REWARD_MODEL:
        return bound, [*faults, Fault("rounds", f"'{recipe.method.name}' trains on no preferences; leave it out")]
    if faults or recipe.preference is None:
        return bound, faults
    try:
        method = methods.get(recipe.method.name, file=recipe.method.file)
        arms = exhibits["sampler"].arms(bound[SAMPLER_OPTIONS], section.sampler.num_samples or 2)
    except ValueError as error:
        return bound, [Fault("rounds.sampler", str(error))]
    except BenchError:  # said of the method already
        return bound, faults
    parts = _Parts(recipe, section, method, **exhibits, arms=arms, selector_options=bound[SELECTOR_OPTIONS])
    checks = (_splits, _sampling, _searches, _labels, _rows, _unread, _anchors, _fits)
    return bound, [fault for check in checks for fault in check(parts)]


def bind_parts(section: RoundsSection, where: str) -> tuple[dict[str, Any], dict[str, Any], list[Fault]]:
    """Sampler, oracle and selector by these names, their options by key with defaults filled in, and every fault.

    Args:
        section: that names them.
        where: its key in the recipe.
    """
    bound: dict[str, Any] = {}
    faults: list[Fault] = []
    exhibits: dict[str, Any] = {}
    for part, room in _ROOMS.items():
        named, key = getattr(section, part), f"{where}.{part}.options"
        try:
            exhibits[part] = room.get(named.name)
        except BenchError as error:
            faults.append(Fault(f"{where}.{part}.name", str(error)))
            continue
        options, wrong = bind(exhibits[part].options, named.options, where=key)
        faults += wrong
        if options is not None:
            bound[key] = options
    return exhibits, bound, faults


def _without_rounds(recipe: Recipe) -> list[Fault]:
    section = recipe.preference
    if section is None or not (section.reference == "previous" or isinstance(section.reference, RoundAnchor)):
        return []
    others = "sft or base" if section.init_from is None else "start, sft or base"
    message = f"expected {others}, since the recipe has no rounds, got {section.reference}"
    return [Fault("preference.reference", message)]


def _splits(parts: _Parts) -> Iterator[Fault]:
    """Prompts of another split than the one that preference training names, or of one that is measured."""
    recipe, split = parts.recipe, parts.section.prompts.split
    assert recipe.preference is not None
    if recipe.preference.split != split:
        message = f"expected {split}, whose prompts rounds.prompts.split takes, got {recipe.preference.split}"
        yield Fault("preference.split", f"{message}; write the same split in both")
    other = "; draw responses to prompts of another split"
    measured = {"scored": recipe.score.split, "answered": recipe.generate and recipe.generate.split}
    for what, held_out in measured.items():
        if held_out == split:
            yield Fault("rounds.prompts.split", f"expected a split that is not {what}, got '{split}', which is{other}")


def _sampling(parts: _Parts) -> Iterator[Fault]:
    """Sampling that a sampler lacks or does not read, that no engine can do, or that a method is not right for."""
    recipe, sampler = parts.recipe, parts.section.sampler
    draws = any(arm.source != DATA for arm in parts.arms)
    if draws and not sampler.draws:
        yield Fault("rounds.sampler", f"'{sampler.name}' draws responses; required, not given: {', '.join(SAMPLING)}")
    if not draws and sampler.draws:
        yield Fault("rounds.sampler", f"'{sampler.name}' draws nothing; leave out {', '.join(SAMPLING)}")
    if draws and recipe.generate is None:
        taken = "whose engine, dtype, max_num_seqs and stop_tokens rollouts take"
        yield Fault("generate", f"required, not given: rounds draw responses, and this is the section {taken}")
    mixes = [arm.source for arm in parts.arms if len(arm.mixture) > 1]
    if mixes and recipe.generate is not None and recipe.generate.engine == "vllm":
        mixed = f"'{sampler.name}' mixes policies at every token ({', '.join(mixes)}), which vLLM cannot"
        yield Fault("generate.engine", f"expected auto or transformers, got vllm: {mixed}")
    replayed, opponent = parts.section.replay.rounds, parts.selector.opponent(parts.selector_options)
    yield from drawing_faults(parts.method, "rounds", sampler, parts.arms, replayed=replayed, opponent=opponent)
    yield from choice_faults(parts.method, "rounds", parts.selector, parts.selector_options)
    yield from redraw_faults(parts.section, parts.sampler, parts.oracle, on_policy=parts.method.on_policy)


def _searches(parts: _Parts) -> Iterator[Fault]:
    """Search over steps, and what reads it."""
    return search_faults(
        parts.recipe, parts.method, parts.sampler, parts.oracle, parts.selector, parts.selector_options
    )


def _labels(parts: _Parts) -> Iterator[Fault]:
    """Labels that a selector reads and nobody gives, and oracles that know no such data or have no model."""
    recipe, oracle, selector = parts.recipe, parts.oracle, parts.selector
    if selector.needs_labels and oracle.gives == "nothing":
        others = ", ".join(name for name in oracles.names() if oracles.get(name).gives != "nothing")
        yield Fault(
            "rounds.oracle.name", f"'{selector.name}' reads labels; expected one of {others}, got {oracle.name}"
        )
    read = selector.needs_labels  # which is who makes the columns that a method may read
    yield from oracle_faults(recipe, oracle, parts.section.sampler, read=read, section="rounds")
    yield from label_column_faults("rounds", selector, parts.selector_options, oracle)


def _rows(parts: _Parts) -> Iterator[Fault]:
    """Rows that the method cannot train on: by their number of candidates, and columns, roles and weights."""
    method, selector = parts.method, parts.selector
    where, named = "rounds.selector.name", f"'{parts.selector.name}'"
    hyper, _ = bind(method.hyper, parts.recipe.method.hyper, where="method.hyper")
    further = parts.section.selector.columns
    yield from list_faults(
        method, hyper, selector, parts.selector_options, parts.arms, section="rounds", further_names=further
    )
    if method.roles:
        yield Fault(where, f"'{method.name}' reads candidates by role, and {named} gives none")
    if method.token_weights:
        yield Fault(where, f"'{method.name}' reads the token weights {', '.join(method.token_weights)}; rows have none")
    yield from _further_names(parts)
    missing = [column.name for column in method.columns if column.name not in parts.names]
    if missing:
        columns = ", ".join(parts.names) or "none"
        yield Fault(where, f"'{method.name}' reads the columns {', '.join(missing)}, {named} makes {columns}")
    reward = parts.recipe.preference.reward.column if parts.recipe.preference is not None else None
    if method.need("reward") and reward is not None and reward not in parts.names:
        columns = ", ".join(parts.names) or "none"
        yield Fault("preference.reward.column", f"expected a column that {named} makes ({columns}), got '{reward}'")


def _further_names(parts: _Parts) -> Iterator[Fault]:
    """Names for columns that no row has, and names that rows have already."""
    for name, column in parts.section.selector.columns.items():
        where, rows = f"rounds.selector.columns.{name}", f"'{parts.selector.name}'"
        if column not in parts.columns:
            yield Fault(
                where, f"expected a column that {rows} makes ({', '.join(parts.columns) or 'none'}): '{column}'"
            )
        if name in parts.columns:
            yield Fault(where, f"expected a name that no column has, {rows} makes '{name}' itself")


def _unread(parts: _Parts) -> Iterator[Fault]:
    """Settings of texts and examples, which rows of token ids leave unread."""
    section, recipe = parts.recipe.preference, parts.recipe
    assert section is not None
    ids = "rows of rounds are token ids, which it does not reach"
    if section.model_columns:
        yield Fault("preference.model_columns", f"{ids}; an oracle's labels are columns of rows")
    if section.masked_spans:
        yield Fault("preference.masked_spans", f"{ids}; leave it out")
    if section.masked_spans is None and recipe.tokenization.masked_spans:
        yield Fault("tokenization.masked_spans", f"{ids}; set preference.masked_spans: [] to train on whole responses")


def _anchors(parts: _Parts) -> Iterator[Fault]:
    """A reference that starts where training starts, while each round starts elsewhere, or that no round reads."""
    reference = parts.recipe.preference.reference if parts.recipe.preference is not None else None
    if isinstance(reference, RoundAnchor) and reference.round >= parts.section.count:
        last = parts.section.count - 1
        yield Fault(
            "preference.reference", f"expected a round up to {last}, after which another comes, got {reference}"
        )
    if parts.section.start == "previous" and parts.method.need(Need.LIVE_REFERENCE.name) and parts.section.count > 1:
        message = f"expected sft: the reference of '{parts.method.name}' starts where the SFT policy does"
        yield Fault("rounds.start", f"{message}, and so must every round")


def _fits(parts: _Parts) -> Iterator[Fault]:
    """Two fits of a loss that has no anchor in which they differ."""
    assert parts.recipe.preference is not None
    has_reference = parts.method.need(Need.REFERENCE.name) and parts.recipe.preference.reference == "previous"
    if parts.section.fits == 2 and not has_reference and not parts.method.need(Need.PREVIOUS.name):
        message = f"expected 1: the fits of a round differ in their anchor, and '{parts.method.name}' reads"
        yield Fault("rounds.fits", f"{message} no policy that a round starts from, got 2")
