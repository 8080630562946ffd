"""crossed_contexts."""

from __future__ import annotations

import pytest

from benchbench import methods, transforms

from .toys import pair, transformed


def test_by_hand():
    """Each response after both contexts, response by response, as `sami` reads them."""
    examples = [pair("x", "short", "long"), pair("y", "same", "same")]
    (become,), counts = transformed("crossed_contexts", examples, texts=["Brief.", "Detailed."], role="user")
    assert become.candidates == ("short", "short", "long", "long")
    asked = [prompt[0].content for prompt in become.prompts or ()]
    assert asked == ["Brief.\n\nquestion x", "Detailed.\n\nquestion x"] * 2
    assert become.roles == methods.get("sami").roles
    assert counts.dropped == {"responses identical": 1}


@pytest.mark.parametrize("texts", [["a"], ["a", "a"], ["a", ""]])
def test_contexts_that_are_not_two_are_refused(texts):
    with pytest.raises(ValueError, match="texts: expected two different texts"):
        transforms.get("crossed_contexts").options(texts=texts)
