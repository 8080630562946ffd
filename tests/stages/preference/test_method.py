"""The method of a preference stage, as its settings name it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.identity import identity
from benchbench.methods.tr_dpo import METHOD, Hyper
from benchbench.stages.preference.method import bound_method


def context(name: str, **hyper: object) -> Any:
    """What `bound_method` reads of a stage."""
    method = SimpleNamespace(name=name, hyper=hyper)
    return SimpleNamespace(settings=SimpleNamespace(method=method), run=SimpleNamespace(method_file=None))


def test_what_the_settings_leave_out_has_its_default():
    assert bound_method(context("tr_dpo", beta=0.3)) == (METHOD, Hyper(beta=0.3))


def test_numbers_come_back_as_they_went_into_the_identity():
    """A whole number stays one, and a number that text would round stays what it is."""
    hyper = Hyper(beta=0.1 + 0.2, ref_model_sync_steps=7)
    _, bound = bound_method(context("tr_dpo", **identity(hyper)))
    assert bound == hyper and isinstance(bound.ref_model_sync_steps, int)


def test_a_method_that_is_not_there_is_named():
    with pytest.raises(BenchError, match="unknown method 'tr_dop'"):
        bound_method(context("tr_dop"))
