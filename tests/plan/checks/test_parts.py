"""Roles and spans that a method reads, against what a split has."""

from __future__ import annotations

from dataclasses import replace

from benchbench import methods
from benchbench.core.method import Candidates, Method
from benchbench.core.split_shape import SplitShape
from benchbench.plan.checks.parts import role_faults, span_faults

TRIPLE = ("chosen", "rejected", "gold")


def method(*roles: str, weights: tuple[str, ...] = ()) -> Method:
    return replace(
        methods.get("dpo"),
        name="mine",
        candidates=Candidates.ANY if roles else Candidates.PAIR,
        roles=roles,
        token_weights=weights,
    )


def shape(examples: int = 6, candidates: tuple[int, ...] = (2,), **more) -> SplitShape:
    return SplitShape(examples, list(candidates), {}, **more)


def said(reading: Method, of: SplitShape) -> list[str]:
    return [str(fault) for fault in role_faults(reading, "train", of)]


def test_a_split_with_the_roles_is_no_fault_in_any_order_and_with_others_beside_them():
    given = shape(roles={"chosen, rejected, gold": 4, "unseen, gold, chosen, rejected": 2})
    assert said(method(*TRIPLE), given) == said(method("gold"), given) == said(method(), given) == []


def test_a_role_that_examples_lack_is_named_with_split_and_count():
    (fault,) = said(method(*TRIPLE), shape(roles={"chosen, rejected, gold": 2, "chosen, rejected": 4}))
    assert fault == (
        "preference.split: 'mine' reads the candidate of role 'gold', which 4 of 6 examples of split 'train' lack; "
        "the transform triples makes it, or give it in the data's column `roles`"
    )


def test_every_role_that_is_lacking_is_named():
    faults = said(method(*TRIPLE), shape(candidates=(3,)))
    assert [fault.split("role '")[1].split("'")[0] for fault in faults] == list(TRIPLE)
    (one,) = said(method(*TRIPLE), shape())
    assert "role 'gold', which 6 of 6" in one, "pairs have the other two without saying so"


def test_a_role_that_several_candidates_have_says_not_which_is_meant():
    (fault,) = said(method(), shape(roles={"chosen, rejected, rejected": 6}))
    assert "role 'rejected', which 6 of 6 examples of split 'train' have more of; give each candidate that is" in fault
    assert said(method("chosen", "rejected", "rejected"), shape(roles={"chosen, rejected, rejected": 6})) == []
    (few,) = said(method("chosen", "rejected", "rejected"), shape())
    assert "reads 2 candidates of role 'rejected', which 6 of 6 examples of split 'train' lack" in few


def test_a_role_that_no_transform_makes_is_asked_of_the_data_alone():
    (fault,) = said(method("chosen", "rejected", "verdict"), shape())
    assert fault.endswith("lack; give it in the data's column `roles`")


def test_token_weights_that_no_example_has_are_named():
    reading = method(weights=("importance", "edited"))
    (fault,) = span_faults(reading, "train", shape(spans={"importance": 3}))
    assert "'mine' reads the token weights 'edited', and no example of split 'train' has such a span" in str(fault)
    assert span_faults(method(), "train", shape()) == []
