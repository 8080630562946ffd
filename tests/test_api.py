"""The Python interface gives what the command line writes, and importing it costs nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, ROOT, Finished, bench, finish, generate_section

import benchbench
from benchbench.core.errors import BenchError

HEAVY = ("torch", "pandas", "numpy", "typer", "pydantic", "benchbench.api")


@pytest.fixture(scope="module")
def compared(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> benchbench.Results:
    """Two of the shared comparison's methods over two of its seeds; every stage is finished already."""
    return benchbench.compare(
        *("dpo", "simpo"),
        setting=MICRO,
        seeds=(1, 2),
        runs=finished.runs,
        results=tmp_path_factory.mktemp("api"),
        progress=False,
    )


def test_comparisons_are_those_of_the_command_line(compared: benchbench.Results, finished: Finished, tmp_path: Path):
    line = ("compare", "dpo", "simpo", "--setting", MICRO, "--seeds", 1, 2)
    assert bench(*line, "--runs", finished.runs, "--results", tmp_path).code == 0
    for table in ("comparisons", "measurements"):
        written = (tmp_path / "micro" / f"{table}.csv").read_bytes()
        assert (compared.folder / f"{table}.csv").read_bytes() == written
    frame = compared.comparisons
    assert list(frame["candidate"][:3]) == ["dpo", "simpo", "sft"]
    row = frame[
        (frame["candidate"] == "simpo") & (frame["metric"] == "pair_accuracy") & (frame["scoring"] == "logp_mean")
    ]
    assert row["k"].item() == 2 and len(row["values"].item()) == 2
    assert row["mean"].item() == pytest.approx(sum(row["values"].item()) / 2)
    assert row["low"].item() <= row["difference"].item() <= row["high"].item()


def test_an_equal_comparison_is_read_back(compared: benchbench.Results, finished: Finished, monkeypatch):
    """Nothing is compared again, and what is returned is the same."""
    from benchbench.commands.compare import compared as made

    def refuse(*_: object) -> None:
        raise AssertionError("compared anew")

    monkeypatch.setattr(made, "compare_finished", refuse)
    again = benchbench.compare(
        *("dpo", "simpo"),
        setting=MICRO,
        seeds=(1, 2),
        runs=finished.runs,
        results=compared.folder.parent,
        progress=False,
    )
    for table in ("measurements", "comparisons", "flagged", "win_rates", "win_rate_intervals", "responses"):
        pd.testing.assert_frame_equal(getattr(again, table), getattr(compared, table))


def test_only_the_rows_of_this_comparison_are_given(compared: benchbench.Results, finished: Finished):
    """Tables keep what was compared before; the call gives its own rows, and `load_results` all of them."""
    again = benchbench.compare(
        *("ipo@sum", "dpo"),
        setting=MICRO,
        seeds=[3],
        runs=finished.runs,
        results=compared.folder.parent,
        progress=False,
    )
    assert set(again.comparisons["candidate"]) == {"ipo@sum", "dpo", "sft"}
    assert set(again.comparisons["seeds"]) == {"3"} and set(again.measurements["seed"]) == {3}
    every = benchbench.load_results("micro", results=compared.folder.parent)
    assert len(every.comparisons) == len(again.comparisons) + len(compared.comparisons)
    assert set(every.measurements["method"]) == {"dpo", "simpo", "sft", "ipo"}
    assert set(every.measurements["seed"]) == {1, 2, 3}


def test_win_rates_and_responses_are_those_of_this_comparison(tmp_path: Path):
    """Answers to other prompts stand in the same files, and stay there."""
    setting = tmp_path / "drawn.yaml"
    judge = "judge: {name: gold, against: [chosen]}\n"
    setting.write_text(MICRO.read_text(encoding="utf-8") + generate_section(prompts=4, tokens=4) + judge)
    folders = {"runs": tmp_path / "runs", "results": tmp_path / "results"}
    for prompts in (4, 3):
        sets = [] if prompts == 4 else [f"generate.num_prompts={prompts}"]
        assert set(finish(["dpo"], runs=folders["runs"], setting=setting, sets=sets).values()) == {"done"}
    few = benchbench.compare(
        "dpo", setting=setting, seeds=[1], overrides={"generate.num_prompts": 3}, **folders, progress=False
    )
    many = benchbench.compare("dpo", setting=setting, seeds=[1], **folders, progress=False)
    for results, prompts in ((few, 3), (many, 4)):
        raw = results.win_rates[results.win_rates["metric"] == "win_rate"]
        assert list(raw["method"]) == ["dpo", "sft"] and set(raw["n"]) == {prompts}
        assert set(results.win_rate_intervals["opponent"]) == {"chosen"}
        assert set(results.responses["method"]) == {"dpo", "sft"}
    every = benchbench.load_results("micro", results=folders["results"])
    assert len(every.win_rates) == len(few.win_rates) + len(many.win_rates)
    assert len(every.responses) == len(few.responses) + len(many.responses)


def test_overrides_are_those_of_the_command_line(tmp_path: Path):
    with pytest.raises(BenchError, match="lerning_rate: unknown key; did you mean 'learning_rate'"):
        benchbench.compare("dpo", "simpo", overrides={"preference.lerning_rate": 5e-7}, runs=tmp_path, results=tmp_path)


def test_what_the_command_line_refuses_is_refused(tmp_path: Path):
    with pytest.raises(BenchError, match="named twice"):
        benchbench.compare("dpo", "dpo", setting=MICRO, runs=tmp_path, results=tmp_path)


def test_results_that_are_not_there_are_named(tmp_path: Path):
    with pytest.raises(BenchError, match=r"tiny: expected the tables of a comparison, found none; run `bench compare"):
        benchbench.load_results(results=tmp_path)


def test_the_committed_reference_loads():
    reference = benchbench.load_results("reference/tiny", results=ROOT / "results")
    assert pd.api.types.is_float_dtype(reference.measurements["value"])
    assert set(reference.win_rates["opponent"]) == {"chosen", "dpo"}
    assert reference.responses.empty


def test_importing_the_package_imports_nothing():
    code = (
        "import sys, benchbench; assert 'compare' in dir(benchbench)\n"
        f"sys.exit(' '.join(name for name in {HEAVY} if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "" and done.returncode == 0


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'benchbench' has no attribute 'campare'"):
        benchbench.campare  # noqa: B018
