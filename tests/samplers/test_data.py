"""data."""

from __future__ import annotations

import pytest

from benchbench.core.sampler import Arm

from .toys import arms


def test_the_splits_candidates_stand_where_draws_would():
    assert arms("data", 4) == (Arm("data", 0, {}),)
    assert arms("data", 1, candidates=2) == (Arm("data", 2, {}),)


def test_fewer_than_none_is_refused():
    with pytest.raises(ValueError, match="candidates: expected a finite number of at least 0, got -1"):
        arms("data", 1, candidates=-1)
