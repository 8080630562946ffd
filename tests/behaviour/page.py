"""What the experiments came to, as docs/behaviour.md and its figure: `python -m tests.behaviour.page --write`.

Both follow from what results/behaviour/ has, and from nothing else.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchbench.core.errors import BenchError
from benchbench.report import markdown
from benchbench.report.numbers import bounded, number, p_value, signed
from tests.gates.round_tables import FOLDER, Tables, section

from . import one_reward_model, sentiment_frontier
from .experiments import EXPERIMENTS, LEARNING_RATE, Experiment
from .measure import ROOT, TABLE

PAGE = ROOT / "docs" / "behaviour.md"
FIGURE = ROOT / "docs" / "figures" / "label_flips.png"
FRONTIERS = (one_reward_model, sentiment_frontier)
"""Comparisons over the KL to the SFT policy, each a section where its tables are committed."""
SHIFT = 0.008
"""By how much the methods' points of one flip rate stand apart."""
COLOURS = {"dpo": "#222222", "cdpo": "#4c78a8", "rdpo_robust": "#d1495b"}
MARKERS = {"dpo": "o", "cdpo": "s", "rdpo_robust": "^"}


@dataclass(frozen=True)
class Outcome:
    """One recipe's row of the table."""

    experiment: str
    label: str
    baseline: str
    metric: str
    scoring: str
    values: tuple[float, ...]
    """[seeds]"""
    mean: float
    difference: float
    low: float
    high: float
    p: float
    seeds: str
    n: int

    @property
    def verdict(self) -> str:
        """What the interval of the difference says."""
        if math.isnan(self.difference):
            return ""
        if math.isnan(self.low):
            return "no interval"
        return "above" if self.low > 0 else "below" if self.high < 0 else "no difference shown"


def outcomes(path: Path = TABLE) -> dict[str, list[Outcome]]:
    """Experiment -> its rows, the baseline first."""
    read: dict[str, list[Outcome]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for record in csv.DictReader(file):
            read.setdefault(record["experiment"], []).append(_outcome(record))
    return read


def _outcome(record: Mapping[str, str]) -> Outcome:
    texts = {name: record[name] for name in ("experiment", "label", "baseline", "metric", "scoring", "seeds")}
    numbers = {name: float(record[name] or "nan") for name in ("mean", "difference", "low", "high", "p")}
    values = tuple(map(float, record["values"].split()))
    return Outcome(**texts, **numbers, values=values, n=int(record["n"]))  # pyright: ignore[reportArgumentType]


def page(read: Mapping[str, Sequence[Outcome]]) -> str:
    """The document."""
    first = next(iter(read.values()))[0]
    lines = [
        "# What methods are known for, tried",
        "",
        "On the embedded setting ([tiny.md](tiny.md)), which is no evidence about language models: seeds "
        f"{first.seeds}, {first.n} test pairs.",
        f"All rows train at the same learning rate of {LEARNING_RATE:g}, so that none moved further because it was "
        "tuned further; they are not",
        "the tuned recipes. Differences are to the first row, with a 95% interval over seeds and prompts and its "
        "uncorrected p. Made by",
        "`python -m tests.behaviour.measure`, from the recipes in `tests/behaviour/experiments.py`.",
        "",
    ]
    for experiment in EXPERIMENTS:
        lines += _section(experiment, read[experiment.name])
        if experiment.condition == max(each.condition or 0 for each in EXPERIMENTS):
            lines += [f"![Accuracy by the rate of flipped labels](figures/{FIGURE.name})", ""]
    lines += section(Tables(FOLDER))
    for frontier in FRONTIERS:
        lines += frontier.section() if frontier.FOLDER.is_dir() else []
    return "\n".join(lines)


def _section(experiment: Experiment, rows: Sequence[Outcome]) -> list[str]:
    decimals = 4 if "accuracy" in experiment.metric else 2
    shown = [
        {
            "method": f"`{row.label}`",
            "seeds": ", ".join(number(value, decimals=decimals) for value in row.values),
            "mean": number(row.mean, decimals=decimals),
            f"difference to `{row.baseline}`": ""
            if math.isnan(row.difference)
            else bounded(row.difference, row.low, row.high, lambda value: signed(value, decimals=decimals)),
            "p": "" if math.isnan(row.p) else p_value(row.p),
            "": row.verdict,
        }
        for row in rows
    ]
    where = f"`{experiment.metric}` under `{experiment.scoring}`"
    question = experiment.question[0].upper() + experiment.question[1:]
    return [f"## {question}", "", f"{where}:", "", markdown.records(shown), ""]


def draw(read: Mapping[str, Sequence[Outcome]], path: Path) -> None:
    """Accuracy by flip rate: every seed as a point, the mean as a line."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.8), dpi=150, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    flips = {each.condition: each.name for each in EXPERIMENTS if each.condition is not None}
    for place, label in enumerate(COLOURS):
        rows = {rate: next(row for row in read[name] if row.label == label) for rate, name in flips.items()}
        shifted = [rate + SHIFT * (place - 1) for rate in rows]
        axes.plot(
            shifted, [row.mean for row in rows.values()], color=COLOURS[label], marker=MARKERS[label], label=label
        )
        for at, row in zip(shifted, rows.values(), strict=True):
            points = len(row.values)
            axes.plot([at] * points, row.values, ".", color=COLOURS[label], markersize=4, alpha=0.6)
    sft = next(row for row in read[flips[0.0]] if row.label == "sft")
    axes.axhline(sft.mean, color="#8a8a8a", linestyle="--", linewidth=1)
    axes.annotate("SFT", (0.0, sft.mean), textcoords="offset points", xytext=(-12, 4), color="#666666", fontsize=9)
    axes.set_xticks(list(flips), [f"{rate:.0%}" for rate in flips])
    axes.set_xlabel("training labels flipped")
    axes.set_ylabel("pair accuracy, clean test labels")
    axes.legend(frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas.print_figure(str(path), metadata={"Software": None})


def main(arguments: Sequence[str]) -> None:
    """Print the page, or write it with its figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    if not TABLE.is_file():
        raise BenchError(f"{TABLE}: not there; make it with `python -m tests.behaviour.measure`")
    read = outcomes()
    text = page(read)
    if parser.parse_args(arguments).write:
        PAGE.write_text(text, encoding="utf-8")
        draw(read, FIGURE)
        for frontier in FRONTIERS:
            if frontier.FOLDER.is_dir():
                frontier.picture()
    sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
