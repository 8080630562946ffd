"""alpaca_eval's leaderboard: means without items, in percent."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchbench import imports
from benchbench.core.errors import BenchError
from benchbench.data.documents import read_document

HEAD = ",win_rate,standard_error,n_wins,n_wins_base,n_draws,n_total,mode,length_controlled_winrate,lc_standard_error\n"


def read(path: Path, *rows: str) -> list:
    (path / "leaderboard.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows))
    document = read_document(path / "leaderboard.csv")
    assert imports.get("alpaca_leaderboard").recognises(document)
    return imports.get("alpaca_leaderboard").read(document)


def test_a_row_is_a_run_in_fractions_and_length_control_has_no_error_of_its_own(tmp_path: Path):
    first, second = read(tmp_path, "a,50.0,1.25,400,400,5,805,community,45.5,0.2", "b,40.0,1.5,1,1,1,805,x,,")
    raw, controlled = first.summaries
    assert (first.model, raw.metric, raw.value, raw.se, raw.n) == ("a", "win_rate", 0.5, 0.0125, 805)
    assert controlled.metric == "length_controlled_winrate" and controlled.value == pytest.approx(0.455)
    assert math.isnan(controlled.se) and "bench alpaca-eval has one" in controlled.note
    assert [summary.metric for summary in second.summaries] == ["win_rate"]


def test_an_error_of_nothing_is_unknown(tmp_path: Path):
    (run,) = read(tmp_path, "a,0.0,0.0,0,805,0,805,x,,")
    assert math.isnan(run.summaries[0].se)


def test_every_faulty_row_is_named_at_once(tmp_path: Path):
    with pytest.raises(BenchError) as refused:
        read(tmp_path, "a,50.0,1,1,1,1,805,x,,", "a,50%,1,1,1,1,805,x,,", ",50.0,1,1,1,1,n,x,,")
    message = str(refused.value)
    assert "4 problems" in message
    assert "row 2: expected every model once, found a in row 1, too" in message
    assert "row 2, win_rate: expected a percentage without a sign, found '50%'" in message
    assert "row 3: expected the model's name in the first column" in message
    assert "row 3, n_total: expected a number of instructions" in message
