"""Groups of toy responses: a text is its characters as tokens, and `/` behind it says that it was cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchbench import selectors
from benchbench.core.example import Message
from benchbench.core.rollout import DATA, Group, Labels, RolloutResponse
from benchbench.core.selector import Selection

END = 0


def response(text: str, source: str = "policy") -> RolloutResponse:
    cut, text = text.endswith("/"), text.removesuffix("/")
    finish = DATA if source == DATA else "length" if cut else "stop"
    return RolloutResponse(tuple(map(ord, text)), None if cut else END, finish, source, text)


def group(*texts: str, data: Sequence[str] = (), example: str = "x", **fields: Any) -> Group:
    """The split's candidates first, then what was drawn."""
    responses = (*(response(text, DATA) for text in data), *(response(text) for text in texts))
    return Group(example, 1, (1, 2), (Message("user", "?"),), responses, **fields)


def scores(*values: float | None, **columns: Sequence[float]) -> Labels:
    return Labels(scores=values, answers=len(values), columns={name: tuple(c) for name, c in columns.items()})


def selected(
    name: str, groups: Sequence[Group], labels: Sequence[Labels | None], seed: int = 0, **options: Any
) -> Selection:
    selector = selectors.get(name)
    return selector.select(selector.options(**options), groups, labels, np.random.default_rng(seed))


def places(name: str, of_group: Group, labels: Labels | None = None, seed: int = 0, **options: Any) -> Any:
    """Places of the rows of a single group, or the reason why it gives none."""
    selection = selected(name, [of_group], [labels], seed, **options)
    rows = [row.places for row in selection.picks[0]]
    if rows:
        assert selection.dropped == {}
        return rows
    ((reason, count),) = selection.dropped.items()
    assert count == 1
    return reason


def columns(name: str, of_group: Group, labels: Labels, **options: Any) -> Any:
    """Columns of the only row of a single group."""
    ((row,),) = selected(name, [of_group], [labels], **options).picks
    return row.columns
