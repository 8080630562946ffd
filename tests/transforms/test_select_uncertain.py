"""select_uncertain."""

from __future__ import annotations

from collections import Counter

import pytest

from benchbench.transforms.select_uncertain import weighted_draw

from .toys import ids, pair, transformed


def test_by_hand():
    """Of five pairs one contradicts the label and one is not known; hard draws from those with B > 0: c alone."""
    rows = {"a": (0.9, 0.0), "b": (0.2, 0.5), "c": (0.6, 0.3), "d": (0.8, 0.0), "e": (0.7, float("nan"))}
    examples = [pair(name, p_mean=p, uncertainty=bald) for name, (p, bald) in rows.items()]
    become, counts = transformed("select_uncertain", examples, select="hard", rate=0.4)
    assert ids(become) == ["c"]
    assert counts.dropped == {"uncertainty missing": 1, "estimator against the label": 1, "not drawn": 2}


def test_the_first_draw_follows_the_weights():
    """Weights 1 and 3: the second is first in three of four draws; a weight of 0 is never drawn."""
    import numpy as np

    rng = np.random.default_rng(0)
    first = Counter(weighted_draw([1.0, 3.0, 0.0], 1, rng.random(3).tolist())[0] for _ in range(2000))
    assert first[1] / 2000 == pytest.approx(0.75, abs=0.05) and first[2] == 0
    assert sorted(weighted_draw([1.0, 3.0, 0.0], 3, rng.random(3).tolist())) == [0, 1]


def test_without_disagreement_easy_is_a_plain_draw_and_hard_draws_nothing():
    examples = [pair(f"x{i}", p_mean=0.9, uncertainty=0.0) for i in range(10)]
    assert len(transformed("select_uncertain", examples, select="easy")[0]) == 5
    assert len(transformed("select_uncertain", examples, select="hard")[0]) == 0
