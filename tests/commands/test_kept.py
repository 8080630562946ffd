"""A comparison that was made before is read back, byte for byte, and only where nothing that it follows from moved."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
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


class Place:
    """A folder of runs and of results that is put back as it was: where results lie is part of a comparison's key."""

    def __init__(self, root: Path) -> None:
        self.root, self.runs, self.results = root / "now", root / "now" / "runs", root / "now" / "results"
        self._states, self._untouched = root / "states", ""

    def save(self, state: str) -> None:
        """Remember how it is now."""
        shutil.copytree(self.root, self._states / state, symlinks=True)

    def put_back(self, state: str, *, only_read: bool = False) -> None:
        """Make it what it was, unless it was only read since; files are copied, since tests write into them."""
        if state != self._untouched:
            shutil.rmtree(self.root)
            shutil.copytree(self._states / state, self.root, symlinks=True)
        self._untouched = state if only_read else ""

    def command(self, *more: object) -> Ended:
        """`bench compare` on what is here."""
        ended = bench(*LINE, *more, "--runs", self.runs, "--results", self.results)
        assert ended.code == 0, ended.err
        return ended


@pytest.fixture(scope="module")
def place(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """`bare`: the finished stages, without the weights, which no comparison reads; `compared`: with the comparison."""
    place = Place(tmp_path_factory.mktemp("kept"))
    stages = prepare_comparison(REQUEST, RunOptions("cpu", runs=finished.runs)).session.plan.stages
    for key in stages:
        shutil.copytree(finished.runs / key, place.runs / key, ignore=shutil.ignore_patterns("model"))
    for name in {path.name for path in finished.runs.iterdir()} - {key.split("/")[0] for key in stages}:
        if name not in ("comparisons", "hashes", "leases"):
            shutil.copytree(finished.runs / name, place.runs / name)
    place.save("bare")
    place.command()
    place.save("compared")
    return place


@pytest.fixture(scope="module")
def another(place: Place) -> Place:
    """`another`: a comparison with another baseline in the same folder, after the one of this file."""
    place.put_back("compared")
    place.command("--baseline", "sft")
    place.save("another")
    return place


@pytest.fixture
def runs(place: Place) -> Path:
    """Finished stages of which nothing was compared yet."""
    place.put_back("bare")
    return place.runs


@pytest.fixture
def compare(place: Place, runs: Path) -> Callable[..., Ended]:
    """`bench compare` where it never ran."""
    return place.command


@pytest.fixture
def again(place: Place) -> Callable[..., Ended]:
    """`bench compare` where it ran once, without options."""
    place.put_back("compared")
    return place.command


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
def files(place: Place) -> Callable[[], dict[str, bytes]]:
    """What lies in the folder of results, without the time of recording."""
    return lambda: {n: b for n, b in tree(place.results / "micro").items() if n not in ("cells.jsonl", ".hashes.json")}


# --- read back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [(), ("--json",), ("--metrics", "auc", "mean_margin/logp_sum")])
def test_the_second_time_nothing_is_made_and_the_same_is_printed(compare, made: list[str], place: Place, more):
    first = compare(*more)
    assert "compare_scored" in made and "plot_comparison" in made
    before, count = tree(place.results), len(made)
    second = compare(*more)
    assert second.out == first.out
    assert len(made) == count
    assert tree(place.results) == before
    assert second.err.replace("unchanged: ", "written: ") == first.err


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_terminal_of_another_width_shows_what_it_would_have_shown(
    again, made: list[str], place: Place, monkeypatch: pytest.MonkeyPatch, width: int
):
    monkeypatch.setenv("COLUMNS", str(width))
    read_back = again().out
    assert made == []
    shutil.rmtree(place.runs / "comparisons")
    assert again().out == read_back
    assert made == ["compare_scored"]


def test_a_kept_comparison_that_was_changed_is_made_anew(again, made: list[str], place: Place):
    first = again("--json")
    (kept_file,) = (place.runs / "comparisons").iterdir()
    value = repr(json.loads(first.out)["comparisons"][0]["mean"])
    text = kept_file.read_text(encoding="utf-8")
    assert value in text
    kept_file.write_text(text.replace(value, "0.99"), encoding="utf-8")
    assert made == []
    assert again("--json").out == first.out
    assert made == ["compare_scored"]
    assert value in kept_file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["comparisons.csv", "report.md", "figures/pair_accuracy_logp_mean.png", "cells.jsonl"])
def test_a_file_that_is_gone_is_written_again(again, made: list[str], files, place: Place, name: str):
    before, cells = files(), place.results / "micro" / "cells.jsonl"
    (place.results / "micro" / name).unlink()
    again()
    assert "compare_scored" in made
    assert files() == before and cells.is_file()
    made.clear()
    again()
    assert made == []


def test_a_document_that_somebody_changed_is_never_passed_over(again, place: Place):
    report = place.results / "micro" / "report.md"
    report.write_text("mine", encoding="utf-8")
    assert "report.md: changed since it was written, so it is kept" in again().err
    assert report.read_text(encoding="utf-8") != "mine", "as without anything kept"


def test_after_another_comparison_in_the_same_folder_the_documents_are_made_again(
    another: Place, made: list[str], files
):
    another.put_back("compared")
    before = files()["report.md"]
    another.put_back("another")
    assert files()["report.md"] != before
    another.command()
    assert "compare_scored" in made and files()["report.md"] == before


def test_the_comparison_s_own_folder_is_looked_at_too_and_latest_names_the_newest(another: Place, made: list[str]):
    comparisons = another.results / "micro" / "comparisons"
    another.put_back("compared")
    first = (comparisons / "latest").resolve()
    before = tree(first)
    another.put_back("another")
    second = (comparisons / "latest").resolve()
    assert first != second and tree(first) == before, "another request has a folder of its own"
    another.command()
    assert (comparisons / "latest").resolve() == first and tree(first) == before, "the same one has the same again"
    (first / "values.csv").unlink()
    made.clear()
    another.command()
    assert "compare_scored" in made and tree(first) == before


