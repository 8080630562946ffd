"""A shaping at work: what is known of drawn groups becomes rewards, or numbers that the loss reads beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.shaping import GroupSignals, Shaping, advanced, shape_group

TokenNumbers = Sequence[Any]
"""Of each response of a group [T_k] numbers, or [T_k, V] log-probabilities."""
TokenSignal = Callable[[Sequence[Group]], Iterable[TokenNumbers]]
"""Groups -> for each, in their order, what a model says of every scored token of its responses."""
OF_LABELS = ("rewards", "objectives", "wins")
"""Signals that an oracle gives; a response that lacks one is shaped with nobody."""


@dataclass(frozen=True)
class Shaped:
    """What a shaping made of the groups of a step."""

    labels: Sequence[Labels | None]
    """Of each group, with the shaped rewards as scores where it gives rewards."""
    numbers: Sequence[Sequence[Sequence[float]]] | None
    """[group][response] one number, or one for each scored token; none where it gives rewards."""
    facts: Mapping[str, float]
    """What is logged of it."""
    carried: tuple[float, ...] = ()
    """Numbers that the next draw is shaped with."""

    def of_rows(self, picks: Sequence[Sequence[Pick]]) -> list[list[list[float]]] | None:
        """The numbers of the candidates of each row, in the rows' order; none where there are none."""
        if self.numbers is None:
            return None
        return [
            [list(numbers[place]) for place in pick.places]
            for numbers, of_group in zip(self.numbers, picks, strict=True)
            for pick in of_group
        ]


@dataclass(frozen=True)
class Shaper:
    """A shaping, and where the signals that it reads come from."""

    shaping: Shaping
    options: Any
    of_tokens: Mapping[str, TokenSignal]
    """Name of each signal of tokens that it reads -> what gives it."""

    @property
    def start(self) -> tuple[float, ...]:
        """Numbers that the first draw is shaped with."""
        return self.shaping.start(self.options)

    def shaped(
        self, groups: Sequence[Group], labels: Sequence[Labels | None], carried: tuple[float, ...] = ()
    ) -> Shaped:
        """What the shaping makes of a step's groups.

        Args:
            groups: as they were drawn.
            labels: of each; none where nobody was asked.
            carried: numbers that the draws before left.
        """
        read: list[GroupSignals] = []
        every = zip(*(signal(groups) for signal in self.of_tokens.values()), strict=True)
        if not self.of_tokens:
            every = iter([()] * len(groups))
        shaped = [
            self._of_group(group, label, dict(zip(self.of_tokens, numbers, strict=True)), carried, read)
            for group, label, numbers in zip(groups, labels, every, strict=True)
        ]
        known = [value for values in shaped for numbers in values.values() for value in numbers]
        responses = sum(len(group.responses) for group in groups)
        facts = {"online/shaped": math.fsum(known) / len(known)} if known else {}
        facts |= {"online/unshaped": 1 - sum(map(len, shaped)) / max(1, responses)}
        facts |= {f"online/carried_{place}": value for place, value in enumerate(carried, start=1)}
        following = advanced(self.shaping, self.options, carried, read)
        if self.shaping.gives == "rewards":
            rewarded = [_rewarded(*of_group) for of_group in zip(groups, labels, shaped, strict=True)]
            return Shaped(rewarded, None, facts, following)
        numbers = [self._filled(group, values) for group, values in zip(groups, shaped, strict=True)]
        return Shaped(labels, numbers, facts, following)

    def _of_group(
        self,
        group: Group,
        label: Labels | None,
        of_tokens: Mapping[str, TokenNumbers],
        carried: tuple[float, ...],
        every: list[GroupSignals],
    ) -> dict[int, list[float]]:
        """Place of each response that is known well enough -> its numbers; what was read of them joins `every`."""
        read = _labels_read(self.shaping, label, len(group.responses))
        places = [k for k in range(len(group.responses)) if all(_is_known(values[k]) for values in read.values())]
        if "wins" in read and len(places) < len(group.responses) or not places:
            return {}
        named: dict[str, Any] = {name: values[places] for name, values in read.items()}
        columns = {name: named.pop(name) for name in self.shaping.columns}
        tokens: dict[str, Any] = {
            name: tuple(np.asarray(values[k], dtype=float) for k in places) for name, values in of_tokens.items()
        }
        ended = np.array([group.responses[k].end is not None for k in places])
        signals = GroupSignals(**named, **tokens, ended=ended, columns=columns, carried=np.array(carried))
        every.append(signals)
        result = shape_group(self.shaping, self.options, signals)
        parts = result if isinstance(result, tuple) else result.reshape(-1, 1)
        return {place: part.tolist() for place, part in zip(places, parts, strict=True)}

    def _filled(self, group: Group, values: Mapping[int, Sequence[float]]) -> list[Sequence[float]]:
        """The numbers of every response, zeros where it was not known well enough: it then teaches nothing."""
        of_tokens = self.shaping.gives.startswith("token_")
        counts = [response.scored_count if of_tokens else 1 for response in group.responses]
        return [values.get(k, [0.0] * count) for k, count in enumerate(counts)]


def _labels_read(shaping: Shaping, label: Labels | None, count: int) -> dict[str, np.ndarray]:
    """Name of each signal and column of labels that a shaping reads -> [K, ...], NaN where it is not known."""
    needs = [name for name in OF_LABELS if name in shaping.needs]
    if label is None:
        return {name: np.full(count, np.nan) for name in (*needs, *shaping.columns)}
    read: dict[str, Any] = {name: label.columns[name] for name in shaping.columns}
    if "rewards" in needs:
        read["rewards"] = [label.score(k, count) for k in range(count)]
    if "objectives" in needs:
        read["objectives"] = label.objectives
    if "wins" in needs:
        read["wins"] = [[label.win(i, j) for j in range(count)] for i in range(count)]
    return {name: np.array(values, dtype=float) for name, values in read.items()}


def _is_known(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).all())


def _rewarded(group: Group, label: Labels | None, rewards: Mapping[int, Sequence[float]]) -> Labels:
    """Labels with the shaped rewards as scores; none where a response was not known well enough."""
    scores = tuple(rewards[k][0] if k in rewards else None for k in range(len(group.responses)))
    return Labels(scores=scores) if label is None else replace(label, scores=scores, wins=None)
