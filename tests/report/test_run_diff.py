"""Differences as tables: one row for what several stages share, hashes cut short."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from benchbench.report.run_diff import difference_tables, parting_line, parting_rows


@dataclass(frozen=True)
class Two:
    """One difference."""

    stage: str
    kind: str
    name: str
    a: Any
    b: Any


def test_equal_differences_of_several_stages_are_one_row():
    tables = difference_tables(
        [
            Two("run", "versions", "torch", "2.12", "2.13"),
            Two("run > sft", "versions", "torch", "2.12", "2.13"),
            Two("run", "settings", "data.hash", "ab" * 32, None),
        ]
    )
    assert tables == [
        ("versions", [{"differs": "torch", "A": "2.12", "B": "2.13", "stage": "run; run > sft"}]),
        ("settings", [{"differs": "data.hash", "A": "abababababab...", "B": "none", "stage": "run"}]),
    ]


def test_a_parting_is_told_with_the_steps_before_it():
    first = SimpleNamespace(stage="run", name="loss", step=1, before=0, a=1.0, b=2.0, last_a=0.5, last_b=0.25)
    later = SimpleNamespace(**{**vars(first), "stage": "run > sft", "step": 30, "before": 2})
    other = SimpleNamespace(**{**vars(first), "name": "grad_norm"})
    assert parting_line([first, later, other]) == (
        "run: losses part at step 1, the first that was logged; "
        "run > sft: losses part at step 30, after 2 logged steps without a difference"
    )
    assert parting_rows([later])[0]["first apart"] == "step 30" and parting_rows([later])[0]["last B"] == "0.25"


def test_two_values_that_differ_never_look_the_same():
    near = SimpleNamespace(
        stage="run", name="loss", step=9, before=8, a=0.693147, b=0.693150, last_a=0.5, last_b=0.5000001
    )
    (row,) = parting_rows([near])
    assert row["A"] != row["B"] and row["last A"] != row["last B"]
    tables = difference_tables(
        [
            Two("run", "settings", "learning_rate", 0.69314718, 0.69314726),
            Two("run", "settings", "template.user", "User: {content}\n", "User: {content}"),
        ]
    )
    assert all(row["A"] != row["B"] for _, rows in tables for row in rows)
