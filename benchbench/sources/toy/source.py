"""The toy world: small tasks with an exact gold reward, and an annotator whose faults can be turned up.

Made from a seed, without file or network. Its numbers say nothing about language models. Every purpose draws
from a stream of its own, so two values of `flip_rate` or `length_bias` label the same candidates with the same
random numbers, and a smaller world is the beginning of a larger one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from benchbench.core.source import LoadedSplits, Reading, Source
from benchbench.sources.toy.annotator import Annotator
from benchbench.sources.toy.families import is_prompt
from benchbench.sources.toy.splits import draw_candidates, draw_demonstrations, label_pairs

_RANGES = {
    "world_seed": (0, 2**63),
    "flip_rate": (0, 1),
    "length_bias": (-100, 100),
    "demonstrations": (1, 10**6),
    "preference_prompts": (1, 10**6),
    "validation_prompts": (1, 10**6),
    "test_prompts": (1, 10**6),
    "candidates": (2, 64),
}


@dataclass(frozen=True)
class ToyOptions:
    """Size of the world, and the annotator's errors.

    Raises:
        ValueError: a value out of its range.
    """

    world_seed: int = 0
    """Seed of the world, >= 0; not the training seed."""
    flip_rate: float = 0.0
    """Probability that a preference label is flipped, in [0, 1]."""
    length_bias: float = 0.3
    """Gold reward that four more words are worth to the annotator, in [-100, 100]; at 0.3 a filler costs nothing."""
    demonstrations: int = 12000
    """Examples of the split `sft`."""
    preference_prompts: int = 3000
    """Examples of `train` and `train_candidates`; `reward` has one pair per two candidates of each."""
    validation_prompts: int = 500
    """Pairs of the split `validation`."""
    test_prompts: int = 1000
    """Pairs of the split `test`."""
    candidates: int = 4
    """Candidates per preference prompt, 2 to 64; `train` has the first two."""

    def __post_init__(self) -> None:
        for option in fields(self):
            value, (low, high) = getattr(self, option.name), _RANGES[option.name]
            if not math.isfinite(value) or not low <= value <= high:
                raise ValueError(f"{option.name}: expected a number from {low} to {high}, got {value}")


def load(options: ToyOptions, folder: Path) -> LoadedSplits:
    """Splits `sft`, `train`, `train_candidates`, `reward`, `validation` and `test`; `folder` is not read.

    Pairs carry the columns `gold` (both candidates) and `p_chosen`, the probability that this annotator, flips
    included, prefers the chosen one; the others carry `gold`.
    """
    seed, annotator = options.world_seed, Annotator(options.length_bias, options.flip_rate)
    drawn = draw_candidates(seed, "train", options.preference_prompts, options.candidates)
    splits = {
        "sft": draw_demonstrations(seed, options.demonstrations),
        "train": label_pairs(drawn, _names("train", len(drawn)), annotator, seed=seed, split="train"),
        "train_candidates": [
            prompt.example(name, range(options.candidates))
            for prompt, name in zip(drawn, _names("train_candidates", len(drawn)), strict=True)
        ],
    }
    by_pair = [
        label_pairs(drawn, _names("reward", len(drawn), f"-{at // 2}"), annotator, seed=seed, split="train", at=at)
        for at in range(0, options.candidates - 1, 2)
    ]
    splits["reward"] = [pair for pairs in zip(*by_pair, strict=True) for pair in pairs]
    for split, count in (("validation", options.validation_prompts), ("test", options.test_prompts)):
        held_out = draw_candidates(seed, split, count, 2)
        splits[split] = label_pairs(held_out, _names(split, count), annotator, seed=seed, split=split)
    readings = {split: Reading(len(examples)) for split, examples in splits.items()}
    readings["train_candidates"] = replace(readings["train_candidates"], ordered=False)  # as drawn
    return LoadedSplits({split: tuple(examples) for split, examples in splits.items()}, readings)


def _names(split: str, count: int, end: str = "") -> list[str]:
    return [f"{split}-{i:05d}{end}" for i in range(count)]


def identity(options: ToyOptions, folder: Path) -> Mapping[str, str]:
    """Nothing besides the options: the seed determines the world."""
    return {}


SOURCE = Source(name="toy", options=ToyOptions, load=load, identity=identity, knows=is_prompt)
