"""AlpacaEval's annotations.json: a judge's preference between a model's output and the baseline's, per instruction.

Format of the `alpaca_eval` project (github.com/tatsu-lab/alpaca_eval at cd543a14, `results/*/*/annotations.json`;
evaluation.md B2). A preference is 1 where the baseline wins for certain and 2 where the model does, 0 or 1.5 for a
draw, null where the judge failed. The main metric is the project's `win_rate`, here a fraction. An instruction without
a verdict is left out, as the project does, and counted.
"""

from __future__ import annotations

import numpy as np

from benchbench.comparison.alpaca_eval.files import Annotations, annotations_of
from benchbench.comparison.alpaca_eval.leaderboard import probability
from benchbench.core.imported import VERDICT, Import, ImportedRun, ItemMetric, ItemScores, ResultsFile
from benchbench.core.measurement import Array

_KEYS = {"instruction", "generator_1", "generator_2", "preference"}


def recognises(document: ResultsFile) -> bool:
    """Whether its rows are annotations."""
    return set(document.first) >= _KEYS


def read(document: ResultsFile) -> list[ImportedRun]:
    """One run per model, baseline and judge.

    Raises:
        BenchError: rows that are no annotations, or that repeat an instruction.
    """
    datasets = {str(row["instruction"]): str(row.get("dataset") or "") for row in document.rows if "instruction" in row}
    return [_run(annotations, datasets) for annotations in annotations_of(document.path, document.rows)]


def _run(annotations: Annotations, datasets: dict[str, str]) -> ImportedRun:
    frame = annotations.frame
    won = probability(frame["preference"].to_numpy(dtype=np.float64))
    instructions = tuple(str(text) for text in frame["instruction"])
    longer = np.sign(frame["len_output_2"].to_numpy() - frame["len_output_1"].to_numpy())
    scores = ItemScores(
        group="alpaca_eval",
        items=instructions,
        metrics={
            "win_rate": _rate(won),
            "discrete_win_rate": _rate(np.where(np.isnan(won), np.nan, (np.sign(won - 0.5) + 1) / 2)),
            "longer_rate": ItemMetric(unit="fraction", direction="none", values=(longer + 1) / 2),
        },
        conditions={"length of the baseline's output": tuple(str(length) for length in frame["len_output_1"])},
        columns={"dataset": tuple(datasets[text] for text in instructions)},
        settings={"judge": annotations.judge or "not named", "the judge's baseline": annotations.baseline},
        lacks=VERDICT,
    )
    return ImportedRun(path=annotations.path, tool="alpaca_eval", model=annotations.model, groups=(scores,))


def _rate(values: Array) -> ItemMetric:
    return ItemMetric(unit="fraction", direction="higher", values=values)


IMPORT = Import(
    name="alpaca_eval",
    format="annotations.json of alpaca_eval (tatsu-lab/alpaca_eval at cd543a14)",
    recognises=recognises,
    read=read,
)
