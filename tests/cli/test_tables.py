"""Every verb that prints a table keeps every character of every cell, at 80, 100 and 120 columns."""

from __future__ import annotations

import functools
import io
import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, ROOT, Finished, bench, finish

from benchbench.cli import output
from tests.imports.logs import write_log
from tests.report.read_tables import read_back, squeezed

WIDTHS = (80, 100, 120)
TUNED = "preference.learning_rate=1e-3,2e-3"
TUNE = ("--seeds", 1)
ANNOTATION = {"generator_1": "base", "annotator": "a judge of a long name", "preference": 2}

Printed = Mapping[str, Any]
"""Arguments of one table: head, body, title, right."""


def lines_of(finished: Finished, tmp: Path) -> dict[str, list[object]]:
    """One quick command line per verb that prints a table; what it needs is finished."""
    where = ["--setting", MICRO, "--runs", finished.runs]
    (tmp / "annotations.json").write_text(
        json.dumps([ANNOTATION | {"instruction": str(n), "output_1": "a", "output_2": "b", "generator_2": m}
                    for m in ("m1", "m2") for n in range(6)])
    )  # fmt: skip
    (tmp / "table.csv").write_text("method,value,sd,k\ndpo,50.0,2.0,5\nsimpo,54.0,1.5,5\nbase,31.0,,1\n")
    shutil.copytree(finished.runs, tmp / "runs")
    for rate in ("1e-3", "2e-3"):  # the stages of a grid are those of an ordinary run on the validation split
        sets = [f"preference.learning_rate={rate}", "score.split=validation"]
        assert set(finish(["dpo"], runs=tmp / "runs", sets=sets).values()) == {"done"}
    quirky = "quirks:\n  - {field: score.dtype, published: float32, good: [bfloat16], effect: rounds}\n"
    (tmp / "quirky.yaml").write_text(MICRO.read_text(encoding="utf-8") + quirky, encoding="utf-8")
    (tmp / "recipes").mkdir()
    (tmp / "recipes" / "micro.yaml").write_text(MICRO.read_text(encoding="utf-8"))
    for method in ("dpo", "simpo"):
        (tmp / "recipes" / f"{method}_micro.yaml").write_text(
            f"name: {method}_micro\nsetting: micro\nmethod: {{name: {method}}}\n"
        )
    for model, right in (("base-7b", 0.5), ("a-model-of-a-long-name", 0.75)):
        for task in ("arc_easy", "mmlu_abstract_algebra"):
            write_log(tmp / "logs" / model, [float(k % 4 < 4 * right) for k in range(40)], task=task)
    (tmp / "no_results").mkdir()
    lists = [f"e{n},{place},{-0.1 * (n - place)},{3 - place}" for n in range(4) for place in range(3)]
    (tmp / "lists.csv").write_text("\n".join(["example,candidate,logp_mean,column_rating", *lists, ""]))
    return {
        "train": ["train", "dpo", "simpo", *where, "--results", tmp / "results"],
        "train --dry-run": ["train", "dpo", *where, "--seeds", 77, "--dry-run"],
        "eval": ["eval", "dpo", *where],
        "eval of one seed": ["eval", "dpo", *where, "--seeds", 1],
        "eval of lists": ["eval", tmp / "lists.csv", "--gold", "rating"],
        "clean": ["clean", "--runs", finished.runs, "--results", tmp / "no_results", "--dry-run"],
        "plan": ["plan", "dpo", *where, "--on", "2xH100"],
        "compare": [*finished.line, "--runs", finished.runs, "--results", tmp / "results", "--metrics", "mean_margin"],
        "compare --from": ["compare", "--from", tmp / "logs"],
        "quirks --dry-run": [
            "quirks",
            "dpo",
            "simpo",
            "--setting",
            tmp / "quirky.yaml",
            "--runs",
            tmp / "none",
            "--dry-run",
        ],
        "leaderboard": ["leaderboard", "--setting", "micro", "--seeds", 1, 2, "--runs", finished.runs],
        "tune": [
            "tune",
            "dpo",
            "--grid",
            TUNED,
            *TUNE,
            "--setting",
            MICRO,
            "--runs",
            tmp / "runs",
            "--results",
            tmp / "t",
        ],
        "fetch": ["fetch", "dpo", *where],
        "check": ["check", "recipes/ddo_rm_pythia410m.yaml", "--runs", tmp / "none"],
        "regress": ["regress", "--tier", 1],
        "alpaca-eval": ["alpaca-eval", tmp / "annotations.json"],
        "reread": ["reread", tmp / "table.csv"],
        "audit data": ["audit", "data", "dpo", *where],
        "audit seeds": ["audit", "seeds", "dpo", "simpo", *where, "--seeds", 1, 2],
        "status": ["status", "--runs", finished.runs, "--all"],
        "show run": ["show", "run", "dpo", *where],
        "diff": ["diff", "dpo", "simpo", *where, "--seeds", 1, 2],
        "recipes ls": ["recipes", "ls"],
        "recipes show": ["recipes", "show", "ddo_rm", "--setting", "pythia410m_ultrafeedback"],
        "methods ls": ["methods", "ls"],
        "transforms ls": ["transforms", "ls"],
        "analyse ls": ["analyse", "ls"],
        "analyse": ["analyse", "annotator_population"],
    }


