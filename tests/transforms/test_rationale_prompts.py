"""rationale_prompts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench import transforms

from .toys import pair, several, transformed


def test_by_hand():
    """A response that reads like a place for another is left as it is."""
    example = several("x", (1.0, 1.0, 1.0), gold=(1.0, 0.0, 0.0))
    roles = ("chosen", "rejected", "rationale")
    example = replace(example, roles=roles, candidates=("{rejected}", "bad", "since"))
    (become,), _ = transformed("rationale_prompts", [example], text="{rejected} is worse than {chosen}. Why?")
    asked = [prompt[0].content for prompt in become.prompts or ()]
    assert asked == ["question x", "question x", "question x\n\nbad is worse than {rejected}. Why?"]
    assert become.candidates == example.candidates and become.columns == example.columns


def test_an_example_without_a_rationale_is_left_out():
    _, counts = transformed("rationale_prompts", [pair("x")])
    assert counts.dropped == {"other roles than chosen, rejected, rationale": 1}


def test_a_text_without_a_response_is_refused():
    with pytest.raises(ValueError, match="text: expected"):
        transforms.get("rationale_prompts").options(text="{chosen}?")
