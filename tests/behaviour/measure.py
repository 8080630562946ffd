"""Run the experiments and write what they came to: `python -m tests.behaviour.measure`.

results/behaviour/tiny.csv has a row per recipe; docs/behaviour.md and its figure follow from it (tests.behaviour.page).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import benchbench
from benchbench.recipe.writing import recipe_text
from benchbench.store.files import write_csv, write_text

from .experiments import EXPERIMENTS, SEEDS, Experiment

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "results" / "behaviour" / "tiny.csv"
NAMES = (
    *("experiment", "flip_rate", "label", "baseline", "metric", "scoring", "values", "mean", "difference"),
    *("low", "high", "p", "interval_method", "n", "seeds", "note"),
)


def measure(
    experiment: Experiment, folder: Path, *, overrides: Mapping[str, object] | None = None, runs: Path | None = None
) -> list[dict[str, object]]:
    """Train and compare the rows of one experiment.

    Args:
        experiment: which.
        folder: gets the recipes and the tables of the comparison.
        overrides: dotted key -> value, to try it with fewer steps.
        runs: folder of the stages.
    """
    targets: list[str | Path] = []
    for row in experiment.rows:
        if row.is_sft:
            targets.append("sft")
            continue
        recipe = row.recipe(experiment.name)
        path = folder / f"{recipe['name']}.yaml"
        write_text(path, recipe_text(None, recipe))
        targets.append(path)
    results = benchbench.compare(
        *targets, seeds=SEEDS, pairs_only=True, runs=runs, results=folder / "results", overrides=overrides
    )
    records = results.comparisons.to_dict("records")
    shown = (experiment.metric, experiment.scoring)
    return _rows(experiment, [record for record in records if (record["metric"], record["scoring"]) == shown])


def _rows(experiment: Experiment, records: Sequence[Mapping[Any, Any]]) -> list[dict[str, object]]:
    """The columns that are kept, in the order of the experiment; last the supervised policy, which all start from."""
    trained = [record for record in records if record["candidate"] != "sft"]
    labels = [row.label for row in experiment.rows if not row.is_sft]
    assert len(trained) == len(labels), (labels, [record["candidate"] for record in trained])
    named = [*zip(labels, trained, strict=True), *(("sft", record) for record in records if record not in trained)]
    about: dict[str, object] = {"experiment": experiment.name, "flip_rate": experiment.condition}
    about |= {"baseline": experiment.rows[0].label, "seeds": " ".join(map(str, SEEDS))}
    return [
        {name: record.get(name) for name in NAMES}
        | about
        | {"label": label, "values": " ".join(repr(float(value)) for value in record["values"])}
        for label, record in named
    ]


def main(arguments: Sequence[str]) -> None:
    """Run all experiments, or those that are named, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="names of experiments")
    parser.add_argument("--runs", type=Path, default=None)
    options = parser.parse_args(arguments)
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for experiment in EXPERIMENTS:
            if not options.only or experiment.name in options.only:
                rows += measure(experiment, Path(folder), runs=options.runs)
    write_csv(TABLE, NAMES, rows)


if __name__ == "__main__":
    main(sys.argv[1:])
