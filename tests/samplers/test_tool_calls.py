"""tool_calls."""

from __future__ import annotations

import pytest

from benchbench import samplers
from benchbench.core.sampler import Arm
from benchbench.core.tools import ToolUse

from .toys import arms

SAMPLER = samplers.get("tool_calls")


def test_the_policy_draws_whole_responses():
    assert arms("tool_calls", 3) == (Arm("policy", 3, {"policy": 1.0}),)
    assert SAMPLER.search is None


def test_observations_are_masked_unless_the_recipe_says_otherwise():
    assert SAMPLER.tool_use is not None
    assert SAMPLER.tool_use(SAMPLER.options(calls=5)) == ToolUse(calls=5, mask_observations=True)
    assert not SAMPLER.tool_use(SAMPLER.options(mask_observations=False)).mask_observations


def test_a_tool_that_is_never_answered_is_refused():
    with pytest.raises(ValueError, match="calls: expected 1 or more, got 0"):
        SAMPLER.options(calls=0)
