"""planted_users."""

from __future__ import annotations

from .toys import pair, transformed


def test_a_user_of_the_other_taste_prefers_the_other_response_of_every_pair():
    become, counts = transformed(
        "planted_users", [pair(f"e{i}", gold=(3.0, 1.0)) for i in range(60)], users=6, first=10
    )
    tastes = {(e.columns["user"], e.columns["group"]) for e in become}
    assert {user for user, _ in tastes} == {10.0, 11.0, 12.0, 13.0, 14.0, 15.0} and len(tastes) == 6
    for example in become:
        reversed_order = example.columns["group"] == 1
        assert example.candidates == (("bad", "good") if reversed_order else ("good", "bad"))
        assert example.columns["gold"] == ((1.0, 3.0) if reversed_order else (3.0, 1.0))
    assert counts.changed == {"order reversed": sum(e.columns["group"] == 1 for e in become)}
    assert 0 < counts.changed["order reversed"] < 60


def test_shots_are_of_the_users_own_pairs_and_no_user_is_in_two_splits():
    """What FSPO shows of a user: pairs of that user alone, here by their prompts."""
    shot = {"shots": 2, "shot": "[{prompt}|{chosen}|{rejected}]", "heading": "shots", "role": "user"}
    users = {}
    for split, first in (("train", 0), ("test", 3)):
        people, _ = transformed("planted_users", [pair(f"{split}{i}") for i in range(30)], users=3, first=first)
        owner = {example.prompt[0].content: example.columns["user"] for example in people}
        for example in transformed("user_prefix", people, **shot)[0]:
            shown = [line.split("|")[0][1:] for line in example.prompt[0].content.split("\n\n")[1:3]]
            assert [owner[prompt] for prompt in shown] == [example.columns["user"]] * 2
        users[split] = {*owner.values()}
    assert not users["train"] & users["test"]