VERBS = (
    *(
        "train",
        "train --dry-run",
        "eval",
        "eval of one seed",
        "eval of lists",
        "clean",
        "plan",
        "compare",
        "compare --from",
        "quirks --dry-run",
        "leaderboard",
        "tune",
    ),
    *("fetch", "check", "regress", "alpaca-eval", "status", "recipes ls", "recipes show", "methods ls"),
    *("transforms ls", "reread", "audit data", "audit seeds", "analyse ls", "analyse", "show run", "diff"),
)


MODULES = {"costs": "plan", "evaluate": "eval", "imported": "compare", "alpaca_eval": "alpaca-eval", "plan": "train"}
"""Modules of the command line that are called otherwise than their verb."""


def test_every_verb_that_prints_a_table_is_here():
    modules = {path.stem: path.read_text() for path in (ROOT / "benchbench" / "cli").glob("*.py")}
    printing = {name for name, text in modules.items() if re.search(r"print_(rows|layout)\(", text)}
    assert {MODULES.get(name, name) for name in printing - {"output"}} == {verb.split()[0] for verb in VERBS}


@pytest.fixture(scope="module")
def printed_by(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Printed]]:
    """Every table that a verb prints; it is run once, at 80 columns, and no line of what it says is longer."""
    tmp = tmp_path_factory.mktemp("tables")
    lines = lines_of(finished, tmp)
    assert set(lines) == set(VERBS)

    @functools.cache
    def run(verb: str) -> list[Printed]:
        tables: list[Printed] = []

        def recorded(head: Sequence[str], body: Sequence[Sequence[str]], **more: Any) -> None:
            tables.append({"head": head, "body": body, **more})
            shown(head, body, **more)

        shown = output._print_table
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(output, "_print_table", recorded)
            patch.delenv("COLUMNS", raising=False)
            if verb == "leaderboard":
                patch.chdir(tmp)
            ended = bench(*lines[verb])
        assert ended.code in (0, 3, 4) and tables, ended.err
        tabular = [line for line in ended.out.splitlines() if not line.startswith("model of ")]
        assert max(map(len, tabular)) <= 80
        return tables

    return run


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_s_tables_are_read_back_from_what_it_prints(
    verb: str, width: int, printed_by: Callable[[str], list[Printed]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", str(width))
    for table in printed_by(verb):
        text = io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", text)
            output._print_table(**{**table, "title": ""})
        lines = text.getvalue().splitlines()
        assert max(map(len, lines)) <= width
        wanted = [[squeezed(cell) for cell in row] for row in table["body"]]
        assert read_back(lines, table["head"]) == [[row[0] or "-", *row[1:]] for row in wanted]


@pytest.mark.parametrize("verb", ["methods ls", "transforms ls"])
def test_a_long_catalogue_is_read_in_columns_at_80(verb: str, printed_by: Callable[[str], list[Printed]]):
    """A row has at most five lines, so that names stand close to each other."""
    (table,) = printed_by(verb)
    text = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", text)
        patch.setenv("COLUMNS", "80")
        output._print_table(**table)
    head, rule, *lines = text.getvalue().splitlines()
    assert head.startswith(verb.split()[0].rstrip("s")) and set(rule) == {"-", " "}
    starts = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    assert len(starts) == len(table["body"])
    assert max(b - a for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)) <= 5
