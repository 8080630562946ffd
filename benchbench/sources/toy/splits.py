"""Splits of the toy world: prompts by hash, candidates and labels from streams of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.example import Column, Example, Message
from benchbench.core.seeding import stream
from benchbench.sources.toy.annotator import Annotator
from benchbench.sources.toy.families import Task, draw_task
from benchbench.sources.toy.gold import gold_of
from benchbench.sources.toy.responses import CANDIDATE_MIX, DEMONSTRATION_MIX, draw_response

_KEYS = {"test": (0.0, 0.15), "validation": (0.15, 0.25), "train": (0.25, 1.0), "sft": (0.25, 1.0)}
"""Part of the hash range of (family, arguments) that each split's prompts come from."""


@dataclass(frozen=True)
class Drawn:
    """One prompt with its candidates and their gold rewards, in the order drawn."""

    task: Task
    texts: tuple[str, ...]
    gold: tuple[float, ...]

    def example(self, name: str, order: Sequence[int], **columns: Column) -> Example:
        """The candidates of `order` as an example."""
        return Example(
            id=name,
            prompt=(Message("user", self.task.text),),
            candidates=tuple(self.texts[i] for i in order),
            columns={"gold": tuple(self.gold[i] for i in order), **columns},
        )


def _tasks(seed: int, split: str, count: int) -> Iterator[Task]:
    rng, (low, high) = stream(seed, f"toy {split} prompts"), _KEYS[split]
    while count:
        task = draw_task(rng)
        if low <= task.key_fraction() < high:
            count -= 1
            yield task


def _drawn(task: Task, texts: Sequence[str]) -> Drawn:
    return Drawn(task, tuple(texts), tuple(gold_of(task, text, ended=True).reward for text in texts))


def draw_demonstrations(seed: int, count: int) -> tuple[Example, ...]:
    """The split `sft`: one response of the demonstrations' quality per prompt."""
    rng = stream(seed, "toy sft responses")
    examples = []
    for i, task in enumerate(_tasks(seed, "sft", count)):
        drawn = _drawn(task, [draw_response(rng, task, DEMONSTRATION_MIX)])
        examples.append(drawn.example(f"sft-{i:05d}", (0,)))
    return tuple(examples)


def draw_candidates(seed: int, split: str, count: int, candidates: int) -> tuple[Drawn, ...]:
    """Prompts of one split with distinct candidates; candidate k has a stream of its own."""
    streams = [stream(seed, f"toy {split} candidate {k}") for k in range(candidates)]
    drawn = []
    for task in _tasks(seed, split, count):
        texts: list[str] = []
        for rng in streams:
            texts.append(draw_response(rng, task, CANDIDATE_MIX, taken=texts))
        drawn.append(_drawn(task, texts))
    return tuple(drawn)


def label_pairs(
    drawn: Sequence[Drawn], names: Sequence[str], annotator: Annotator, *, seed: int, split: str, at: int = 0
) -> list[Example]:
    """Candidates `at` and `at + 1` of every prompt as pairs, the one that the annotator's label prefers first.

    The uniform numbers depend on neither the flip rate nor the length bias.
    """
    uniforms = stream(seed, f"toy {split} labels {at // 2}").random((len(drawn), 2)).tolist()
    pairs = []
    for prompt, name, (choice, flip) in zip(drawn, names, uniforms, strict=True):
        texts, gold = (prompt.texts[at], prompt.texts[at + 1]), (prompt.gold[at], prompt.gold[at + 1])
        first = (choice < annotator.prefers_first(texts, gold)) != (flip < annotator.flip_rate)
        p_first = annotator.labels_first(texts, gold)
        order = (at, at + 1) if first else (at + 1, at)
        pairs.append(prompt.example(name, order, p_chosen=p_first if first else 1.0 - p_first))
    return pairs
