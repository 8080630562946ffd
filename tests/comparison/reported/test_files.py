"""Published tables from files: rows and baselines, what is left out, and one message with all faults."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from scipy import stats

from benchbench.comparison.reported.contrasts import read_together
from benchbench.comparison.reported.files import PublishedTable, read_table
from benchbench.core.errors import BenchError, ExitCode

TABLE = """\
method,value,spread,spread_type,k,metric,n,baseline,note
dpo,50.0,2.0,sd,5,acc,100,,first
simpo,54.0,1.5,sd,3,acc,100,,
ipo,51.0,0.9,se,4,acc,200,simpo,
dpo,0.2,0.1,sd,3,kl,,,
simpo,0.9,,none,3,kl,,,
"""


def table(tmp_path: Path, text: str = TABLE, **how: object) -> PublishedTable:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    return read_table(path, **how)


def refused(tmp_path: Path, text: str, **how: object) -> str:
    with pytest.raises(BenchError) as caught:
        table(tmp_path, text, **how)
    return str(caught.value)


def test_rows_are_compared_with_the_first_of_their_metric_or_the_one_that_they_state(tmp_path):
    contrasts = table(tmp_path).contrasts()
    assert [(c.metric, c.candidate, c.baseline, c.seeds) for c in contrasts] == [
        ("acc", "simpo", "dpo", (3, 5)),
        ("acc", "ipo", "simpo", (4, 3)),
        ("kl", "simpo", "dpo", (3, 3)),
    ]
    expected = stats.ttest_ind_from_stats(54, 1.5, 3, 50, 2, 5, equal_var=False)
    assert contrasts[0].interval.p == pytest.approx(expected.pvalue)
    assert contrasts[1].notes == ("other test items (200 and 100), whose sampling is not in the interval",)
    assert math.isnan(contrasts[2].interval.p) and contrasts[2].notes == ("simpo has no spread reported",)
    assert {row.family for row in read_together(contrasts)} == {3}


def test_a_named_baseline_is_that_of_every_row_without_one(tmp_path):
    pairs = [(c.candidate, c.baseline) for c in table(tmp_path, baseline="simpo").contrasts()]
    assert pairs == [("dpo", "simpo"), ("ipo", "simpo"), ("dpo", "simpo")]


def test_what_is_left_out_is_counted_and_named(tmp_path):
    chosen = table(tmp_path, where=["metric=acc"])
    assert (chosen.others, chosen.unread, chosen.has_spreads) == (2, ("note",), True)
    assert not table(tmp_path, "method,value,k\na,1,3\nb,2,3\n").has_spreads


def test_rows_that_were_not_chosen_are_not_looked_at(tmp_path):
    assert len(table(tmp_path, TABLE + "dpo,many,x,y,z,loss,,,\n", where=["metric=acc"]).rows) == 3


def test_quotes_a_byte_order_mark_and_empty_lines_are_read(tmp_path):
    text = '\ufeffmethod,value,sd,k,note\n\n"dpo, beta 0.1",50,2,5,"two\nlines"\nsimpo,54,1,5,\n,,,,\n'
    assert [(row.method, row.line) for row in table(tmp_path, text).rows] == [("dpo, beta 0.1", 3), ("simpo", 5)]


def test_all_faults_are_one_message_with_their_lines(tmp_path):
    text = "method,value,sd,k\ndpo,50,2,5\nsimpo,x,2,5\nipo,51,-1,none\ndpo,49,1,3\n"
    message = refused(tmp_path, text)
    assert "table.csv: 4 problems" in message
    for where in ("line 3, value", "line 4, sd", "line 4, k", "method"):
        assert f"\n  {where}: " in message
    assert "'dpo' stands in lines 2 and 5; give one row for each method" in message


def test_several_tables_in_one_file_are_one_fault_that_names_what_tells_them_apart(tmp_path):
    rows = [f"{size},{method},{value},1,3,x" for size in ("1b", "7b") for method, value in (("dpo", 50), ("ipo", 51))]
    message = refused(tmp_path, "\n".join(["size,method,value,sd,k,paper", *rows, "7b,ipo,52,1,3,x", ""]))
    assert message.endswith(
        "table.csv: 1 problem\n  method: 'dpo' stands in lines 2 and 4, and 1 more stands in several; give one row for "
        "each method, or choose rows with --where size=VALUE (1b and 7b)"
    )


def test_a_column_of_another_name_is_said(tmp_path):
    assert table(tmp_path, "method,value_pct,sd,n_seeds\na,1,1,3\nb,2,1,3\n").other_names == {
        "value": "value_pct",
        "k": "n_seeds",
    }


def test_faults_name_the_columns_of_the_file(tmp_path):
    message = refused(tmp_path, "who,acc,runs\ndpo,x,y\n", columns=["method=who", "value=acc", "k=runs"])
    assert "line 2, acc: expected a number" in message and "line 2, runs: expected the number of seeds" in message


@pytest.mark.parametrize(
    ("text", "how", "said"),
    [
        ("", {}, "expected names of columns in the first line, found an empty file"),
        ("method,value,sd,k\n", {}, "expected rows below the header, found none"),
        ("method,value,sd,k\ndpo,1,2,3\n", {}, "expected a row beside each baseline to compare with it, found none"),
        ("method,value,sd,k,k\ndpo,1,2,3,3\n", {}, "expected distinct columns, found k more than once"),
        ("method,value,sd,k\ndpo,1,2\n", {}, "line 2: expected 4 cells as in the header, found 3"),
        ("method,value,k\na;1;3\n", {}, "found 1; separate them by commas, not by ';'"),
        ("method,value,k\na\t1\t3\n", {}, "found 1; separate them by commas, not by tabs"),
        (TABLE, {"baseline": "dop"}, "expected a method of the table under acc, found 'dop'. Did you mean 'dpo'?"),
        (TABLE.replace(",simpo,\n", ",simp,\n"), {}, "line 4, baseline: expected a method of the table under acc"),
        (TABLE, {"where": ["metric=auc"]}, "expected rows with metric=auc (there: acc, kl); found none"),
        ('method,value,k\n"a,1,3\n', {}, "cannot be read as CSV in UTF-8"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_the_way_out(tmp_path, text, how, said):
    assert said in refused(tmp_path, text, **how)


def test_other_encodings_and_missing_files_are_refused(tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes("method,value,k\nmé,1,3\n".encode("latin-1"))
    with pytest.raises(BenchError, match="UTF-8"):
        read_table(path)
    with pytest.raises(BenchError, match="no such file") as caught:
        read_table(tmp_path / "nowhere.csv")
    assert caught.value.exit_code is ExitCode.UNAVAILABLE


def test_numbers_of_any_size_end_in_numbers_or_a_refusal(tmp_path):
    rows = read_together(table(tmp_path, "method,value,sd,k\na,1e99,1e98,3\nb,-1e99,1e97,3\nc,1,1e-90,3\n").contrasts())
    assert math.isfinite(rows[0].contrast.interval.p) and math.isfinite(rows[0].alone.assured)
    assert math.isnan(rows[1].contrast.interval.p), "a spread of rounding is unknown"
