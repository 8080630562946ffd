"""The roles of a cell that inputs ask for stages, and recipes that may contradict a need."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any


def recipe(
    *,
    sft: object = None,
    reference: str = "sft",
    from_config: object = None,
    anchors: Mapping[str, object] | None = None,
    init_from: str | None = None,
    lora: object = None,
) -> SimpleNamespace:
    """What `faults` reads of a recipe."""
    return SimpleNamespace(
        sft=sft,
        lora=lora,
        model=SimpleNamespace(from_config=from_config),
        preference=SimpleNamespace(reference=reference, anchors=anchors or {}, init_from=init_from),
    )


class Roles:
    """Stages by what was asked for."""

    def __init__(self, *, has_sft: bool = True, **sections: Any) -> None:
        """Roles of a recipe like `recipe`."""
        self.recipe = recipe(sft=object() if has_sft else None, **sections)

    def sft(self) -> str | None:
        """The SFT stage."""
        return "sft/1" if self.recipe.sft is not None else None

    def first_policy(self) -> str | None:
        """The policy that training starts from."""
        return self.sft() if self.recipe.preference.init_from is None else "preference/of another recipe"

    def further_anchor(self, name: str, source: object) -> str:
        """The scores under a named anchor."""
        return f"score of {name}, {source}"
