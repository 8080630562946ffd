"""A comparison that was made before is read back, byte for byte, and only where nothing that it follows from moved."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from harness import MICRO, Ended, Finished, bench, tree

import benchbench
from benchbench.commands.compare import compared, kept, report, run
from benchbench.commands.compare.kept import comparison_key, ingredients, source_hash
from benchbench.commands.compare.run import CompareRequest, PreparedComparison, prepare_comparison
from benchbench.commands.run_plan import RunOptions, RunResult

REQUEST = CompareRequest(["dpo", "simpo"], str(MICRO), ["1", "2"])
LINE = ("compare", "dpo", "simpo", "--setting", MICRO, "--seeds", 1, 2)


@pytest.fixture
def runs(finished: Finished, tmp_path: Path) -> Path:
    """A copy of the finished stages, without the weights, which no comparison reads."""
    copied = tmp_path / "runs"
    shutil.copytree(finished.runs, copied, ignore=shutil.ignore_patterns("model", "comparisons"))
    return copied


@pytest.fixture
def compare(runs: Path, tmp_path: Path) -> Callable[..., Ended]:
    """`bench compare` on that copy."""

    def command(*more: object) -> Ended:
        ended = bench(*LINE, *more, "--runs", runs, "--results", tmp_path / "results")
        assert ended.code == 0, ended.err
        return ended

    return command


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A word for each comparison that is made and each figure that is drawn."""
    words: list[str] = []

    def count(module: Any, name: str) -> None:
        function = getattr(module, name)

        def counted(*args: Any, **more: Any) -> Any:
            words.append(name)
            return function(*args, **more)

        monkeypatch.setattr(module, name, counted)

    count(compared, "compare_scored")
    count(report, "plot_comparison")
    return words


@pytest.fixture
def files(tmp_path: Path) -> Callable[[], dict[str, bytes]]:
    """What lies in the folder of results, without the time of recording."""
    return lambda: {
        n: b for n, b in tree(tmp_path / "results" / "micro").items() if n not in ("cells.jsonl", ".hashes.json")
    }


# --- read back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [(), ("--json",), ("--metrics", "auc", "mean_margin/logp_sum")])
def test_the_second_time_nothing_is_made_and_the_same_is_printed(compare, made: list[str], tmp_path: Path, more):
    first = compare(*more)
    assert "compare_scored" in made and "plot_comparison" in made
    before, count = tree(tmp_path / "results"), len(made)
    second = compare(*more)
    assert second.out == first.out
    assert len(made) == count
    assert tree(tmp_path / "results") == before
    assert second.err.replace("unchanged: ", "written: ") == first.err


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_terminal_of_another_width_shows_what_it_would_have_shown(
    compare, made: list[str], runs: Path, monkeypatch: pytest.MonkeyPatch, width: int
):
    compare()
    monkeypatch.setenv("COLUMNS", str(width))
    made.clear()
    read_back = compare().out
    assert made == []
    shutil.rmtree(runs / "comparisons")
    assert compare().out == read_back
    assert made == ["compare_scored"]


def test_a_kept_comparison_that_was_changed_is_made_anew(compare, made: list[str], runs: Path):
    first = compare("--json")
    (kept_file,) = (runs / "comparisons").iterdir()
    value = repr(json.loads(first.out)["comparisons"][0]["mean"])
    text = kept_file.read_text(encoding="utf-8")
    assert value in text
    kept_file.write_text(text.replace(value, "0.99"), encoding="utf-8")
    made.clear()
    assert compare("--json").out == first.out
    assert made == ["compare_scored"]
    assert value in kept_file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["comparisons.csv", "report.md", "figures/pair_accuracy_logp_mean.png", "cells.jsonl"])
def test_a_file_that_is_gone_is_written_again(compare, made: list[str], files, tmp_path: Path, name: str):
    compare()
    before, cells = files(), tmp_path / "results" / "micro" / "cells.jsonl"
    (tmp_path / "results" / "micro" / name).unlink()
    made.clear()
    compare()
    assert "compare_scored" in made
    assert files() == before and cells.is_file()
    made.clear()
    compare()
    assert made == []


def test_a_document_that_somebody_changed_is_never_passed_over(compare, tmp_path: Path):
    compare()
    report = tmp_path / "results" / "micro" / "report.md"
    report.write_text("mine", encoding="utf-8")
    assert "report.md: changed since it was written, so it is kept" in compare().err
    assert report.read_text(encoding="utf-8") != "mine", "as without anything kept"


def test_after_another_comparison_in_the_same_folder_the_documents_are_made_again(compare, made: list[str], files):
    compare()
    before = files()["report.md"]
    compare("--baseline", "sft")
    made.clear()
    compare()
    assert "compare_scored" in made and files()["report.md"] == before


