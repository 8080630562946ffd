"""One method at a terminal of 80 columns."""

from __future__ import annotations

from benchbench.report.method_page import method_lines
from benchbench.report.prose import COLUMNS

SAID = {
    "method": "mine",
    "paper": "Nobody 2026",
    "title": "A title of many words, " * 6,
    "paper_note": "",
    "family": "pairwise",
    "status": "form unverified",
    "open_question": "Whether the mean or the sum is meant.",
    "twin_of": "",
    "equation": "a\nb",
    "description": "Mine.\n\nA paragraph of a docstring\nthat goes on.\n\n    kept   as it is\n\n- one\n  item\n- two",
    "needs": ["reference"],
    "columns": ["weight (numbers)"],
    "candidates": "pair",
    "loss": "[B] loss.\n\nMore.",
    "reward": "",
    "monotone_in_chosen": "The margin has an optimum.",
    "hyper": [{"name": "beta", "default": 0.1, "values": "number", "meaning": "Reward per nat, " * 9}],
    "variants": {"default": {}, "strong": {"beta": 2.0}},
    "differs": {"TRL 1.16.0": "the same"},
    "collisions": ["Another thing has the name."],
    "version": 1,
}


def test_every_part_is_there_and_no_line_is_too_long():
    lines = method_lines(SAID)
    assert max(map(len, lines)) <= COLUMNS
    text = "\n".join(lines)
    for part in (
        "mine: Nobody 2026",
        "form unverified: Whether the mean",
        "\n  a\n  b\n",
        "needs: reference, column weight (numbers)",
        "loss: [B] loss.\n",
        "not monotone in the chosen log-probability: The margin",
        "beta = 0.1  (number)\n  Reward per nat, Reward",
        "variant strong: beta 2.0",
        "elsewhere:\n- TRL 1.16.0: the same.",
        "the same name:\n- Another thing",
        "A paragraph of a docstring that goes on.\n\n    kept   as it is\n\n- one item\n- two",
    ):
        assert part in text, part
    assert "reward:" not in text and "More." not in text and "twin:" not in text
