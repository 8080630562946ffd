"""From a recipe's `generate` section to how an engine draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.generation import Sampling

FIELDS = ("max_new_tokens", "temperature", "top_p", "top_k", "min_p", "repetition_penalty")


def sampling_of(section: Mapping[str, Any], tokenizer: Any) -> Sampling:
    """The recipe's fields, with EOS and its further stop tokens as ids.

    Args:
        section: plain values of the section.
        tokenizer: a fast one.

    Raises:
        BenchError: a stop token that the tokenizer does not have as one token, or no EOS.
    """
    if tokenizer.eos_token_id is None:
        raise BenchError("generate: the tokenizer names no EOS token, so no response would end")
    known = tokenizer.get_vocab()
    unknown = [text for text in section["stop_tokens"] if text not in known]
    if unknown:
        raise BenchError(f"generate.stop_tokens: expected tokens of the tokenizer, got {', '.join(unknown)}")
    stops = dict.fromkeys([int(tokenizer.eos_token_id), *(known[text] for text in section["stop_tokens"])])
    return Sampling(**{name: section[name] for name in FIELDS}, stop_token_ids=tuple(stops))
