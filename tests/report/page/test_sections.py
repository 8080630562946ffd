"""Sections: what each shows of a comparison made by hand, and what it says where there is nothing."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest

from benchbench.commands.compare.folder import guard_frames
from benchbench.commands.compare.guarded import GuardReport
from benchbench.comparison.degeneration import Departure, Guarded
from benchbench.report.fairness import fairness_of
from benchbench.report.page import sections
from benchbench.report.page.blocks import Block, CommandLines, PageFigure, PageTable, Paragraph, Remarks
from benchbench.report.page.sections.question import answer, question
from tests.report.page.stored import HEADLINE, LABELS, SEEDS, bare, compared, frames, stored

ORDER = [
    *("question", "main_table", "forest", "win_rates", "training", "accuracy_kl", "rounds", "frontier", "margins"),
    *(
        "calibration",
        "lengths",
        "responses",
        "degeneration",
        "answers",
        "ledger",
        "fairness",
        "settings",
        "audits",
        "claims",
    ),
    *("environment", "commands"),
]


def blocks(name: str, comparison=None) -> list[Block]:
    return list(sections.get(name).blocks(comparison or stored()))


def tables(name: str, comparison=None) -> dict[str, PageTable]:
    return {block.name: block for block in blocks(name, comparison) if isinstance(block, PageTable)}


def texts(name: str, comparison=None) -> str:
    shown = blocks(name, comparison)
    said = [block.text for block in shown if isinstance(block, Paragraph)]
    return " ".join([*said, *(text for block in shown if isinstance(block, Remarks) for text in block.texts)])


def test_sections_stand_in_the_order_of_a_report():
    assert [section.name for section in sections.in_order()] == ORDER
    assert len({section.place for section in sections.in_order()}) == len(ORDER)


@pytest.mark.parametrize("name", sections.names())
def test_a_section_has_its_name_and_always_something_to_say(name: str):
    section = sections.get(name)
    assert section.name == name and section.title
    for comparison in (stored(), bare()):
        shown = section.blocks(comparison)
        assert shown
        captions = [block.caption for block in shown if isinstance(block, PageFigure)]
        assert "{" not in "".join(captions), "a name stands where its value belongs"
        assert all(len(row) == len(block.head) for block in shown if isinstance(block, PageTable) for row in block.body)


@pytest.mark.parametrize(
    ("name", "sentence"),
    {
        "win_rates": "No win rates",
        "training": "No training curves",
        "accuracy_kl": "No KL",
        "frontier": "No frontier",
        "rounds": "No rounds",
        "ledger": "No ledger",
        "calibration": "No calibration",
        "lengths": "No lengths of answers",
        "responses": "No response statistics",
        "degeneration": "not looked for",
        "answers": "No answers",
        "fairness": "nothing differs",
        "audits": "Data: not audited.",
        "claims": "No claims",
        "environment": "No environment",
    }.items(),
)
def test_without_data_a_section_says_so_in_a_sentence(name: str, sentence: str):
    assert sentence in texts(name, bare())


# --- question and answer --------------------------------------------------------------------------------------------


def rows(**changes: dict) -> list:
    headline = [row for row in compared() if (row.metric, row.scoring) == HEADLINE]
    return [dataclasses.replace(row, **changes.get(row.candidate, {})) for row in headline]


def test_the_question_names_rows_metric_setting_seeds_and_pairs():
    assert question(rows(), "tiny") == (
        "Question: Do simpo and sft differ from dpo in pair_accuracy under logp_mean, in the setting tiny, over 3 "
        "seeds and 40 held-out pairs?"
    )
    assert question(rows()[:2], "tiny").startswith("Question: Does simpo differ from dpo")
    assert question(rows()[:1], "tiny").startswith("Question: what pair_accuracy under logp_mean has dpo")


def test_the_answer_says_what_holds_and_what_is_open_with_numbers():
    said = answer(
        rows(
            simpo={"difference": 0.1, "low": 0.05, "high": 0.15, "p_holm": 0.002},
            sft={"difference": -0.02, "low": -0.1, "high": 0.06, "p_holm": 0.4},
        )
    )
    assert said == (
        "Answer: simpo (+0.1000 [+0.0500, +0.1500], p 0.0020) is higher than dpo; for sft (-0.0200 [-0.1000, +0.0600], "
        "p 0.40) the difference is not settled (p corrected over 2 rows by Holm, at 0.05); higher is better."
    )


def test_the_answer_of_one_seed_settles_nothing_and_nan_is_never_a_difference():
    nothing = {"p_holm": math.nan}
    one_seed = {**nothing, "seeds": (42,), "values": (0.5,), "differences": (0.1,)}
    assert "one seed says nothing of a method" in answer(rows(dpo=one_seed, simpo=one_seed, sft=one_seed))
    undefined = {**nothing, "difference": math.nan, "low": math.nan, "high": math.nan}
    assert "n/a" in answer(rows(simpo=undefined, sft=undefined))
    half = answer(rows(simpo=undefined, sft={"difference": -0.2, "low": -0.3, "high": -0.1, "p_holm": 0.01}))
    assert "sft (-0.2000 [-0.3000, -0.1000], p 0.010) is lower than dpo" in half
    assert "for simpo (n/a) the difference is not settled" in half


# --- tables ---------------------------------------------------------------------------------------------------------


def test_the_main_table_is_the_one_that_compare_prints_and_all_metrics_follow():
    shown = tables("main_table")
    headline = shown["pair_accuracy_logp_mean"]
    assert [row[0] for row in headline.body] == LABELS
    assert headline.left_out == [1] and headline.head[1] == "seeds 13, 42, 3407"
    means = {row.candidate: row.mean for row in compared() if (row.metric, row.scoring) == ("auc", "logp_mean")}
    (auc,) = [row for row in shown["all_metrics"].body if row[:2] == ["auc", "logp_mean"]]
    assert auc[3:] == [f"{means[label]:.4f}" for label in LABELS]
    assert shown["pair_accuracy_logp_mean_flagged"].body == [["dpo", "0.5 (n 40)"]]


def test_metrics_that_were_measured_and_not_compared_are_among_all_metrics():
    """Two of three seeds say nothing of the mean over three, and the policy after a round is not the row's."""
    columns = ["recipe_hash", "seed", "metric", "scoring", "unit", "value", "round"]
    brier = [
        (f"hash of {label}", seed, 0.25, "") for label in LABELS[:2] for seed in SEEDS if (label, seed) != ("simpo", 42)
    ]
    lines = [(row, seed, "brier", "implicit", "fraction", value, done) for row, seed, value, done in brier]
    lines += [
        ("hash of dpo", 42, "brier", "implicit", "fraction", 0.9, "1"),
        ("hash of dpo", 42, "auc", "logp_mean", "fraction", 0.9, ""),
    ]
    comparison = stored(recipe_hashes={label: f"hash of {label}" for label in LABELS})
    comparison.frames["measurements"] = pd.DataFrame(lines, columns=columns)
    body = tables("main_table", comparison)["all_metrics"].body
    assert body[-1] == ["brier", "implicit", "fraction", "0.2500", "n/a", "n/a"]
    assert [row[:2] for row in body].count(["auc", "logp_mean"]) == 1


