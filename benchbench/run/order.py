"""The order of stages that could start: a rule of its own, which the scheduler follows and a simulation can try."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import TopologicalSorter


def longest_chains(inputs: Mapping[str, Collection[str]], weights: Mapping[str, float]) -> dict[str, float]:
    """Of every stage, the weight of the longest chain of stages that begins with it: what ends last if it waits.

    Args:
        inputs: key -> keys of the stages that it reads; those that are no keys here are finished.
        weights: key -> about how long it takes.
    """
    waiting = {key: inputs.keys() & set(read) for key, read in inputs.items()}
    chains: dict[str, float] = {}
    after = dict.fromkeys(waiting, 0.0)
    for key in reversed([*TopologicalSorter(waiting).static_order()]):
        chains[key] = after[key] + weights[key]
        for source in waiting[key]:
            after[source] = max(after[source], chains[key])
    return chains


def urgency(chain: float, priority: int) -> tuple[float, int]:
    """The lower, the earlier: long chains first, so that none is left over when everything else has ended.

    Args:
        chain: weight of the longest chain that begins with the stage.
        priority: of its kind, lowest first among equally long chains.
    """
    return -chain, priority
