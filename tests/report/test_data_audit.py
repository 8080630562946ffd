"""Findings as rows and lines: nothing about no example in the table, everything in the file."""

from __future__ import annotations

from dataclasses import replace

from benchbench.data.finding import Bounds, finding
from benchbench.report.data_audit import finding_lines, finding_records, finding_rows

TIES = finding("tied_scores", "train", [f"e{at}" for at in range(8)], 20, detail="of three raters")
BIAS = replace(finding("length_bias", "test", map(str, range(60)), 100), interval=Bounds(0.5, 0.69))
CLEAN = finding("doubled_bos", "train", [], 20)
PROMPTS = finding("repeated_prompts", "train", ["e1"], 20)


def test_the_table_has_what_was_counted_with_what_passes():
    rows = finding_rows([TIES, BIAS, CLEAN, PROMPTS])
    assert [row["check"] for row in rows] == ["tied_scores", "length_bias", "repeated_prompts"]
    assert rows[0] | {"check": ""} == {
        "check": "",
        "where": "train",
        "examples": "8 of 20",
        "share": "40.0%",
        "passes": "to 25.0%",
        "verdict": "ABOVE",
    }
    assert (rows[1]["share"], rows[1]["passes"]) == ("60.0% [50.0%, 69.0%]", "25% to 75%")
    assert (rows[2]["passes"], rows[2]["verdict"]) == ("any", "ok")


def test_lines_name_examples_and_what_to_do_and_what_is_clean():
    lines = finding_lines([TIES, CLEAN])
    assert all(len(line) <= 80 for line in lines)
    text = " ".join(" ".join(lines).split())
    assert "tied_scores: examples whose best rating belongs to several candidates. What to do:" in text
    assert "train, 8 of 20: e0, e1, e2, e3, e4, ... (of three raters)" in text
    assert text.endswith("no example of: doubled_bos")


def test_the_file_has_every_finding():
    records = finding_records([TIES, BIAS, CLEAN])
    assert [each["above"] for each in records] == [True, False, False]
    assert records[1]["interval"] == [0.5, 0.69] and records[0]["interval"] is None
    assert all(each["meaning"] and each["advice"] for each in records)