def test_notes_of_win_rates_stand_below_their_table():
    table = tables("win_rates")["win_rates_1"]
    assert (table.title, table.notes) == ("win rate against dpo", ["MDD: distance from one half"])


def test_settings_that_differ_are_marked_and_stand_apart_from_those_that_are_shared():
    shown = tables("settings")
    assert [row[0] for row in shown["settings"].body] == ["method.name"]
    assert shown["settings"].marked == {0}
    assert dict(map(tuple, shown["settings_shared"].body))["preference.learning_rate"] == "2e-4"


def test_a_key_that_only_some_rows_have_differs():
    extra = pd.DataFrame([("simpo", "method.hyper.gamma", "0.5", "")], columns=frames()["settings"].columns)
    comparison = stored()
    changed = {**comparison.frames, "settings": pd.concat([comparison.frames["settings"], extra])}
    (row,) = [
        r
        for r in tables("settings", dataclasses.replace(comparison, frames=changed))["settings"].body
        if "gamma" in r[0]
    ]
    assert row[1:] == ["-", "0.5", "-"]


def test_an_environment_that_differs_names_whose_value_it_is():
    assert "Stages differ in threads." in texts("environment")
    shown = tables("environment")["environment"]
    assert dict(map(tuple, shown.body)) == {"device_name": "one card", "threads": "1 (dpo policy); 2 (sft policy)"}


