"""The reference as an input: who is told that its anchor cannot be had."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchbench import inputs, methods
from benchbench.core.method import Need


def recipe(*, sft: object = None, reference: str = "sft") -> SimpleNamespace:
    return SimpleNamespace(sft=sft, preference=SimpleNamespace(reference=reference))


@pytest.mark.parametrize(
    ("need", "reference", "message"),
    [
        (
            Need.REFERENCE,
            "sft",
            "preference.reference: expected base, since the recipe has no sft stage, got sft",
        ),
        (
            Need.REFERENCE.with_options(anchor="sft"),
            "base",
            "sft: required, not given: method 'dpo' says of its reference anchor=sft, whatever preference.reference "
            "is; add an sft section, or take another method",
        ),
        (Need.REFERENCE, "base", None),
        (Need.REFERENCE.with_options(anchor="base"), "sft", None),
    ],
    ids=["the recipe's", "the method's", "none of the recipe", "none of the method"],
)
def test_an_anchor_that_is_never_trained_is_a_fault_of_who_asks_for_it(need: Need, reference: str, message: str | None):
    faults = inputs.get("reference").faults
    found = [str(fault) for fault in faults(recipe(reference=reference), methods.get("dpo"), need)]
    assert found == ([] if message is None else [message])
    assert faults(recipe(sft=object(), reference=reference), methods.get("dpo"), need) == []
