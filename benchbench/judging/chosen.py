"""The response of each example that the data prefers, which answers are compared with."""

from __future__ import annotations

from collections.abc import Mapping

from benchbench.core.errors import BenchError
from benchbench.core.example import Example


def chosen_responses(examples: Mapping[str, Example]) -> dict[str, str]:
    """Of a pair or of rated candidates the first, which is the preferred one, else the only one.

    Raises:
        BenchError: more than two candidates, in no order, or a response that is labelled bad.
    """
    many = [name for name, example in examples.items() if len(example.candidates) > 2 and not _is_rated(example)]
    bad = [name for name, example in examples.items() if example.label is False]
    for names, fault in ((many, "more than two candidates, in no order"), (bad, "a response that is labelled bad")):
        if names:
            raise BenchError(
                f"judge.against: expected 'chosen' only on a split of pairs or of single responses, found {fault}, in "
                f"{len(names)} of {len(examples)} examples, such as {names[0]}; set generate.split to a split of "
                "pairs, or judge.against to [baseline]"
            )
    return {name: example.candidates[0] for name, example in examples.items()}


def _is_rated(example: Example) -> bool:
    return example.ratings is not None and all(rating == rating for rating in example.ratings)