def test_findings_above_their_level_are_marked():
    assert tables("audits")["audit_data"].marked == {0}
    assert "1 finding is above the level" in texts("audits")
    not_here = {"rows": None, "lines": ["not audited: data are not here"], "verdict": ""}
    assert "Data: not audited: data are not here" in texts("audits", stored(data_audit=not_here))


def test_accuracy_by_length_counts_every_pair_once():
    frame = frames()["pairs"]
    (row,) = [row for row in tables("lengths")["accuracy_by_length"].body if row[0] == "dpo"]
    counts = [int(cell.split("(n ")[1].rstrip(")")) for cell in row[1:]]
    assert sum(counts) == (frame["label"] == "dpo").sum()
    longer = frame[(frame["label"] == "dpo") & (frame["chosen_tokens"] > frame["rejected_tokens"])]
    assert row[1].startswith(f"{(longer['margin_logp_mean'] > 0).mean():.4f}")


def test_calibration_is_of_rows_with_a_probability_of_their_own():
    probability = frames()["pairs"].query("label == 'dpo'")["probability"]
    (row,) = tables("calibration")["calibration"].body
    assert row[0] == "dpo" and row[1] == f"{((1 - probability) ** 2).mean():.4f}" and row[3] == str(len(probability))
    assert "Without a probability of their own: simpo, sft." in texts("calibration")


def test_the_frontier_and_the_ledger_are_the_tables_that_compare_prints():
    assert list(tables("frontier")) == ["frontier_1", "frontier_2"]
    assert tables("frontier")["frontier_2"].body == [["dpo", "0.6"]]
    assert tables("rounds")["rounds"].body == [["dpo@iterative", "1"]]
    assert tables("ledger")["ledger"].body == [["dpo", "3,000"]]


def test_fairness_and_degeneration_are_those_of_the_comparison():
    facts = {"dpo": {"updates": "2"}, "simpo": {"updates": "3"}, "sft": {}}
    gone = Departure("KL", "nats", 6.4, -math.inf, 1.1, 3, 3)
    guard = GuardReport("sft", {"simpo": Guarded((gone,), ("endings",))}, ("simpo",))
    frames_of_both = guard_frames(fairness_of(facts, baseline="dpo"), guard)
    comparison = stored(unmeasured=guard.lines())
    both = dataclasses.replace(comparison, frames={**comparison.frames, **frames_of_both})
    assert tables("fairness", both)["fairness"].body == [["updates", "2", "dpo"], ["updates", "3", "simpo"]]
    assert tables("degeneration", both)["degeneration"].body == [["simpo", gone.text, "yes"]]
    assert "endings" in texts("degeneration", both)
    nobody = guard_frames(fairness_of(facts, baseline="dpo"), GuardReport("sft", {"simpo": Guarded((), ())}, ()))
    assert "No row" in texts("degeneration", dataclasses.replace(comparison, frames={**comparison.frames, **nobody}))
    assert "degeneration" not in guard_frames(fairness_of(facts, baseline="dpo"), GuardReport("", {}, ()))


def test_every_line_has_a_command_and_so_has_the_page():
    (block,) = blocks("commands")
    assert isinstance(block, CommandLines)
    assert ("all rows and tables", "bench compare dpo simpo") in block.lines
    assert block.lines[-1] == ("this page", "bench report dpo-simpo-sft-0badcafe")


def test_figures_are_there_for_all_that_there_is_data_of():
    names = [
        block.name
        for section in sections.in_order()
        for block in section.blocks(stored())
        if isinstance(block, PageFigure)
    ]
    assert names == [
        "forest_pair_accuracy_logp_mean",
        "win_rates",
        "training_preference",
        "accuracy_kl",
        "win_rate_kl",
        "frontier_win_rate",
        "margins",
        "calibration",
        "lengths",
    ]
    assert len(SEEDS) == 3
