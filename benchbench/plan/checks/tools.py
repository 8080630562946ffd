"""What calls of a tool ask of a recipe and its data: a world that has one, room for the turns, ends of calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchbench import methods, samplers, sources
from benchbench.core.errors import BenchError, Fault
from benchbench.core.tools import Tool
from benchbench.generation.stops import separator_ids
from benchbench.generation.tool_turns import most_tokens
from benchbench.plan.prepared import Prepared
from benchbench.plan.rounds import SAMPLER_OPTIONS
from benchbench.plan.stopping import tokenizer_of
from benchbench.recipe.load import Loaded
from benchbench.recipe.schema import Recipe

_SAMPLER, _ONLINE, _GENERATE = "rounds.sampler.name", "online.sampler.name", "generate.tool_calls"
_ONLINE_OPTIONS = "online.sampler.options"


def tool_faults(recipe: Recipe, bound: Mapping[str, Any]) -> Iterator[Fault]:
    """Calls where the data's examples call nothing, searches where they do, and methods that read plain samples.

    Args:
        recipe: its rounds and its `generate` section may call a tool.
        bound: dotted key -> options with their defaults filled in, of every part whose name and options are right.
    """
    if "data.options" not in bound:
        return
    tool, able = sources.get(recipe.data.source).tool_in_use(bound["data.options"]), ", ".join(_able())
    without = f"expected a data.source whose examples call a tool ({able}), got {recipe.data.source} without"
    if tool is None and recipe.generate is not None and recipe.generate.tool_calls:
        yield Fault(_GENERATE, f"{without}; set it to 0, or take such a world")
    if recipe.online is not None and tool is None and samplers.get(recipe.online.sampler.name).tool_use is not None:
        yield Fault(_ONLINE, _without_tool(recipe.online.sampler.name, without))
    if recipe.rounds is None or SAMPLER_OPTIONS not in bound:
        return
    sampler = samplers.get(recipe.rounds.sampler.name)
    if tool is not None and sampler.search is not None:
        said = f"'{sampler.name}' searches over steps, in which nobody answers calls"
        yield Fault(_SAMPLER, f"{said}; expected data.options.{tool.option}: false, or a sampler such as tool_calls")
    if sampler.tool_use is None:
        return
    if tool is None:
        yield Fault(_SAMPLER, _without_tool(sampler.name, without))
    if not sampler.tool_use(bound[SAMPLER_OPTIONS]).mask_observations and _is_on_policy(recipe):
        message = f"expected true: '{recipe.method.name}' is right for its policy's samples alone, got false"
        yield Fault(f"{SAMPLER_OPTIONS}.mask_observations", message)


def tool_data_faults(loaded: Loaded, prepared: Prepared) -> list[Fault]:
    """Turns that the model has no room for, and ends of calls that its tokenizer has no token for."""
    recipe = loaded.recipe
    tool = sources.get(recipe.data.source).tool_in_use(loaded.bound["data.options"])
    if tool is None:
        return []
    faults: list[Fault] = []
    uses: list[tuple[str, int, int]] = []
    if recipe.generate is not None and recipe.generate.tool_calls:
        uses.append((_GENERATE, recipe.generate.tool_calls, recipe.generate.max_new_tokens))
    if recipe.rounds is not None and (use := samplers.get(recipe.rounds.sampler.name).tool_use) is not None:
        calls = use(loaded.bound[SAMPLER_OPTIONS]).calls
        uses.append((f"{SAMPLER_OPTIONS}.calls", calls, recipe.rounds.sampler.max_new_tokens or 0))
    if recipe.online is not None and (use := samplers.get(recipe.online.sampler.name).tool_use) is not None:
        calls = use(loaded.bound[_ONLINE_OPTIONS]).calls
        uses.append((f"{_ONLINE_OPTIONS}.calls", calls, recipe.online.sampler.max_new_tokens or 0))
    limit = prepared.context_tokens
    for where, calls, turn in uses:
        longest = most_tokens(tool, calls, turn)
        if limit is not None and longest >= limit:
            expected = f"expected less than {limit} tokens, which the model reads at once, prompt included"
            said = (
                f"{calls} calls and {calls + 1} turns of at most {turn} tokens with what the tool writes are {longest}"
            )
            faults.append(Fault(where, f"{expected}; {said}; lower it, or max_new_tokens"))
    if uses and (fault := _end_fault(tool, loaded, prepared)) is not None:
        faults.append(fault)
    return faults


def longest_response(loaded: Loaded) -> int:
    """Tokens of a response that is drawn while training, at most, with all its turns and what a tool writes."""
    section = loaded.recipe.online
    assert section is not None, "a recipe that draws"
    turn, use = section.sampler.max_new_tokens or 0, samplers.get(section.sampler.name).tool_use
    tool = sources.get(loaded.recipe.data.source).tool_in_use(loaded.bound["data.options"])
    return turn if use is None or tool is None else most_tokens(tool, use(loaded.bound[_ONLINE_OPTIONS]).calls, turn)


def _without_tool(sampler: str, without: str) -> str:
    return f"'{sampler}' calls a tool; {without}; choose another sampler, or such a world"


def _end_fault(tool: Tool, loaded: Loaded, prepared: Prepared) -> Fault | None:
    if separator_ids(tokenizer_of(loaded, prepared), tool.call_end):
        return None
    ends = f"calls end in '{tool.call_end}', which is no single token of this tokenizer, so no call would"
    return Fault("model", f"{ends}; choose another tokenizer, or set data.options.{tool.option}: false")


def _is_on_policy(recipe: Recipe) -> bool:
    try:
        return methods.get(recipe.method.name, file=recipe.method.file).on_policy
    except BenchError:  # said of the method already
        return False


def _able() -> list[str]:
    """Sources that have a tool, with the option under which their examples call it."""
    tools = [(name, sources.get(name).tool) for name in sources.names()]
    return [f"{name} with data.options.{tool.option}: true" for name, tool in tools if tool is not None]
