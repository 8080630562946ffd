"""Token rows are equal by what they hold; a report comes back from its plain values."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchbench.core.errors import BenchError
from benchbench.data.audit import Lengths
from benchbench.data.tokenized import TokenizationReport, TokenizedCandidate, TokenizedExample

IDS = (3, 1, 2)


@pytest.mark.parametrize("ids", [IDS, list(IDS), np.array(IDS, np.uint16), np.array(IDS, np.uint32)])
def test_rows_are_equal_whatever_holds_their_ids(ids):
    assert TokenizedCandidate(ids, (1, 3)) == TokenizedCandidate(IDS, (1, 3))
    examples = [TokenizedExample("a", (TokenizedCandidate(each, (1, 3)),), False, {}) for each in (ids, IDS)]
    assert examples[0] == examples[1]


@pytest.mark.parametrize(
    "other",
    [
        TokenizedCandidate(np.array([3, 1], np.uint16), (1, 3)),
        TokenizedCandidate((3, 1, 4), (1, 3)),
        TokenizedCandidate(IDS, (0, 3)),
        TokenizedCandidate(IDS, (1, 3), truncated=True),
        TokenizedCandidate(IDS, (1, 3), empty=True),
        TokenizedCandidate(IDS, (1, 3), overlong=True),
        TokenizedCandidate(IDS, (1, 3), holes=((1, 2),)),
        TokenizedCandidate(IDS, (1, 3), weights={"weight": ((1, 2, 0.5),)}),
        IDS,
    ],
)
def test_rows_that_differ_in_anything_are_not_equal(other):
    assert TokenizedCandidate(np.array(IDS, np.uint16), (1, 3)) != other


def test_a_report_comes_back_from_its_plain_values():
    report = TokenizationReport(5, 4, {"b": 1, "a": 0}, truncated=2, prompt_tokens=Lengths(5.75, 11))
    again = TokenizationReport.from_json(json.loads(json.dumps(report.as_json())))
    assert again == report and str(again) == str(report)


def test_candidates_are_taken_by_their_roles():
    rows = tuple(TokenizedCandidate((k, 9), (1, 2)) for k in range(3))
    roles = ("chosen", "rejected", "gold")
    example = TokenizedExample("e", rows, False, {"score": (1.0, 2.0, 3.0), "p": 0.5}, roles=roles)
    taken = example.taking(("gold", "chosen"))
    assert [c.tokens[0] for c in taken.candidates] == [2, 0] and taken.places == (2, 0)
    assert taken.columns == {"score": (3.0, 1.0), "p": 0.5} and taken.roles == ("gold", "chosen")
    assert example.taking(()) is example and example.taking(roles) is example


def test_two_candidates_without_roles_are_a_pair():
    rows = tuple(TokenizedCandidate((k, 9), (1, 2)) for k in range(2))
    example = TokenizedExample("e", rows, False, {})
    assert example.taking(("chosen", "rejected")) is example and example.taking(("rejected",)).places == (1,)
    with pytest.raises(BenchError, match="example e: expected as many .* of each role as in gold, found chosen, rej"):
        example.taking(("gold",))
    with pytest.raises(BenchError, match="found 3 candidates without roles"):
        TokenizedExample("e", (*rows, rows[0]), False, {}).taking(("chosen", "rejected"))
