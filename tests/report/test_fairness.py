"""What differs between rows, in words and as values."""

from __future__ import annotations

from benchbench.report.fairness import UNKNOWN, fairness_of

ALIKE = {"updates": "188", "epochs": "1 epoch"}


def test_where_nothing_differs_there_is_one_line():
    lines = fairness_of({"dpo": ALIKE, "ipo": ALIKE}, baseline="dpo").lines()
    assert lines == ["fairness: nothing differs between rows in updates and epochs"]


def test_what_differs_is_shown_with_who_has_it_the_baseline_first():
    facts = {"dpo": ALIKE, "ipo": ALIKE | {"updates": "94"}, "kto": ALIKE | {"updates": "94"}}
    fair = fairness_of(facts, baseline="ipo")
    assert fair.lines()[1:] == ["- updates: 94 (ipo, kto); 188 (dpo)"]
    assert fair.as_values() == {
        "differing": {"updates": {"94": ["ipo", "kto"], "188": ["dpo"]}},
        "unknown": {},
        "alike": ["epochs"],
    }


def test_a_row_of_which_a_quantity_says_nothing_does_not_differ_in_it():
    assert len(fairness_of({"dpo": ALIKE, "sft": {}}, baseline="dpo").lines()) == 1


def test_unknown_is_said_and_is_equal_to_nothing():
    fair = fairness_of({"dpo": ALIKE, "ipo": ALIKE | {"updates": UNKNOWN}}, baseline="dpo")
    assert fair.differing == {} and fair.alike == ["epochs"]
    assert fair.lines() == [
        "fairness: nothing that is known differs between rows (epochs)",
        "- not known: updates of ipo",
    ]
    three = fairness_of({"dpo": ALIKE, "ipo": {"updates": "9"}, "kto": {"updates": UNKNOWN}}, baseline="dpo").lines()
    assert three[1:] == ["- updates: 188 (dpo); 9 (ipo)", "- not known: updates of kto"]


def test_many_rows_and_values_are_counted_and_whole_in_the_values():
    facts = {f"m{i}": {"tuning": "untuned", "tokens seen": str(i)} for i in range(10)} | {"dpo": {"tuning": "3"}}
    fair = fairness_of(facts, baseline="dpo")
    tuning, tokens = fair.lines()[1:]
    assert tuning == "- tuning: 3 (dpo); untuned (m0, m1, m2, m3, m4, m5 and 4 more)"
    assert tokens == "- tokens seen: 0 (m0); 1 (m1); 2 (m2); 3 (m3); 6 further values (6 rows)"
    assert len(fair.differing["tokens seen"]) == 10


def test_a_table_has_a_row_for_every_value_that_differs_or_is_unknown():
    facts = {"dpo": ALIKE, "ipo": ALIKE | {"updates": "94", "epochs": UNKNOWN}}
    assert fairness_of(facts, baseline="dpo").records() == [
        {"quantity": "updates", "value": "188", "rows": "dpo"},
        {"quantity": "updates", "value": "94", "rows": "ipo"},
        {"quantity": "epochs", "value": "unknown", "rows": "ipo"},
    ]
