"""From a recipe's `generate` section to how an engine draws."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.core.generation import Sampling
from benchbench.recipe.generation import GenerateSection

FIELDS = ("max_new_tokens", "temperature", "top_p", "top_k", "min_p", "repetition_penalty")


def sampling_of(section: GenerateSection, stop_token_ids: Sequence[int]) -> Sampling:
    """The recipe's fields, with the tokens that end a response (`generation.stops`).

    Args:
        section: the recipe's `generate` section.
        stop_token_ids: one at least.
    """
    return Sampling(**{name: getattr(section, name) for name in FIELDS}, stop_token_ids=tuple(stop_token_ids))