def test_rows_that_changed_on_disk_are_neither_shown_nor_read_back(again, place: Place, monkeypatch):
    """Their stage has to run again, which reads weights that are not here; so it does where they are missing, too."""
    rows = place.runs / _score_of("simpo", place) / "rows.parquet"
    frame = pd.read_parquet(rows)
    for column in ("logp_sum", "logp_mean"):
        frame[column] = frame[column] - frame["candidate"]
    frame.to_parquet(rows)
    monkeypatch.setattr(run, "run_session", lambda *ignored: RunResult())
    ended = bench(*LINE, "--runs", place.runs, "--results", place.results)
    assert ended.code == 5 and "rows.parquet: expected" in ended.err


def _score_of(label: str, place: Place) -> str:
    """Key of the held-out score of a compared cell."""
    lines = (place.results / "micro" / "cells.jsonl").read_text(encoding="utf-8").splitlines()
    return next(cell["stages"]["score"] for cell in map(json.loads, lines) if cell["label"] == label)


def test_nothing_is_read_back_while_a_stage_is_not_finished(again, place: Place, monkeypatch):
    status = place.runs / _score_of("dpo", place) / "status.json"
    status.write_text(status.read_text().replace('"status": "done"', '"status": "running"'), encoding="utf-8")
    monkeypatch.setattr(run, "run_session", lambda *ignored: RunResult())
    ended = bench(*LINE, "--runs", place.runs, "--results", place.results)
    assert ended.code == 4 and ended.out.count("under") == 0


def test_what_is_read_back_waits_for_no_library_of_numbers(again, place: Place):
    """Frames, distributions, figures and torch take seconds to import."""
    heavy = ("torch", "transformers", "pandas", "scipy", "sklearn", "matplotlib", "pyarrow")
    first = again()
    code = (
        "import sys; from benchbench.cli.main import main; code = main(sys.argv[1:]); "
        f"sys.exit(code or ' '.join(name for name in {heavy!r} if name in sys.modules) or 0)"
    )
    line = [*LINE, "--runs", place.runs, "--results", place.results]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, line)], cwd=Path.cwd(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, first.out), done.stderr


# --- figures --------------------------------------------------------------------------------------------------------


def test_a_figure_is_drawn_again_only_when_its_rows_moved(again, made: list[str], place: Place):
    shutil.rmtree(place.runs / "comparisons")
    again()
    assert made == ["compare_scored"]
    again("--baseline", "simpo")
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


def _key(
    place: Place, change: Callable[[PreparedComparison], PreparedComparison] = lambda same: same, **more: Any
) -> str:
    """The key of a request, by default the one of this file."""
    request = replace(REQUEST, **{k: v for k, v in more.items() if k != "results"})
    options = RunOptions("cpu", runs=place.runs, results=more.get("results", place.results))
    return comparison_key(change(prepare_comparison(request, options)), request, options)


@pytest.fixture
def key_of(place: Place) -> Callable[..., str]:
    """The key of a request; files are only read."""
    place.put_back("bare", only_read=True)
    return partial(_key, place)


@pytest.fixture
def key_here(place: Place, runs: Path) -> Callable[..., str]:
    """The key of a request in `runs`, which a test may change."""
    return partial(_key, place)


@pytest.fixture(scope="module")
def unmoved(place: Place) -> str:
    """The key of the request of this file, of stages, code and folders that nobody touched."""
    place.put_back("bare", only_read=True)
    return _key(place)


def test_equal_requests_have_one_key(unmoved: str, key_of):
    assert key_of() == key_of() == unmoved


@pytest.mark.parametrize("name", REQUESTS)
def test_every_part_of_the_request_moves_the_key(unmoved: str, key_of, name: str):
    assert key_of(**REQUESTS[name]) != unmoved


def test_every_field_of_a_request_is_in_the_key(runs: Path):
    """A prompt file among them, whose content is in the keys of the stages that answer it."""
    options = RunOptions("cpu", runs=runs)
    made = ingredients(prepare_comparison(REQUEST, options), REQUEST, options)
    assert set(made["request"]) == {*CompareRequest.__dataclass_fields__, "results"}


def test_another_folder_of_results_is_another_key(unmoved: str, key_of, tmp_path: Path):
    assert key_of(results=tmp_path / "other") != unmoved


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
def test_everything_that_is_resolved_moves_the_key(unmoved: str, key_of, name: str):
    assert key_of(PREPARED[name]) != unmoved


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
def test_every_file_that_is_read_moves_the_key(unmoved: str, key_here, runs: Path, pattern: str):
    for path in runs.glob(pattern):
        path.write_bytes(path.read_bytes() + b"\n")
    assert key_here() != unmoved


def test_a_file_that_is_gone_moves_the_key(unmoved: str, key_here, runs: Path):
    for path in runs.glob("score/*/rows.parquet"):
        path.unlink()
    assert key_here() != unmoved


def test_a_large_file_is_known_by_its_content_too(unmoved: str, key_here, runs: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept, "SMALL_BYTES", 0)
    assert key_here() == unmoved
    for path in runs.glob("score/*/rows.parquet"):
        path.write_bytes(path.read_bytes() + b"\n")
    assert key_here() != unmoved


@pytest.mark.parametrize("name", ["package", "form", "source", "python", *kept.LIBRARIES])
def test_every_part_of_the_code_moves_the_key(unmoved: str, key_of, monkeypatch: pytest.MonkeyPatch, name: str):
    version = kept.version
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
    assert key_of() != unmoved


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
