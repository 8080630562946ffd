"""What a chat judge is asked, and which answers are verdicts."""

from __future__ import annotations

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.judges.chat_endpoint.prompt import DEFAULT_TEMPLATE, fill, parse, read_template

from .contests import contest


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("[[A]]", 1.0),
        ("I like the second.\n[[B]]", 0.0),
        ("Both the same.\n\n[[C]]\n\n", 0.5),
        ("reasons\n**[[A]]**", 1.0),
        ("reasons\nVerdict: [[B]].", 0.0),
        ("reasons\n**Final verdict:** [[c]]", 0.5),
        ("[[A]] at first, but no.\n[[B]]", 0.0),
        ("reasons\n```\n[[A]]\n```", 1.0),
        ("reasons\n[[B]]\n```\n", 0.0),
        ("```\nno verdict\n```", None),
        ("[[A]]\n```\ncode\n```", None),
        ("```", None),
        ("", None),
        ("   \n ", None),
        ("no verdict at all", None),
        ("[[A]]\nAnd now something else.", None),
        ("So my verdict is not [[A]]", None),
        ("[[A]] or [[B]]", None),
        ("[[A]] [[A]]", None),
        ("[[D]]", None),
        ("[A]", None),
        ("A", None),
        ("[[AB]]", None),
        ("It is [[A]], as the answer itself says: [[A]]", None),
    ],
)
def test_only_a_last_line_that_is_the_verdict_alone_decides(answer: str, verdict: float | None):
    assert parse(answer) == verdict


def test_texts_with_braces_are_put_in_as_they_are():
    filled = fill(DEFAULT_TEMPLATE, contest("{second} {x}", "{first} {conversation} {0}"))
    assert "=== answer A ===\n{second} {x}\n=== answer B ===\n{first} {conversation} {0}\n=== end ===" in filled


def test_one_user_turn_stands_as_it_is_and_several_under_their_roles():
    turns = (Message("user", "one"), Message("assistant", "two"), Message("user", "three"))
    assert "=== conversation ===\nWhich is larger" in fill(DEFAULT_TEMPLATE, contest("a", "b"))
    filled = fill(DEFAULT_TEMPLATE, contest("a", "b", prompt=turns))
    assert "[user]\none\n\n[assistant]\ntwo\n\n[user]\nthree\n" in filled


def test_a_template_needs_every_field_once(tmp_path):
    path = tmp_path / "template.txt"
    path.write_text("{conversation} {first} {second} {other}")
    assert read_template(path) == "{conversation} {first} {second} {other}"
    path.write_text("{conversation} {first} {first}")
    with pytest.raises(BenchError, match=r"exactly once, found another number of \{first\}, \{second\}"):
        read_template(path)
    with pytest.raises(BenchError, match="expected a judge's template"):
        read_template(tmp_path / "nothing.txt")
    assert read_template(None) is DEFAULT_TEMPLATE
