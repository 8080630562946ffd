"""revision_prompts."""

from __future__ import annotations

import pytest

from benchbench import methods, transforms

from .toys import pair, transformed


def test_by_hand():
    """Good and bad after the question, then good, bad after bad was shown, and bad, good after good was."""
    (become,), _ = transformed("revision_prompts", [pair("x", score=(1.0, 0.0))], text="Not {response}!")
    assert become.candidates == ("good", "bad", "good", "bad", "bad", "good")
    assert [prompt[-1].content for prompt in become.prompts or ()] == [
        "question x",
        "question x",
        *["question x\n\nNot bad!"] * 2,
        *["question x\n\nNot good!"] * 2,
    ]
    assert become.roles == methods.get("srpo").roles and not become.columns


def test_a_text_that_shows_no_response_is_refused():
    with pytest.raises(ValueError, match="text: expected '{response}' exactly once"):
        transforms.get("revision_prompts").options(text="Better!")
