"""Held-out prompts in training, to the letter and nearly."""

from __future__ import annotations

from benchbench.core.example import Message
from benchbench.data.leak_checks import all_leaks, leak_findings, prompt_list

LONG = " ".join(f"w{place}" for place in range(60))


def prompts(name: str, **texts: str):
    return prompt_list(name, ((key, (Message("user", text),)) for key, text in texts.items()))


def test_a_prompt_counts_once_as_the_same_or_as_near():
    train = prompts("train", a="why?", b=LONG, c="only here")
    test = prompts("test", x=" why? ", y=f"{LONG} more", z="only there", v="Why")
    exact, near = leak_findings(test, train)
    assert (exact.check, exact.where, exact.examples) == ("leaked_prompts", "test in train", ("x",))
    assert (near.check, near.examples) == ("near_leaked_prompts", ("y", "v"))
    assert near.detail == "y to b (0.98), v to a (1.00)"
    assert exact.total == near.total == 4


def test_a_system_turn_that_all_share_makes_no_prompt_near():
    system = Message("system", " ".join(f"rule{place}" for place in range(500)))
    train = prompt_list("train", [("a", (system, Message("user", "what is the capital of France?")))])
    test = prompt_list("test", [("x", (system, Message("user", "how do birds find their way home?")))])
    assert not any(each.count for each in leak_findings(test, train))


def test_a_split_that_is_trained_on_and_held_out_is_a_leak_of_all():
    both = prompts("train", a="1?", b="2?")
    exact, near = leak_findings(both, both)
    assert exact.share == 1.0 and exact.detail and exact.is_above
    assert near.count == 0


def test_every_list_is_held_against_every_training_split():
    lists = {"sft": prompts("sft", a="1?"), "train": prompts("train", a="2?"), "test": prompts("test", x="2?")}
    file = prompts("bench.jsonl", q="1?")
    findings = all_leaks(lists, [lists["test"], file], ["sft", "train"])
    assert {each.where: each.count for each in findings if each.check == "leaked_prompts"} == {
        "test in sft": 0,
        "test in train": 1,
        "bench.jsonl in sft": 1,
        "bench.jsonl in train": 0,
    }
