"""TW-GRPO in text: tw_grpo_twin."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.core.shaping import GroupSignals, shape_group
from benchbench.shaping.tw_grpo_twin import SHAPING, Options

from .toys import golden


def logps(logits):
    logits = np.array(logits)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def weights(*responses, **options):
    signals = GroupSignals(distributions=tuple(logps(logits) for logits in responses))
    return shape_group(SHAPING, Options(**options), signals)


def test_the_golden_case():
    case = golden("tw_grpo_twin")
    for found in weights(*case["inputs"]["logits"], **case["hyper"]):
        assert found.tolist() == pytest.approx(case["value"], rel=case["tolerance"]["rel"])


def test_where_all_agree_every_token_counts_as_one():
    alike = [[0.3, 1.0], [2.0, 0.1]]
    assert all(row.tolist() == [1.0, 1.0] for row in weights(alike, alike))


def test_a_response_that_has_ended_counts_as_uniform():
    """The second place has one response left, beside a uniform one; a uniform second token would be the same."""
    shorter = weights([[1.0, 0.0], [3.0, 0.0]], [[1.0, 0.5]])
    filled = weights([[1.0, 0.0], [3.0, 0.0]], [[1.0, 0.5], [0.0, 0.0]])
    np.testing.assert_allclose(shorter[0], filled[0])
    np.testing.assert_allclose(shorter[1], filled[1][:1])
