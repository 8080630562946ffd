"""What search over steps asks of a recipe and its data, and what reads a search where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchbench import oracles, samplers, selectors, sources
from benchbench.core.errors import Fault
from benchbench.core.method import Method
from benchbench.core.oracle import Oracle
from benchbench.core.sampler import Sampler
from benchbench.core.search import StepSearch
from benchbench.core.selector import Selector
from benchbench.generation.stops import separator_ids
from benchbench.plan.prepared import Prepared
from benchbench.plan.rounds import SAMPLER_OPTIONS
from benchbench.plan.stopping import tokenizer_of
from benchbench.recipe.load import Loaded
from benchbench.recipe.rounds import RoundsSection
from benchbench.recipe.schema import Recipe

_SAMPLER, _ORACLE, _SELECTOR = (f"rounds.{part}.name" for part in ("sampler", "oracle", "selector"))


def search_faults(
    recipe: Recipe, method: Method, sampler: Sampler, oracle: Oracle, selector: Selector, options: Any
) -> Iterator[Fault]:
    """Parts of a recipe with rounds that do not go with a sampler that searches, or not without one."""
    if sampler.search is None:
        searching = f"expected one of {', '.join(searching_samplers())}, got {sampler.name}"
        if oracle.reads_search:
            yield Fault(_SAMPLER, f"oracle '{oracle.name}' says what a search found; {searching}")
        if selector.needs_search:
            yield Fault(_SAMPLER, f"selector '{selector.name}' reads the path of a search; {searching}")
        return
    name, source = f"'{sampler.name}' searches over steps", recipe.data.source
    if source in sources.names() and sources.get(source).steps is None:
        able = ", ".join(other for other in sources.names() if sources.get(other).steps is not None)
        yield Fault(_SAMPLER, f"{name}, which data.source has to value; expected one of {able}, got {source}")
    if not oracle.reads_search:
        known = ", ".join(other for other in oracles.names() if oracles.get(other).reads_search)
        yield Fault(_ORACLE, f"{name} and values them itself; expected {known}, got {oracle.name}")
    if selector.needs_data(options):
        able = ", ".join(other for other in selectors.names() if selectors.get(other).needs_search)
        beside = f"'{selector.name}' reads the split's own candidates, which are whole responses"
        yield Fault(_SELECTOR, f"{name}; {beside}; expected one without them, such as {able}")
    if method.on_policy:
        expected = "expected a sampler of whole responses, such as policy"
        yield Fault(_SAMPLER, f"'{method.name}' is right for plain samples alone, and {name}; {expected}")


def search_data_faults(loaded: Loaded, prepared: Prepared) -> list[Fault]:
    """Steps that the model has no room for, or that its tokenizer cannot tell apart."""
    section, search = loaded.recipe.rounds, search_of_recipe(loaded)
    if section is None or search is None:
        return []
    faults: list[Fault] = []
    limit, step = prepared.context_tokens, section.sampler.max_new_tokens or 0
    if limit is not None and search.depth * (step + 1) >= limit:
        longest = f"{search.depth} steps of at most {step} tokens and their ends"
        expected = f"expected less than {limit} tokens, which the model reads at once, prompt included"
        faults.append(Fault("rounds.sampler", f"{expected}; got {longest}; lower max_new_tokens or options.depth"))
    values = sources.get(loaded.recipe.data.source).steps
    if values is not None and not separator_ids(tokenizer_of(loaded, prepared), values.separator):
        ends = f"steps end in '{values.separator}', which is no single token of this tokenizer"
        faults.append(Fault(_SAMPLER, f"{ends}, so no step would; choose another sampler or another tokenizer"))
    return faults


def search_of_recipe(loaded: Loaded) -> StepSearch | None:
    """How the recipe's sampler searches; none where it has no rounds or draws whole responses."""
    section: RoundsSection | None = loaded.recipe.rounds
    if section is None:
        return None
    search: Any = samplers.get(section.sampler.name).search
    return None if search is None else search(loaded.bound[SAMPLER_OPTIONS])


def searching_samplers() -> tuple[str, ...]:
    """Names of the samplers that search."""
    return tuple(name for name in samplers.names() if samplers.get(name).search is not None)
