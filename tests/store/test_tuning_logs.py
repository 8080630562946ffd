"""The log of what was tried."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError
from benchbench.store.tuning_logs import LAST, read_tuning_log, update_tuning_log


def row(method: str, setting: str = "tiny", **values: object) -> dict[str, object]:
    return {"setting": setting, "method": method, **values, **dict.fromkeys(LAST, "x")}


def test_rows_of_a_grid_are_replaced_together_and_others_stay_as_they_are(tmp_path: Path):
    path = tmp_path / "log.csv"
    update_tuning_log(
        path, [row("dpo", **{"b.rate": 2e-4}), row("dpo", **{"b.rate": 5e-4}), row("ipo", **{"seed 0": 0.1})]
    )
    update_tuning_log(path, [row("dpo", **{"a.beta": 3, "seed 10": 0.25, "seed 2": math.nan}), row("dpo", "micro")])
    text = path.read_text(encoding="utf-8").splitlines()
    assert text[0] == "setting,method,a.beta,seed 0,seed 10," + ",".join(LAST)
    assert text[1:] == [
        "micro,dpo,,,," + ",".join("x" for _ in LAST),
        "tiny,dpo,3,,0.25," + ",".join("x" for _ in LAST),
        "tiny,ipo,,0.1,," + ",".join("x" for _ in LAST),
    ]
    assert [r["method"] for r in read_tuning_log(path)] == ["dpo", "dpo", "ipo"]


def test_numbers_are_read_back_exactly(tmp_path: Path):
    update_tuning_log(tmp_path / "log.csv", [row("dpo", **{"seed 0": 0.1 + 0.2})])
    assert float(read_tuning_log(tmp_path / "log.csv")[0]["seed 0"]) == 0.1 + 0.2


def test_no_file_has_no_rows_and_another_file_is_refused(tmp_path: Path):
    assert read_tuning_log(tmp_path / "none.csv") == []
    (tmp_path / "other.csv").write_text("setting,method\ntiny,dpo\n", encoding="utf-8")
    with pytest.raises(BenchError, match="found no column mean, below_best"):
        read_tuning_log(tmp_path / "other.csv")
