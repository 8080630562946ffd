"""The codec world: golden code sequences from a known process, a toy of speech codes (SpeechAlign, arXiv:2404.05600).

Token ids of a neural codec are no text; here each code is a word of its own, so that the ordinary tokenizer and every
stage can take it. The numbers say nothing about speech. A smaller world is the beginning of a larger one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from benchbench.core.example import Example, Message
from benchbench.core.seeding import stream
from benchbench.core.source import LoadedSplits, Reading, Source
from benchbench.sources.codec.likelihood import gold_score
from benchbench.sources.codec.speech import Utterance, draw_utterance, speak

_RANGES = {
    "world_seed": (0, 2**63),
    "layers": (1, 2),
    "glitch_rate": (0.001, 1),
    "synthetic_glitch_rate": (0.001, 1),
    "fewest_syllables": (1, 8),
    "most_syllables": (1, 8),
    "demonstrations": (1, 10**6),
    "golden_prompts": (1, 10**6),
    "validation_prompts": (1, 10**6),
    "test_prompts": (1, 10**6),
}
_KEYS = {"test": (0.0, 0.15), "validation": (0.15, 0.25), "golden": (0.25, 1.0), "sft": (0.25, 1.0)}
"""Part of the hash range of syllables that each split's prompts come from."""


@dataclass(frozen=True)
class CodecOptions:
    """Size of the world, and its noise.

    Raises:
        ValueError: a value out of its range, or more syllables at least than at most.
    """

    world_seed: int = 0
    """Seed of the world, >= 0; not the training seed."""
    layers: int = 1
    """1: responses are coarse codes; 2: each coarse code is followed by its residual code."""
    glitch_rate: float = 0.02
    """Probability that a frame of the golden process is anywhere on the ring, in [0.001, 1]; above 0, so that every
    sequence of codes has a likelihood."""
    synthetic_glitch_rate: float = 0.2
    """The same of the rejected responses, which stand for a model's own where nothing has been trained yet."""
    fewest_syllables: int = 3
    """Syllables of the shortest utterance, 1 to 8."""
    most_syllables: int = 6
    """Syllables of the longest utterance, 1 to 8."""
    demonstrations: int = 12000
    """Examples of the split `sft`."""
    golden_prompts: int = 3000
    """Examples of `golden`, and pairs of `train`, which has the same golden sequences."""
    validation_prompts: int = 500
    """Pairs of the split `validation`."""
    test_prompts: int = 1000
    """Pairs of the split `test`."""

    def __post_init__(self) -> None:
        for option in fields(self):
            value, (low, high) = getattr(self, option.name), _RANGES[option.name]
            if not math.isfinite(value) or not low <= value <= high:
                raise ValueError(f"{option.name}: expected a number from {low} to {high}, got {value}")
        if self.fewest_syllables > self.most_syllables:
            raise ValueError(
                f"fewest_syllables: expected at most most_syllables = {self.most_syllables}, "
                f"got {self.fewest_syllables}"
            )


def load(options: CodecOptions, folder: Path) -> LoadedSplits:
    """Splits `sft`, `golden`, `train`, `validation` and `test`; `folder` is not read.

    `golden` has one candidate, the golden sequence; `train` and the held-out splits set a synthetic one against it,
    spoken with more glitches. The column `gold` is the log-likelihood of each under the golden process, in nats; a
    synthetic sequence may by chance be the likelier one.
    """
    splits = {
        "sft": tuple(_examples(options, "sft", "sft", options.demonstrations, synthetic=False)),
        "golden": tuple(_examples(options, "golden", "golden", options.golden_prompts, synthetic=False)),
        "train": tuple(_examples(options, "golden", "train", options.golden_prompts, synthetic=True)),
        "validation": tuple(_examples(options, "validation", "validation", options.validation_prompts, synthetic=True)),
        "test": tuple(_examples(options, "test", "test", options.test_prompts, synthetic=True)),
    }
    return LoadedSplits(splits, {split: Reading(len(examples)) for split, examples in splits.items()})


def _utterances(options: CodecOptions, split: str, count: int) -> Iterator[Utterance]:
    rng, (low, high) = stream(options.world_seed, f"codec {split} prompts"), _KEYS[split]
    while count:
        utterance = draw_utterance(rng, options.fewest_syllables, options.most_syllables)
        if low <= utterance.key_fraction() < high:
            count -= 1
            yield utterance


def _examples(options: CodecOptions, drawn: str, split: str, count: int, *, synthetic: bool) -> Iterator[Example]:
    """Examples of a split whose prompts and golden sequences have the streams of `drawn`."""
    golden = stream(options.world_seed, f"codec {drawn} golden")
    noisy = stream(options.world_seed, f"codec {drawn} synthetic")
    for number, utterance in enumerate(_utterances(options, drawn, count)):
        texts = [speak(golden, utterance, options.layers, options.glitch_rate)]
        while synthetic and (len(texts) < 2 or texts[1] == texts[0]):
            texts[1:] = [speak(noisy, utterance, options.layers, options.synthetic_glitch_rate)]
        gold = [gold_score(utterance.text, text, options.layers, options.glitch_rate, ended=True) for text in texts]
        yield Example(
            id=f"{split}-{number:05d}",
            prompt=(Message("user", utterance.text),),
            candidates=tuple(texts),
            columns={"gold": tuple(gold)},
        )


def identity(options: CodecOptions, folder: Path) -> Mapping[str, str]:
    """Nothing besides the options: the seed determines the world."""
    return {}


SOURCE = Source(name="codec", options=CodecOptions, load=load, identity=identity)
