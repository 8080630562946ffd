"""judge."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from benchbench import judges, oracles
from benchbench.core.judge import Verdict

from .toys import context, group, labelled

PROMPT = "please put these in order : c a b"
BETTER, WORSE = "sure , answer : a b c .", "answer : a b c ."


def ask(monkeypatch, groups, answer, *, sees_slots: bool, **fields):
    """Label by a judge whose answers are a function of the two texts."""
    contests = []

    def judge(options, asked, context):
        contests.extend(asked)
        return ((place, Verdict(answer(c.first, c.second))) for place, c in reversed([*enumerate(asked)]))

    toy = dataclasses.replace(judges.get("gold"), judge=judge, sees_slots=sees_slots, **fields)
    monkeypatch.setattr(judges, "get", lambda name: toy)
    oracle = oracles.get("judge")
    labels = dict(oracle.label(oracle.options("gold"), groups, context()))
    return [labels.get(place) for place in range(len(groups))], contests


def test_a_judge_of_the_room_compares_every_pair():
    labels = labelled("judge", [group(BETTER, WORSE, BETTER + "/", prompt=PROMPT)], judge="gold")
    assert labels[0].wins == {(0, 1): 1.0, (0, 2): 0.5, (1, 2): 1.0}
    assert labels[0].answers == 2  # the same texts tie uncalled


def test_a_judge_that_sees_slots_is_asked_in_both_orders_and_averaged(monkeypatch):
    """It likes the first slot by 0.2: a beats b by 0.9 and 0.5, so 0.7."""
    (labels,), contests = ask(monkeypatch, [group("a", "b")], lambda f, s: 0.9 if f == "a" else 0.5, sees_slots=True)
    assert [(c.first, c.second) for c in contests] == [("a", "b"), ("b", "a")]
    assert labels.wins == {(0, 1): pytest.approx(0.7)} and labels.answers == 1


def test_a_judge_that_sees_none_is_asked_once(monkeypatch):
    (labels,), contests = ask(monkeypatch, [group("a", "b")], lambda f, s: 0.25, sees_slots=False)
    assert len(contests) == 1 and labels.wins == {(0, 1): 0.25}


def test_silence_in_one_order_leaves_the_pair_out(monkeypatch):
    (labels,), _ = ask(monkeypatch, [group("a", "b")], lambda f, s: 1.0 if f == "a" else None, sees_slots=True)
    assert labels.wins == {} and labels.answers == 0
    assert labels.win(0, 1) is None


def test_a_judge_that_stops_half_way_has_given_whole_groups(monkeypatch):
    """Four contests of two groups, of which three come: the second group's two and one of the first's."""

    def judge(options, asked, context):
        return iter([(3, Verdict(1.0)), (2, Verdict(0.0)), (0, Verdict(1.0))])

    toy = dataclasses.replace(judges.get("gold"), judge=judge, sees_slots=True)
    monkeypatch.setattr(judges, "get", lambda name: toy)
    oracle = oracles.get("judge")
    groups = [group("a", "b", example="e0"), group("a", "b", example="e1")]
    labels = list(oracle.label(oracle.options("gold"), groups, context()))
    assert [(place, of_group.wins) for place, of_group in labels] == [(1, {(0, 1): 0.0})]


def test_a_cut_response_reaches_the_judge_as_one(monkeypatch):
    _, (contest,) = ask(monkeypatch, [group("a/", "b")], lambda f, s: 0.0, sees_slots=False)
    assert (contest.first_ended, contest.second_ended) == (False, True)


def test_faults_of_the_judges_options_are_named_at_once():
    options = {"length_bias": "much", "flip": 1}
    with pytest.raises(ValueError, match="options.length_bias: .*; options.flip: unknown") as refused:
        oracles.get("judge").options("toy_annotator", options)
    assert "flip_rate" in str(refused.value)
    with pytest.raises(ValueError, match="judge: .*Known: "):
        oracles.get("judge").options("nobody")


def test_what_pins_the_judge_pins_the_oracle(tmp_path: Path):
    """Its version, its options but those of handling, and the content of its file."""
    oracle = oracles.get("judge")
    toy = oracle.identity(oracle.options("toy_annotator", {"flip_rate": 0.1}), tmp_path)
    assert toy == {"judge_version": "1", "judge_options": '{"flip_rate": 0.1, "length_bias": 0.3}'}
    file = tmp_path / "votes.jsonl"
    pins = []
    for votes in ('{"prompt": "p", "first": "a", "second": "b", "first_wins": 1}\n', "\n"):
        file.write_text(votes)
        pins.append(oracle.identity(oracle.options("human_file", {"path": "votes.jsonl"}), tmp_path))
    assert pins[0]["file"] != pins[1]["file"]
    assert "votes.jsonl" not in pins[0]["judge_options"]
    assert oracle.handling == {"options"}


def test_what_becomes_of_a_missing_verdict_pins_the_oracle_where_it_is_not_the_default(tmp_path: Path):
    oracle = oracles.get("judge")
    server = {"base_url": "http://localhost/v1", "model": "m"}
    pins = [
        oracle.identity(oracle.options("chat_endpoint", {**server, **more}), tmp_path)
        for more in ({}, {"on_refused": "error", "max_concurrency": 2}, {"on_refused": "missing"})
    ]
    assert pins[0] == pins[1]
    assert pins[2] == {**pins[0], "judge_missing": '{"on_refused": "missing"}'}
