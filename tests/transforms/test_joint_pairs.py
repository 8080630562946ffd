"""joint_pairs."""

from __future__ import annotations

import pytest

from benchbench import transforms

from .toys import pair, transformed


def test_every_rejected_response_comes_with_its_own_prompt_from_another_example():
    examples = [pair(name, f"good {name}", f"bad {name}", gold=(1.0, 0.0), user=3.0) for name in "abcd"]
    become, counts = transformed("joint_pairs", examples)
    assert [example.candidates[0] for example in become] == ["good a", "good b", "good c", "good d"]
    assert sorted(example.candidates[1] for example in become) == ["bad a", "bad b", "bad c", "bad d"]
    for example in become:
        own, other = (prompt[0].content.removeprefix("question ") for prompt in example.prompts or ())
        assert example.candidates == (f"good {own}", f"bad {other}") and own == example.id != other
        assert example.columns == {"user": 3.0}
    assert counts.changed == {"rejected response of another prompt": 4}


def test_a_rate_of_zero_and_a_single_example_change_nothing():
    examples = [pair("a"), pair("b")]
    assert list(transformed("joint_pairs", examples, rate=0.0)[0]) == examples
    assert list(transformed("joint_pairs", examples[:1])[0]) == examples[:1]


def test_a_rate_that_is_no_share_is_refused():
    with pytest.raises(ValueError, match="rate: expected a share"):
        transforms.get("joint_pairs").options(rate=2.0)
