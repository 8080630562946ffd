"""`bench alpaca-eval`: real annotations to their published rows, beside the package itself, and refusals."""

from __future__ import annotations

import functools
import gzip
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from harness import bench


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of one line each."""
    monkeypatch.setenv("COLUMNS", "400")


JUDGE = "weighted_alpaca_eval_gpt4_turbo"
PUBLISHED = ("win_rate", "standard_error", "n_wins", "n_wins_base", "n_draws", "n_total", "discrete_win_rate")
MODELS = ("alpaca-7b", "FuseChat-Gemma-2-9B-Instruct")
READ = (*MODELS, "vicuna-7b-v1.5", "phi-2")
"""Models whose real annotations are read; those of all would fill memory."""
PACKAGE = """
import json, sys
import pandas as pd
from alpaca_eval.metrics import glm_winrate
glm_winrate.hf_hub_download = lambda **unused: sys.argv[1]
for file in sys.argv[2:]:
    rows = pd.DataFrame(json.load(open(file)))
    found = glm_winrate.get_length_controlled_winrate(rows, save_weights_dir=None)
    print(json.dumps({name: float(value) for name, value in found.items()}))
"""
"""What the package makes of a df_gamed.csv and files of annotations, in a line for each of them."""


@functools.cache
def _rows_by_model(path: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {model: [] for model in READ}
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        for line in handle:
            row = json.loads(line)
            for one in row["candidates"]:
                if one["model"] in found:
                    found[one["model"]].append(
                        {
                            "instruction": row["prompt"][0]["content"],
                            "output_1": row["reference"]["text"],
                            "generator_1": row["reference"]["model"],
                            "output_2": one["text"],
                            "generator_2": one["model"],
                            "annotator": row["judge"],
                            "preference": None if one["score"] is None else 1 + one["score"],
                        }
                    )
    return found


def rows_of(shared: Path, model: str) -> list[dict[str, Any]]:
    """The annotations of one model as `alpaca_eval` writes them, with real texts."""
    return [*_rows_by_model(shared / "alpaca_eval" / f"candidates.{JUDGE}.jsonl.gz")[model]]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def calibration(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reconstructed calibration in the columns of df_gamed.csv."""
    table = pd.read_csv(shared / "alpaca_eval" / "lc_calibration_reconstructed.csv")
    parts = [
        pd.DataFrame(
            {
                "model": f"gpt4_1106_preview_{name}",
                "index": table["index"],
                "preference": table[f"gamed_{name}_p_est"],
                "std_delta_len": np.arctanh(table[f"gamed_{name}_tanh_len"]),
                "instruction_difficulty": table["instruction_difficulty_est"],
                "not_gamed_baseline": False,
            }
        )
        for name in ("concise", "verbose")
    ]
    path = tmp_path_factory.mktemp("calibration") / "df_gamed.csv"
    pd.concat(parts).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def annotations(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of each model's."""
    folder = tmp_path_factory.mktemp("annotations")
    return {model: write(folder / f"{model}.json", rows_of(shared, model)) for model in MODELS}


@pytest.fixture(scope="module")
def own_row(annotations: dict[str, Path], calibration: Path) -> Callable[[str], Any]:
    """What the command makes of one model's file."""

    @functools.cache
    def row(model: str) -> Any:
        ended = bench("alpaca-eval", annotations[model], "--calibration", calibration, "--json")
        assert ended.code == 0, ended.err
        (row,) = ended.json  # type: ignore[misc]
        return row

    return row


@pytest.fixture(scope="module")
def package_rows(annotations: dict[str, Path], calibration: Path) -> dict[str, Any]:
    """What the package makes of each file, in one process, since it takes seconds to import."""
    line = [sys.executable, "-W", "ignore", "-c", PACKAGE, calibration, *annotations.values()]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = done.stdout.splitlines()[-len(annotations) :]
    return dict(zip(annotations, map(json.loads, found), strict=True))


@pytest.mark.shared_data
@pytest.mark.parametrize("model", MODELS)
def test_real_annotations_give_the_published_row(shared: Path, own_row: Callable[[str], Any], model: str):
    row = own_row(model)
    published = pd.read_csv(shared / "alpaca_eval" / f"leaderboard.{JUDGE}.csv").set_index("model").loc[model]
    for name in PUBLISHED:
        assert row[name] == pytest.approx(published[name], rel=0, abs=1e-9), name
    assert row["avg_length"] == published["avg_length"]
    assert row["length_controlled_winrate"] == pytest.approx(published["length_controlled_winrate"], abs=1)
    assert row["lc_low"] < row["length_controlled_winrate"] < row["lc_high"]
    assert row["lc_high"] - row["lc_low"] > 2 * 1.96 * row["lc_standard_error"], "the published error is too small"
    assert (row["model"], row["baseline"], row["annotator"]) == (model, "gpt4_1106_preview", JUDGE)


@pytest.mark.shared_data
@pytest.mark.skipif(importlib.util.find_spec("alpaca_eval") is None, reason="no alpaca-eval")
@pytest.mark.parametrize("model", MODELS)
def test_the_package_s_own_length_control_is_equal(
    own_row: Callable[[str], Any], package_rows: dict[str, Any], model: str
):
    row, theirs = own_row(model), package_rows[model]
    for name in PUBLISHED:
        assert row[name] == pytest.approx(theirs[name], rel=0, abs=1e-9), name
    for name in ("length_controlled_winrate", "lc_standard_error"):
        assert row[name] == pytest.approx(theirs[name], rel=0, abs=1e-6), name


@pytest.mark.shared_data
def test_rows_that_are_missing_or_re_ordered_have_no_alpaca_eval_length_control(
    shared: Path, calibration: Path, tmp_path: Path
):
    """Both reasons in one message, and nothing else lost: every file has its raw row, the sound one all of it."""
    whole = rows_of(shared, "vicuna-7b-v1.5")
    swapped = [*whole[:5], whole[6], whole[5], *whole[7:]]
    files = [
        write(tmp_path / "short.json", rows_of(shared, "phi-2")),
        write(tmp_path / "whole.json", whole),
        write(tmp_path / "swapped.json", swapped),
    ]
    ended = bench("alpaca-eval", *files, "--calibration", calibration, "--json")
    assert ended.code == 2
    assert "alpaca-eval: 2 problems" in ended.err
    assert "short.json, phi-2: length_controlled_winrate: expected all 805 instructions" in ended.err
    assert "2 of them are missing" in ended.err
    assert "re-ordered (from row 5 on)" in ended.err
    short, sound, re_ordered = ended.json  # type: ignore[misc]
    assert [row["model"] for row in (short, sound, re_ordered)] == ["phi-2", "vicuna-7b-v1.5", "vicuna-7b-v1.5"]
    assert sound["lc_low"] < sound["length_controlled_winrate"] < sound["lc_high"]
    assert sound["note"] == ""
    for row, reason in ((short, "2 of them are missing"), (re_ordered, "re-ordered (from row 5 on)")):
        assert [row[name] for name in ("length_controlled_winrate", "lc_standard_error", "lc_low")] == [None] * 3
        assert row["note"].startswith("length_controlled_winrate: expected all 805 instructions")
        assert reason in row["note"]
        assert row["equal_length_low"] < row["equal_length_win_rate"] < row["equal_length_high"]
    plain = bench("alpaca-eval", *files, "--calibration", calibration)
    assert (plain.code, plain.err) == (2, ended.err)
    lines = [line for line in plain.out.splitlines() if line.startswith(("phi-2 ", "vicuna-7b-v1.5 "))]
    assert [" n/a " in line for line in lines] == [True, False, True]
    assert "re-ordered (from row 5 on)" in lines[2]
    without = bench("alpaca-eval", *files, "--json")
    assert without.code == 0
    assert all(row["length_controlled_winrate"] is None for row in without.json)  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def sound_calibration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of two gamed baselines that are none."""
    path = tmp_path_factory.mktemp("sound") / "df_gamed.csv"
    concise, verbose = gamed(std_delta_len=0.7, preference=0.3), gamed(model="b", std_delta_len=-0.7, preference=0.6)
    pd.concat([concise, verbose]).to_csv(path, index=False)
    return path


def test_the_baseline_s_own_row_is_one_half_by_construction(tmp_path: Path, sound_calibration: Path):
    """As by the package, which neither fits nor looks at the order; other files are not touched."""
    own = [annotation(n, generator_2="base", output_2="a" * (3 + n % 7), preference=1.5) for n in range(40)]
    path = write(tmp_path / "own.json", own)
    ended = bench("alpaca-eval", path, "--calibration", sound_calibration, "--json")
    assert (ended.code, ended.err) == (0, "")
    (row,) = ended.json  # type: ignore[misc]
    assert (row["win_rate"], row["length_controlled_winrate"], row["lc_standard_error"]) == (50, 50, 0)
    assert (row["lc_low"], row["lc_high"]) == (None, None)
    assert "length_controlled_winrate: 50 by construction, since model and baseline are the same" in row["note"]
    plain = bench("alpaca-eval", path, "--calibration", sound_calibration)
    assert "50.00 [n/a]" in plain.out


def test_a_model_without_verdicts_keeps_its_row(tmp_path: Path, sound_calibration: Path):
    path = write(tmp_path / "mine.json", [annotation(n, preference=None) for n in range(10)])
    ended = bench("alpaca-eval", path, "--calibration", sound_calibration)
    assert ended.code == 2
    line = next(line for line in ended.out.splitlines() if re.match(r"model  base\s", line))
    assert "nan" not in line
    assert re.split(r" {2,}", line)[:6] == ["model", "base", *["n/a"] * 4]


@pytest.mark.shared_data
def test_notes_name_the_column_they_are_of(shared: Path, calibration: Path, tmp_path: Path):
    lost = [row | {"preference": 1.0} for row in rows_of(shared, "vicuna-7b-v1.5")]
    ended = bench("alpaca-eval", write(tmp_path / "lost.json", lost), "--calibration", calibration, "--json")
    assert ended.code == 0, ended.err
    (row,) = ended.json  # type: ignore[misc]
    assert row["length_controlled_winrate"] < 0.01
    assert (row["lc_low"], row["lc_high"]) == (None, None)
    assert row["note"] == (
        "length_controlled_winrate: every contest was lost: no spread to measure, no interval; "
        "at equal length: every contest was lost: no length-controlled win rate"
    )


def annotation(number: int, **changes: Any) -> dict[str, Any]:
    """A row of no official instruction."""
    row = {
        "instruction": f"instruction {number}",
        "output_1": "a" * (3 + number % 7),
        "output_2": "b" * (3 + number % 5),
        "generator_1": "base",
        "generator_2": "model",
        "preference": (1.0, 2.0, 1.5, 1.3)[number % 4],
    }
    return row | changes


def test_any_prompt_set_has_a_raw_row_and_our_length_control(tmp_path: Path):
    rows = [annotation(n) for n in range(40)] + [annotation(n, generator_2="other", preference=0) for n in range(40)]
    ended = bench("alpaca-eval", write(tmp_path / "mine.json", rows))
    assert ended.code == 0, ended.err
    lines = [line for line in ended.out.splitlines() if line.startswith(("model  ", "other  "))][1:]
    assert len(lines) == 2
    assert "10/10/20" in lines[0] and "47.50" not in lines[0]
    assert "0/40/0" in lines[1] and "50.00" in lines[1]
    assert "needs --calibration df_gamed.csv" in lines[0]


def test_a_judge_that_failed_is_left_out_and_counted(tmp_path: Path):
    rows = [annotation(n) for n in range(40)] + [annotation(40, preference=None)]
    (row,) = bench("alpaca-eval", write(tmp_path / "mine.json", rows), "--json").json  # type: ignore[misc]
    assert row["n_total"] == 40


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "expected annotations, found no rows"),
        ([annotation(1, preference=0.5)], "row 1: preference: expected 0 (draw), a number from 1"),
        ([annotation(1, preference="2")], "found '2'"),
        ([{"instruction": "x"}], "found none under output_1, output_2, generator_1, generator_2"),
        ([annotation(1), annotation(2), annotation(1)], "row 3: repeats the instruction of row 1"),
        (
            [annotation(1, instruction="x \ud83d y")],
            r"expected Unicode text, found half of a surrogate pair ('\ud83d')",
        ),
        (
            [annotation(1, generator_2="\udc00")],
            r"row 1: generator_2: expected Unicode text, found half of a surrogate pair",
        ),
        (
            [annotation(1, annotator="\udc00")],
            r"row 1: annotator: expected Unicode text, found half of a surrogate pair",
        ),
        ([annotation(1), annotation(2, preference=10**400)], "row 2: preference: expected 0 (draw), a number from 1"),
        ([annotation(1, preference=float("inf"))], "found inf"),
        ([annotation(1, preference=True)], "found True"),
    ],
)
def test_rows_that_are_no_annotations_are_refused(tmp_path: Path, rows: list[dict[str, Any]], told: str):
    ended = bench("alpaca-eval", write(tmp_path / "mine.json", rows))
    assert ended.code == 2
    assert told in ended.err
    assert "Traceback" not in ended.err
    assert len(ended.err) < 1000


def test_an_output_with_half_a_character_is_measured_all_the_same(tmp_path: Path):
    rows = [annotation(n, output_2="b" * (n % 5) + "\ud83d") for n in range(40)]
    assert bench("alpaca-eval", write(tmp_path / "mine.json", rows)).code == 0


def gamed(**changes: Any) -> pd.DataFrame:
    columns = {
        "model": "a",
        "index": range(805),
        "preference": 0.5,
        "std_delta_len": 1.0,
        "instruction_difficulty": 0.0,
    }
    return pd.DataFrame(columns | changes)


@pytest.mark.parametrize(
    ("table", "code", "told"),
    [
        (None, 5, "hf download tatsu-lab/alpaca_eval df_gamed.csv --repo-type dataset"),
        (gamed().drop(columns="std_delta_len"), 2, "found none named std_delta_len"),
        (gamed().iloc[1:], 2, "model a: expected every index from 0 to 804 once, found 804 rows"),
        (gamed().iloc[:0], 2, "expected every index from 0 to 804 once for each gamed baseline, found no rows"),
        (gamed(model=None), 2, "model: expected the gamed baseline's name in every row, found none in row 1 (805 rows"),
        (pd.concat([gamed(), gamed(model=None).head(1)]), 2, "found none in row 806 (1 row in all)"),
        (gamed(instruction_difficulty="hard"), 2, "instruction_difficulty: expected finite numbers, found hard"),
        (gamed(std_delta_len=None), 2, "std_delta_len: expected numbers, found nothing in row 1 (805 rows in all)"),
        (gamed(preference=1.25), 2, "preference: expected numbers in [0, 1], how far the gamed baseline wins"),
        (gamed(preference=1.25), 2, "found 1.25 in row 1 (805 rows in all); those of annotations.json are 1 too high"),
        (gamed(preference="even"), 2, "found even in row 1"),
        (pd.concat([gamed(), gamed(model="b", instruction_difficulty=0.1)]), 2, "index 0 has 0.0 and 0.1 (805 in all)"),
    ],
)
def test_a_calibration_that_is_none_is_refused(tmp_path: Path, table: pd.DataFrame | None, code: int, told: str):
    if table is not None:
        table.to_csv(tmp_path / "df_gamed.csv", index=False)
    file = write(tmp_path / "mine.json", [annotation(1)])
    ended = bench("alpaca-eval", file, "--calibration", tmp_path / "df_gamed.csv")
    assert ended.code == code
    assert told in ended.err
    assert "Traceback" not in ended.err


def test_a_gamed_baseline_that_the_judge_failed_on_is_no_fault(tmp_path: Path):
    preference = [None, *[0.5] * 804]
    gamed(preference=preference, std_delta_len=float("inf")).to_csv(tmp_path / "df_gamed.csv", index=False)
    file = write(tmp_path / "mine.json", [annotation(n, generator_2="base") for n in range(5)])
    ended = bench("alpaca-eval", file, "--calibration", tmp_path / "df_gamed.csv")
    assert ended.code == 0, ended.err


@pytest.mark.shared_data
def test_the_official_order_is_that_of_the_published_prompts(shared: Path):
    from benchbench.comparison.alpaca_eval.files import UNKNOWN, official_places

    texts = [row["instruction"] for row in rows_of(shared, "alpaca-7b")]
    assert official_places(texts) == list(range(805))
    assert official_places(["something else", texts[7]]) == [UNKNOWN, 7]
