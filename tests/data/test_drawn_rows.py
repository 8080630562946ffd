"""What the stages of a round hand on: groups, labels and rows come back from JSON as they were."""

from __future__ import annotations

import json
import math

from benchbench.core.example import Message
from benchbench.core.rollout import DATA, Group, Labels, Pick, RolloutResponse
from benchbench.data.drawn_rows import row_json, row_of, rows_of
from benchbench.data.rollout_json import group_json, group_of, labels_json, labels_of

ENDED = RolloutResponse((5, 6), 1, "stop", "policy", "five six")
CUT = RolloutResponse((5, 7), None, "length", "policy", "five seven")
GOLDEN = RolloutResponse((9,), 1, DATA, DATA, "nine")
GROUP = Group("e", 2, (3, 4), (Message("user", "?"),), (ENDED, CUT, GOLDEN), prefix=(8,), columns={"a": 1.5, "b": "x"})


def through_json(value: object) -> object:
    return json.loads(json.dumps(value))


def test_groups_and_labels_come_back_as_they_were():
    assert group_of(through_json(group_json(GROUP))) == GROUP  # type: ignore[arg-type]
    for labels in (
        Labels(scores=(1.0, None, 0.5), answers=2, columns={"c": (1.0, 2.0, 3.0)}, tau=0.5),
        Labels(wins={(0, 1): 0.25, (2, 0): 1.0}, answers=2),
    ):
        assert labels_of(through_json(labels_json(labels))) == labels  # type: ignore[arg-type]
    assert labels_of(labels_json(None)) is None


def test_a_missing_number_is_still_missing():
    labels = labels_of(through_json(labels_json(Labels(scores=(0.0,), columns={"c": (math.nan,)}))))  # type: ignore[arg-type]
    assert labels is not None and math.isnan(labels.columns["c"][0])


def test_a_row_has_the_ids_that_were_drawn_and_an_end_only_where_there_was_one():
    picks = (Pick((0, 1), {"score": (2.0, 1.0)}), Pick((2, 1), {}))
    first, second = rows_of(GROUP, picks)
    assert first.prompt == (3, 4, 8), "what was chosen before is context"
    assert first.responses == ((5, 6, 1), (5, 7)) and second.responses == ((9, 1), (5, 7))
    assert first.example.candidates == ("five six", "five seven") and first.round == 2
    assert len({first.example.id, second.example.id}) == 2
    assert row_of(through_json(row_json(first))) == first  # type: ignore[arg-type]
