"""policy."""

from __future__ import annotations

from benchbench.core.sampler import Arm

from .toys import arms


def test_every_response_is_the_policys():
    assert arms("policy", 4) == (Arm("policy", 4, {"policy": 1.0}),)
