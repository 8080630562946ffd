"""The critic's values as an input: stored ones of drawn rows, else the head's own without gradient."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from benchbench import inputs, methods
from benchbench.core.input import Pass
from benchbench.core.method import Need
from tests.training.toys import batches, examples

EXHIBIT, METHOD = inputs.get("value"), methods.get("ppo")


def rows(values: torch.Tensor | None) -> Any:
    """Drawn rows with these values of then."""
    return SimpleNamespace(values=lambda batch: values)


def forward(head: torch.Tensor | None) -> Pass:
    """A pass of two rows in which the head gave these numbers."""
    return Pass(batches(METHOD)(examples(2)), None, None, torch.float64, head)


def test_where_critic_and_policy_are_still_the_same_the_heads_numbers_are_read_without_gradient():
    head = torch.rand(2, 2, 5, 1, requires_grad=True)
    assert EXHIBIT.drawn is not None
    values = EXHIBIT.drawn(rows(None), forward(head))
    assert values.dtype == torch.float64 and not values.requires_grad
    assert torch.equal(values, head[..., 0].detach().double())


def test_else_those_of_when_the_rows_were_drawn_are_read():
    head, stored = torch.rand(2, 2, 5, 1), torch.rand(2, 2, 5)
    assert EXHIBIT.drawn is not None
    assert torch.equal(EXHIBIT.drawn(rows(stored), forward(head)), stored.double())


@pytest.mark.parametrize("head", [None, torch.rand(2, 2, 1)], ids=["no head", "a head of responses"])
def test_a_method_without_a_head_of_tokens_has_no_values(head: torch.Tensor | None):
    assert EXHIBIT.drawn is not None
    with pytest.raises(LookupError, match="a head with a number for each token"):
        EXHIBIT.drawn(rows(None), forward(head))


def test_a_recipe_that_draws_nothing_is_refused():
    faults = EXHIBIT.faults(SimpleNamespace(online=None), METHOD, Need.VALUE)
    assert [fault.where for fault in faults] == ["online"]
    assert EXHIBIT.faults(SimpleNamespace(online=object()), METHOD, Need.VALUE) == []
