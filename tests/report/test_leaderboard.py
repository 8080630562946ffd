"""The leaderboard in words, on a terminal, as a page, and back from its file."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from harness import ROOT

from benchbench.report.leaderboard import BoardRow, answer, document, layout
from benchbench.report.status import STATUS_NOTES
from benchbench.report.terminal import table_lines
from benchbench.store.leaderboards import read_leaderboard

NAN = math.nan


def row(method: str = "dpo", **changes: object) -> BoardRow:
    """The baseline's row, or another."""
    baseline = BoardRow(
        rank=2.0,
        method=method,
        baseline="dpo",
        form="",
        values={"42": 0.75, "13": 0.74},
        mean=0.745,
        difference=NAN,
        low=NAN,
        high=NAN,
        p=NAN,
        p_holm=NAN,
        mdd=NAN,
        mdd_family=NAN,
        rank_low=1.0,
        rank_high=3.0,
        p_best=0.25,
        win_rate=0.5,
        win_rate_low=0.4,
        win_rate_high=0.6,
        response_tokens=12.25,
        degenerated="",
        marks="",
        learning_rate=2e-4,
        metric="pair_accuracy",
        scoring="logp_mean",
        pairs=1000,
        prompts=900,
    )
    return replace(baseline, **changes)


def other(method: str, difference: float, p_holm: float, **changes: object) -> BoardRow:
    bounds = {"low": difference - 0.01, "high": difference + 0.01, "p": p_holm / 10, "p_holm": p_holm}
    return row(method, difference=difference, mdd=0.02, mdd_family=0.08, **bounds, **changes)


ROWS = [
    other("simpo", 0.03, 0.001, rank=1.0),
    row(),
    other("ipo", 0.001, 1.0),
    other("kto", -0.04, 0.02, form="form unverified", degenerated="truncated 30%", marks="own training data"),
    other("sft", -0.2, 0.0001, rank=5.0),
]


def test_the_answer_counts_rows_above_and_below_and_leaves_out_where_they_started():
    first, second = answer(ROWS)
    assert first == (
        "Of 3 recipes, 2 differ from dpo in pair_accuracy under logp_mean after Holm at 0.05 (2 seeds (42, 13), 1000 "
        "pairs of 900 prompts): 1 above it (simpo), 1 below it (kto); 1 cannot be told apart from it."
    )
    assert "of 0.020 by a test of its own, one of 0.080 by that test at Holm's strictest step" in second


def test_a_row_without_numbers_is_neither_the_baseline_nor_told_apart():
    broken = row("ipo", rank=1.0, mean=NAN, values={"42": NAN, "13": 0.7})
    rows = [broken, *(r for r in ROWS if r.method != "ipo")]
    first, *_, last = answer(rows)
    assert first.startswith("Of 3 recipes, 2 differ from dpo in") and "; 0 cannot be told apart from it." in first
    assert last == "1 recipe has scores that are no finite numbers (ipo)."
    shown = {cells[0]: cells[3] for cells in layout(rows).body}
    assert (shown["ipo"], shown["dpo"]) == ("n/a", "baseline")
    assert layout(rows).title == "leaderboard, baseline dpo"


def test_what_no_difference_of_rates_reaches_is_said_to_be_beyond():
    rows = [row(), other("ipo", 0.001, 1.0), other("cpo", 0.001, 1.0)]
    rows = [rows[0], *(replace(r, mdd_family=math.inf) for r in rows[1:])]
    assert "one of >1 by that test at Holm's strictest step" in answer(rows)[1]


def test_one_seed_answers_nothing():
    rows = [replace(r, values={"42": 0.7}, p_holm=NAN) for r in ROWS]
    assert answer(rows) == [
        "One seed (42) cannot say which of 3 recipes differ from dpo in pair_accuracy under logp_mean."
    ]


def test_a_terminal_of_80_columns_holds_95_rows_of_one_line_each():
    names = [f"a_name_of_18_cha{i:02d}" for i in range(95)]
    worst = {
        "rank": 94.5,
        "rank_low": 88.0,
        "rank_high": 95.0,
        "form": "twin, form unverified",
        "degenerated": "x",
        "marks": "x",
    }
    rows = [row(), *(other(name, -0.123, 1.0, **worst) for name in names)]
    shown = layout(rows)
    lines = table_lines(shown.head, shown.body, width=80, right=shown.numeric)
    assert max(map(len, lines)) <= 80
    for name in names:
        (line,) = [line for line in lines if name in line]
        assert "-0.123 [-0.133,-0.113]" in line and line.rstrip().endswith("tu!*"), line


def test_the_page_says_what_a_reader_must_know():
    page = document(ROWS, setting="tiny", notice="toy setting")
    assert page.startswith("# Leaderboard of `tiny`\n\n*toy setting*\n\nOf 3 recipes")
    assert "| kto (form unverified) |" in page and "| truncated 30% | own training data |" in page
    assert "| -0.040 [-0.050, -0.030] | 0.0200 | 0.020 |" in page
    assert page.endswith(f"|\n\n- {STATUS_NOTES['form unverified']}\n"), "a footnote for each mark with one"


@pytest.mark.parametrize("place", range(len(ROWS)))
def test_a_row_is_read_back_from_texts(place: int):
    record = ROWS[place].as_record()
    assert record["seed 42"] == 0.75
    texts = {k: "" if isinstance(v, float) and math.isnan(v) else str(v) for k, v in record.items()}
    read = BoardRow.from_texts(texts)
    assert repr(read) == repr(ROWS[place])
    assert document([row(), read], setting="a", notice="") == document([row(), ROWS[place]], setting="a", notice="")


def test_a_file_of_other_columns_is_refused():
    with pytest.raises(ValueError, match="found no baseline, difference, form"):
        BoardRow.from_texts({"degenerated": "", "rank": "1"})


def test_the_committed_page_says_what_its_table_says():
    folder = ROOT / "results" / "leaderboard"
    rows = [BoardRow.from_texts(record) for record in read_leaderboard(folder / "tiny.csv")]
    page = (folder / "tiny.md").read_text(encoding="utf-8").splitlines()
    expected = document(rows, setting="tiny", notice="toy setting, no evidence about language models").splitlines()
    assert len(rows) > 100 and [line for line in expected if line not in page] == [], "all but the remarks is in both"
    assert [line for line in page if line not in expected and not line.startswith(">")] == []
