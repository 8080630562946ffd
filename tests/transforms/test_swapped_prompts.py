"""swapped_prompts."""

from __future__ import annotations

from .toys import pair, transformed


def test_the_same_response_stands_after_its_own_prompt_and_after_another():
    become, _ = transformed("swapped_prompts", [pair(name, f"good {name}") for name in "abc"])
    assert len(become) == 3
    for example in become:
        own, other = (prompt[0].content for prompt in example.prompts or ())
        assert own == f"question {example.id}" != other
        assert example.candidates == (f"good {example.id}",) * 2


def test_an_equal_prompt_is_no_wrong_one():
    become, counts = transformed("swapped_prompts", [pair("a", prompt="q"), pair("b", prompt="q")])
    assert not become and counts.dropped == {"the drawn prompt is the same": 2}
