"""none."""

from __future__ import annotations

from benchbench import oracles

from .toys import context, group


def test_nobody_is_asked():
    oracle = oracles.get("none")
    assert list(oracle.label(oracle.options(), [group("a", "b")], context())) == []
    assert oracle.gives == "nothing"
