"""`bench reread`: a real published table, and files with faults."""

from __future__ import annotations

import csv
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from harness import WIDE, bench
from scipy import stats

from benchbench.commands.reread import reread

TABLE = "method,value,sd,k,paper\ndpo,50.0,2.0,5,x\nsimpo,54.0,1.5,5,x\nbase,31.0,,1,x\n"


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row and remark in one line."""
    monkeypatch.setenv("COLUMNS", WIDE)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_the_answer_stands_above_a_table_and_a_sentence_for_each_row(file: Path):
    ended = bench("reread", file)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("Of 2 differences to dpo, 1 holds after Holm at 0.05 (above: simpo); 1 has no interval")
    assert any(line.startswith("simpo against dpo: +4.00 [") for line in lines)
    assert "base against dpo: -19 [n/a]: base has one seed." in lines
    assert "columns not read: paper" in lines


def test_json_has_answer_rows_and_notes(file: Path):
    values = bench("reread", file, "--json", "--baseline", "simpo").json
    assert set(values) == {"answer", "rows", "notes"}
    assert [row["candidate"] for row in values["rows"]] == ["dpo", "base"]
    assert values["rows"][1]["low"] is None and values["rows"][1]["notes"] == ["base has one seed"]
    assert values["rows"][0]["p"] == pytest.approx(
        stats.ttest_ind_from_stats(50, 2, 5, 54, 1.5, 5, equal_var=False).pvalue
    )


def test_notes_count_what_was_assumed_and_left_out(file: Path):
    notes = reread(file, where=["method=dpo", "method=simpo"]).notes
    assert notes[0].endswith("since no ddof is stated (2 of 2 rows)")
    assert notes[1:] == ["1 other rows of the file were not chosen", "columns not read: paper"]
    file.write_text("method,value,k\na,1,3\nb,2,3\n")
    assert reread(file).notes == ["no column of spreads (spread, sd, se or ci95); --columns spread=COLUMN names one"]


def test_faults_are_one_message_and_nothing_is_printed(file: Path):
    file.write_text("method,value,sd,k\na,x,1,3\nb,2,1,0\n")
    ended = bench("reread", file)
    assert (ended.code, ended.out) == (2, "")
    assert "table.csv: 2 problems" in ended.err and "Traceback" not in ended.err
    assert bench("reread", file.with_name("nowhere.csv")).code == 5


@pytest.fixture(scope="module")
def oxrl(shared: Path) -> Path:
    """The tables of arXiv:2603.19335, from its author's repository."""
    path = shared / "reported" / "oxrl_2603.19335.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path


@pytest.mark.shared_data
def test_twenty_variants_of_five_seeds_could_not_have_seen_one_point(oxrl: Path):
    """The paper says that its five seeds have 80 % power from 1.0 points on.

    By its own spreads they have it from 4.46 points, and from 7.50 after correction over its 19 variants, in the row of
    median spread; the median over the rows of either number is 4.46 and 7.80, since rows with few degrees of freedom
    lose more to the correction.
    """
    ended = bench("reread", oxrl, "--where", "table=dpo_variants_1.5b", "--baseline", "DPO", "--json")
    assert ended.code == 0, ended.err
    rows = {row["candidate"]: row for row in ended.json["rows"]}
    assert len(rows) == 19 and {row["family"] for row in rows.values()} == {19}
    middle = rows["RobustDPO"]
    assert (middle["power_80"], middle["power_80_corrected"]) == pytest.approx((4.46, 7.50), abs=0.006)
    assert "(RobustDPO, five seeds), 80 % power begins at a true difference of 4.46" in ended.json["answer"][1]
    assert median(row["power_80"] for row in rows.values()) == pytest.approx(4.46, abs=0.005)
    assert median(row["power_80_corrected"] for row in rows.values()) == pytest.approx(7.80, abs=0.005)
    assert min(row["power_80"] for row in rows.values()) > 3.7, "no variant comes near the 1.0 that is said"
    standing = {name: row["standing"] for name, row in rows.items() if row["standing"] != "not settled"}
    alone = dict.fromkeys(("ORPO", "DPOP", "AlphaPO"), "holds by itself alone")
    assert standing == alone | {"SimPO": "holds"}


@pytest.mark.shared_data
def test_the_p_values_are_the_papers_but_for_the_rounding_of_its_spreads(oxrl: Path):
    with oxrl.open(encoding="utf-8", newline="") as handle:
        notes = {row["method"]: row["note"] for row in csv.DictReader(handle) if row["table"] == "dpo_variants_1.5b"}
    published = {name: float(note.split()[0].removeprefix("p_welch=")) for name, note in notes.items() if "p_" in note}
    rows = bench("reread", oxrl, "--where", "table=dpo_variants_1.5b", "--baseline", "DPO", "--json").json["rows"]
    assert {row["candidate"] for row in rows} == set(published)
    for row in rows:
        assert row["p"] == pytest.approx(published[row["candidate"]], abs=0.004)


@pytest.mark.shared_data
def test_population_sds_become_sample_sds(oxrl: Path):
    """The seeds of DPO at 1.5B: 49.58, 49.43, 48.22; the paper prints 0.61, their population sd."""
    seeds = np.array([49.58, 49.43, 48.22])
    other = np.array([53.90, 55.19, 53.98])
    size = "model=Qwen2.5-1.5B-Instruct"
    line = ("reread", oxrl, "--where", "table=core_8x4", size, "method=DPO", "method=SFT", "--baseline", "DPO")
    (row,) = bench(*line, "--json").json["rows"]
    expected = stats.ttest_ind(other, seeds, equal_var=False)
    assert (row["p"], row["df"]) == pytest.approx((expected.pvalue, expected.df), rel=0.03)


@pytest.mark.shared_data
def test_equal_runs_are_an_unknown_spread(oxrl: Path):
    """At 0.5B five of six methods are said to be equal over three seeds, which is no certainty."""
    size = "model=Qwen2.5-0.5B-Instruct"
    line = ("reread", oxrl, "--where", "table=core_8x4", size, "--baseline", "DPO", "--json")
    rows = bench(*line).json["rows"]
    assert len(rows) == 8 and {row["standing"] for row in rows} == {"no interval"}
    assert all("DPO has a spread of 0, which is an unknown one" in " ".join(row["notes"]) for row in rows)


@pytest.mark.shared_data
def test_several_tables_in_one_file_are_refused_with_the_way_to_choose_one(oxrl: Path):
    ended = bench("reread", oxrl)
    assert ended.code == 2 and len(ended.err.splitlines()) == 2
    assert "choose rows with --where table=VALUE (dpo_variants_1.5b, core_8x4, seeds_1.5b, " in ended.err


@pytest.mark.shared_data
def test_the_columns_of_the_file_are_known_by_their_names(oxrl: Path):
    notes = reread(oxrl, where=["table=dpo_variants_1.5b"], baseline="DPO").notes
    assert notes[0] == "read as value: value_pct; as k: n_seeds; as sd: sd_pct; as ddof: sd_ddof"
