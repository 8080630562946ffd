"""From a recipe's `generate` section to how an engine draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchbench.core.generation import Sampling

FIELDS = ("max_new_tokens", "temperature", "top_p", "top_k", "min_p", "repetition_penalty")


def sampling_of(section: Mapping[str, Any], stop_token_ids: Sequence[int]) -> Sampling:
    """The recipe's fields, with the tokens that end a response (`generation.stops`).

    Args:
        section: plain values of the section.
        stop_token_ids: one at least.
    """
    return Sampling(**{name: section[name] for name in FIELDS}, stop_token_ids=tuple(stop_token_ids))
