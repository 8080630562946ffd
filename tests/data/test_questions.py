"""Questions about responses: templates are filled in one pass, and a conversation is one text."""

from __future__ import annotations

from benchbench.core.example import Message
from benchbench.data.questions import conversation, filled


def test_braces_of_a_text_stay_what_they_are():
    assert filled("{first} or {second}?", {"{first}": "{second}", "{second}": "b"}) == "{second} or b?"


def test_a_single_turn_is_its_content_and_several_have_their_roles():
    assert conversation((Message("user", "hi"),)) == "hi"
    assert conversation((Message("user", "hi"), Message("assistant", "yes"))) == "user: hi\n\nassistant: yes"
