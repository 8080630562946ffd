"""Other sections beside a recipe's `online`: settings that drawn rows leave unread, and what draws contradict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchbench import oracles
from benchbench.core.errors import Fault
from benchbench.core.sampler import REFERENCE
from benchbench.recipe.online import OnlineSection
from benchbench.recipe.schema import Recipe


def unread_faults(recipe: Recipe) -> Iterator[Fault]:
    """Settings of the split's own rows, which nothing reads where rows are drawn."""
    preference, read = recipe.preference, "rows are drawn, so nothing reads it; remove it"
    assert preference is not None
    masked = "preference.masked_spans" if preference.masked_spans else "tokenization.masked_spans"
    unread = {
        "preference.reward.column": preference.reward.column,
        "preference.anchors": preference.anchors,
        "preference.model_columns": preference.model_columns,
        masked: preference.masked_spans or recipe.tokenization.masked_spans,
        "preference.max_length": preference.max_length,
        "preference.truncation": preference.truncation,
    }
    yield from (Fault(key, read) for key, value in unread.items() if value)
    if (on_empty := preference.on_empty_response) != "drop":
        message = f"expected drop, got {on_empty}: rows are drawn, and an empty response is one that ends at once"
        yield Fault("preference.on_empty_response", message)


def length_faults(recipe: Recipe, section: OnlineSection, context_tokens: int | None, longest: int) -> Iterator[Fault]:
    """Responses that leave no room for a prompt; drawn rows are never cut.

    Args:
        recipe: the whole.
        section: its section of draws.
        context_tokens: that the model reads at once; none where it has no limit.
        longest: tokens of a response at most; more than `max_new_tokens` where it has several turns.
    """
    prompt = recipe.tokenization.max_prompt_length or 1
    limits = {"tokenization.max_length": recipe.tokenization.max_length}
    if context_tokens is not None:
        limits["the model's context"] = context_tokens
    name = min(limits, key=lambda each: limits[each])
    if longest + prompt > limits[name]:
        beside = f" beside prompts of tokenization.max_prompt_length {prompt}" if prompt > 1 else ""
        expected = f"expected less than {limits[name] - prompt + 1}{beside}, since prompt and response fit in {name}"
        turns = "" if longest == section.sampler.max_new_tokens else " with all turns and what the tool writes"
        yield Fault("online.sampler.max_new_tokens", f"{expected}; got {longest}{turns}")


def reference_faults(recipe: Recipe, section: OnlineSection, drawing: frozenset[str]) -> Iterator[Fault]:
    """Another reference of draws or labels than the policy that training starts from.

    Args:
        recipe: the whole.
        section: its section of draws.
        drawing: models that the sampler draws from.
    """
    assert recipe.preference is not None
    readers = {f"sampler '{section.sampler.name}'": drawing}
    if section.oracle is not None:
        readers[f"oracle '{section.oracle.name}'"] = oracles.get(section.oracle.name).models
    reference, first = recipe.preference.reference, "sft" if recipe.preference.init_from is None else "start"
    if reference not in ("sft", "base") or reference == first or (recipe.sft is None and first == "sft"):
        return
    if names := [name for name, models in readers.items() if REFERENCE in models]:
        message = f"expected {first}: the reference of {' and '.join(names)} is the policy that training starts from"
        yield Fault("preference.reference", f"{message}, got {reference}")


def size_faults(section: OnlineSection, hyper: Any) -> Iterator[Fault]:
    """The hyper-parameter that repeats the sampler's length, where a method has it."""
    size, longest = getattr(hyper, "max_completion_length", None), section.sampler.max_new_tokens
    if size is not None and size != longest:
        yield Fault(
            "method.hyper.max_completion_length", f"expected the sampler's max_new_tokens, {longest}; got {size}"
        )
