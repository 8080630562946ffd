"""How positive a response is, by the lexicon of VADER: the reward of a controlled experiment, which needs no human."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels
from benchbench.data.sentiment import PACKAGE, compound_sentiment, sentiment_version
from benchbench.oracles._scores import batches, ruled


@dataclass(frozen=True)
class Options:
    """None: the response alone is scored, and one that was cut as far as it goes."""


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The compound score of every response, in [-1, 1]; the more positive one is preferred for certain.

    Raises:
        BenchError: the library that scores texts is not installed.
    """
    for places in batches(len(groups), 1, context):
        for place in places:
            yield place, ruled([compound_sentiment(response.text) for response in groups[place].responses])


def pins(options: Options, folder: Path) -> Mapping[str, str]:
    """The version of the library, whose lexicon decides.

    Raises:
        BenchError: the library is not installed.
    """
    return {PACKAGE: sentiment_version("oracle sentiment")}


ORACLE = Oracle(name="sentiment", options=Options, gives="scores", label=label, identity=pins)
