"""Frozen policies: where a further one is from, and which stage leaves the weights of one in memory. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from benchbench.core.errors import Fault
from benchbench.recipe.document import describe
from benchbench.recipe.section import Section
from benchbench.recipe.values import get, put

ANCHOR_POLICY = "anchor_policy"
"""Name of the preference stage's input that leaves the weights of a reference in memory."""


class RoundAnchor(Section):
    """The policy that a round leaves, as the reference of the rounds after it."""

    round: int
    """Its number; 0 stands for the policy that the first round starts from. A round that comes no later has as its
    reference the policy that it starts from."""

    def __str__(self) -> str:
        """As a recipe writes it."""
        return f"{{round: {self.round}}}"


_WORDS = ("sft", "base", "previous", "start")


def _reference(value: Any) -> Any:
    """One fault instead of one per kind of value."""
    if value in _WORDS or isinstance(value, RoundAnchor):
        return value
    number = value.get("round") if isinstance(value, Mapping) and len(value) == 1 else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError(f"expected one of {', '.join(_WORDS)}, or {{round: NUMBER}}, got {describe(value)}")
    return RoundAnchor(round=number)


def _written(value: Any) -> Any:
    return {"round": value.round} if isinstance(value, RoundAnchor) else value


_Reference = Literal["sft", "base", "previous", "start"] | RoundAnchor
Reference = Annotated[
    _Reference, PlainValidator(_reference, json_schema_input_type=_Reference), PlainSerializer(_written)
]
"""Which policy the frozen reference is."""


class AnchorSource(Section):
    """Where a further frozen policy is from: exactly one of the three."""

    policy: Literal["sft", "base"] | None = None
    """The SFT policy, or the base model."""
    recipe: Annotated[str, Field(min_length=1)] | None = None
    """The policy that another recipe of the setting trains with the same seed: a method with a recipe, or a file."""
    model_name_or_path: Annotated[str, Field(min_length=1)] | None = None
    """Hub id, or folder in the hub's format (relative to the recipe's), of weights for the setting's tokenizer."""
    revision: Annotated[str, Field(min_length=1)] | None = None
    """Commit of the hub id."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(value is not None for value in (self.policy, self.recipe, self.model_name_or_path)) != 1:
            raise ValueError("expected exactly one of policy, recipe and model_name_or_path")
        if self.revision is not None and self.model_name_or_path is None:
            raise ValueError("expected `revision` with model_name_or_path, and only then")
        return self


def place_reference(values: dict[str, Any]) -> None:
    """Put `start` at `preference.reference` beside `preference.init_from`, where no reference is written.

    Args:
        values: of the recipe; changed in place.
    """
    if get(values, "preference.init_from") is not None and get(values, "preference.reference") is None:
        put(values, "preference.reference", "start")


def anchor_input(roles: Any) -> Mapping[str, str]:
    """The input of a reference in memory; none where it is the base model, which every stage can load.

    Args:
        roles: of a recipe with a preference section.
    """
    reference = roles.recipe.preference.reference
    policy = roles.first_policy() if reference == "start" else roles.sft() if reference == "sft" else None
    return {} if policy is None else {ANCHOR_POLICY: policy}


def start_faults(recipe: Any) -> list[Fault]:
    """What contradicts the policy that preference training starts from.

    Args:
        recipe: with a preference section.
    """
    section, rounds = recipe.preference, recipe.rounds
    if section.init_from is None:
        if section.reference != "start":
            return []
        message = "expected sft, base or previous: start is the policy of preference.init_from, which is not given"
        return [Fault("preference.reference", f"{message}, got start")]
    if rounds is not None and rounds.start == "sft":
        message = f"expected previous, got sft: the first round starts from the policy of {section.init_from}"
        return [Fault("rounds.start", f"{message}, which preference.init_from names")]
    return []


def anchor_faults(recipe: Any, method: str) -> list[Fault]:
    """A reference whose weights the preference stage cannot have.

    Args:
        recipe: with or without a preference section.
        method: name of who reads the reference, for the message.
    """
    if recipe.preference is None:
        return []
    reference = recipe.preference.reference
    if reference == "previous" or isinstance(reference, RoundAnchor):
        message = f"expected sft, base or start: '{method}' has its reference in memory, the same in all rounds"
        return [Fault("preference.reference", f"{message}, got {reference}")]
    if reference == "sft" and recipe.sft is None:
        return [Fault("preference.reference", "expected base, since the recipe has no sft stage, got sft")]
    if reference == "base" and recipe.sft is not None and recipe.model.from_config is not None:
        drawn = "the weights of model.from_config are drawn anew in every stage and are not kept"
        return [Fault("preference.reference", f"expected sft: '{method}' has its reference in memory, and {drawn}")]
    return []