def test_the_comparison_s_own_folder_is_looked_at_too_and_latest_names_the_newest(compare, made: list[str], tmp_path):
    comparisons = tmp_path / "results" / "micro" / "comparisons"
    compare()
    first = (comparisons / "latest").resolve()
    before = tree(first)
    compare("--baseline", "sft")
    second = (comparisons / "latest").resolve()
    assert first != second and tree(first) == before, "another request has a folder of its own"
    compare()
    assert (comparisons / "latest").resolve() == first and tree(first) == before, "the same one has the same again"
    (first / "values.csv").unlink()
    made.clear()
    compare()
    assert "compare_scored" in made and tree(first) == before


def test_rows_that_changed_on_disk_are_neither_shown_nor_read_back(compare, runs: Path, tmp_path: Path, monkeypatch):
    """Their stage has to run again, which reads weights that are not here; so it does where they are missing, too."""
    compare()
    rows = runs / _score_of("simpo", tmp_path) / "rows.parquet"
    frame = pd.read_parquet(rows)
    for column in ("logp_sum", "logp_mean"):
        frame[column] = frame[column] - frame["candidate"]
    frame.to_parquet(rows)
    monkeypatch.setattr(run, "run_session", lambda *ignored: RunResult())
    ended = bench(*LINE, "--runs", runs, "--results", tmp_path / "results")
    assert ended.code == 5 and "rows.parquet: expected" in ended.err


def _score_of(label: str, folder: Path) -> str:
    """Key of the held-out score of a compared cell."""
    lines = (folder / "results" / "micro" / "cells.jsonl").read_text(encoding="utf-8").splitlines()
    return next(cell["stages"]["score"] for cell in map(json.loads, lines) if cell["label"] == label)


def test_nothing_is_read_back_while_a_stage_is_not_finished(compare, runs: Path, tmp_path: Path, monkeypatch):
    compare()
    status = runs / _score_of("dpo", tmp_path) / "status.json"
    status.write_text(status.read_text().replace('"status": "done"', '"status": "running"'), encoding="utf-8")
    monkeypatch.setattr(run, "run_session", lambda *ignored: RunResult())
    ended = bench(*LINE, "--runs", runs, "--results", tmp_path / "results")
    assert ended.code == 4 and ended.out.count("under") == 0


def test_what_is_read_back_waits_for_no_library_of_numbers(compare, runs: Path, tmp_path: Path):
    """Frames, distributions, figures and torch take seconds to import."""
    heavy = ("torch", "transformers", "pandas", "scipy", "sklearn", "matplotlib", "pyarrow")
    first = compare()
    code = (
        "import sys; from benchbench.cli.main import main; code = main(sys.argv[1:]); "
        f"sys.exit(code or ' '.join(name for name in {heavy!r} if name in sys.modules) or 0)"
    )
    line = [*LINE, "--runs", runs, "--results", tmp_path / "results"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, line)], cwd=Path.cwd(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, first.out), done.stderr


# --- figures --------------------------------------------------------------------------------------------------------


def test_a_figure_is_drawn_again_only_when_its_rows_moved(compare, made: list[str], runs: Path, tmp_path: Path):
    compare()
    shutil.rmtree(runs / "comparisons")
    made.clear()
    compare()
    assert made == ["compare_scored"]
    compare("--baseline", "simpo")
    assert made == ["compare_scored", "compare_scored", "plot_comparison"]


# --- the key --------------------------------------------------------------------------------------------------------

REQUESTS: dict[str, dict[str, Any]] = {
    "targets": {"targets": ["simpo", "dpo"]},
    "a method more": {"targets": ["dpo", "simpo", "ddo_rm"]},
    "seeds": {"seeds": ["1", "3"]},
    "baseline": {"baseline": "sft"},
    "overrides": {"overrides": ["score.tie_credit=0.25"]},
    "metrics": {"metrics": ["auc"]},
    "allow_different": {"allow_different": True},
    "allow_mixed": {"allow_mixed": True},
    "pairs_only": {"pairs_only": True},
}


@pytest.fixture
def key_of(runs: Path, tmp_path: Path) -> Callable[..., str]:
    """The key of a request, by default the one of this file."""

    def key(change: Callable[[PreparedComparison], PreparedComparison] = lambda same: same, **more: Any) -> str:
        request = replace(REQUEST, **{k: v for k, v in more.items() if k != "results"})
        options = RunOptions("cpu", runs=runs, results=more.get("results", tmp_path / "results"))
        return comparison_key(change(prepare_comparison(request, options)), request, options)

    return key


def test_equal_requests_have_one_key(key_of):
    assert key_of() == key_of()


