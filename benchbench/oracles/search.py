"""What a search over steps found: the worth of every response of its groups, and which of them it chose.

It asks nobody again. A search pays for the values of all that it looks at, most of which is in no group; the first
group of a prompt counts them all as its answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels
from benchbench.core.search import ON_PATH
from benchbench.oracles._scores import batches


@dataclass(frozen=True)
class Options:
    """There are none: what a step is worth is the world's to say, and how it is searched the sampler's."""


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The labels that came with each group: `score`, and the columns `on_path` and, of a tree search, `visits`.

    Raises:
        RuntimeError: a group that no search found, which is refused when a run is planned.
    """
    for places in batches(len(groups), 1, context):
        for place in places:
            labels = groups[place].search_labels
            if labels is None:
                raise RuntimeError(f"oracle search: no search found the group of example {groups[place].example}")
            yield place, labels


ORACLE = Oracle(
    name="search", options=Options, gives="scores", label=label, reads_search=True, makes_columns=(ON_PATH,)
)
