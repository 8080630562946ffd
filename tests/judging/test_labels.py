"""Judges that differ have names that differ, and no name has a machine's folder in it."""

from __future__ import annotations

import pytest

from benchbench.judging.labels import judge_label

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("name", "pins", "options", "label"),
    [
        ("gold", {}, {}, "gold"),
        ("chat_endpoint", {"template": "ab" * 32}, {"model": "org/judge-7b"}, "chat_endpoint org/judge-7b"),
        (
            "reward_model",
            {"weights": f"org/rm@{COMMIT}"},
            {"model_name_or_path": "org/rm", "revision": COMMIT},
            "reward_model org/rm@0123456789ab",
        ),
        (
            "reward_model",
            {"weights": "fedcba9876543210"},
            {"model_name_or_path": "/somewhere/of/mine/rm"},
            "reward_model rm (fedcba987654)",
        ),
        ("human_file", {"file": "0011223344556677"}, {"path": "../votes.csv"}, "human_file votes.csv (001122334455)"),
    ],
)
def test_the_name_says_what_it_judges_with(name, pins, options, label):
    assert judge_label({"name": name, "version": 1, "options": {}, "identity": pins}, options) == label