@pytest.mark.parametrize("name", REQUESTS)
def test_every_part_of_the_request_moves_the_key(key_of, name: str):
    assert key_of(**REQUESTS[name]) != key_of()


def test_every_field_of_a_request_is_in_the_key(runs: Path, tmp_path: Path):
    """A prompt file among them, whose content is in the keys of the stages that answer it."""
    options = RunOptions("cpu", runs=runs)
    made = ingredients(prepare_comparison(REQUEST, options), REQUEST, options)
    assert set(made["request"]) == {*CompareRequest.__dataclass_fields__, "results"}


def test_another_folder_of_results_is_another_key(key_of, tmp_path: Path):
    assert key_of(results=tmp_path / "other") != key_of()


def _recipe(**update: Any) -> Callable[[PreparedComparison], PreparedComparison]:
    def change(prepared: PreparedComparison) -> PreparedComparison:
        first, *others = prepared.loaded
        return replace(prepared, loaded=[replace(first, recipe=first.recipe.model_copy(update=update)), *others])

    return change


def _first(**update: Any) -> Callable[[PreparedComparison], PreparedComparison]:
    return lambda prepared: replace(prepared, loaded=[replace(prepared.loaded[0], **update), *prepared.loaded[1:]])


PREPARED: dict[str, Callable[[PreparedComparison], PreparedComparison]] = {
    "seeds": lambda prepared: replace(prepared, seeds=(1,)),
    "baseline": lambda prepared: replace(prepared, baseline="sft"),
    "notice": lambda prepared: replace(prepared, notice="no evidence at all"),
    "shown": lambda prepared: replace(prepared, shown=(("auc", None),)),
    "description": _recipe(description="Another one."),
    "recipe's name": _recipe(name="another"),
    "untuned": _first(untuned=False),
    "marks": _first(overrides=("score.tie_credit=0.5",)),
}


@pytest.mark.parametrize("name", PREPARED)
def test_everything_that_is_resolved_moves_the_key(key_of, name: str):
    assert key_of(PREPARED[name]) != key_of()


@pytest.mark.parametrize(
    "pattern",
    [
        "sft/*/status.json",
        "sft/*/train.jsonl",
        "preference/*/status.json",
        "score/*/status.json",
        "score/*/rows.parquet",
        "score/*/env.json",
        "data/*/prepared.json",
    ],
)
def test_every_file_that_is_read_moves_the_key(key_of, runs: Path, pattern: str):
    before = key_of()
    for path in runs.glob(pattern):
        path.write_bytes(path.read_bytes() + b"\n")
    assert key_of() != before


def test_a_file_that_is_gone_moves_the_key(key_of, runs: Path):
    before = key_of()
    for path in runs.glob("score/*/rows.parquet"):
        path.unlink()
    assert key_of() != before


def test_a_large_file_is_known_by_its_content_too(key_of, runs: Path, monkeypatch: pytest.MonkeyPatch):
    before = key_of()
    monkeypatch.setattr(kept, "SMALL_BYTES", 0)
    assert key_of() == before
    for path in runs.glob("score/*/rows.parquet"):
        path.write_bytes(path.read_bytes() + b"\n")
    assert key_of() != before


@pytest.mark.parametrize("name", ["package", "form", "source", "python", *kept.LIBRARIES])
def test_every_part_of_the_code_moves_the_key(key_of, monkeypatch: pytest.MonkeyPatch, name: str):
    before, version = key_of(), kept.version
    match name:
        case "package":
            monkeypatch.setattr(benchbench, "__version__", "99.0")
        case "form":
            monkeypatch.setattr(kept, "VERSION", kept.VERSION + 1)
        case "source":
            monkeypatch.setattr(kept, "source_hash", lambda package: "another")
        case "python":
            monkeypatch.setattr(kept.platform, "python_version", lambda: "4.0.0")
        case library:
            monkeypatch.setattr(kept, "version", lambda of: "99.0" if of == library else version(of))
    assert key_of() != before


def test_a_changed_added_or_renamed_source_file_is_other_code(tmp_path: Path):
    package = tmp_path / "package"
    (package / "metrics").mkdir(parents=True)
    (package / "metrics" / "auc.py").write_text("x = 1\n")
    hashes = [source_hash(package)]
    (package / "metrics" / "auc.py").write_text("x = 2\n")
    hashes.append(source_hash(package))
    (package / "metrics" / "mine.py").write_text("")
    hashes.append(source_hash(package))
    (package / "metrics" / "mine.py").rename(package / "mine.py")
    hashes.append(source_hash(package))
    (package / "notes.txt").write_text("no code")
    assert len(set(hashes)) == 4 and source_hash(package) == hashes[-1]
