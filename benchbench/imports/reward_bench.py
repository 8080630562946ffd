"""RewardBench's score files: the score of the chosen and of the rejected response of every pair.

Format of the `reward-bench` project (github.com/allenai/reward-bench at 05a9005, `scripts/run_rm.py`, `run_dpo.py`;
evaluation.md E1): `results/eval-set-scores/<model>.json` is one JSON object of columns (`id`, `subset`, `results`,
`scores_chosen`, `scores_rejected`) with `model` and `chat_template`; `rewardbench --save_all` writes lines of `chosen`
and `rejected` alone (`<model>_all.jsonl`), which are paired by their line. The main metric is the project's accuracy,
in which a tie is wrong; `pair_accuracy` gives it one half.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchbench.core.errors import BenchError
from benchbench.core.imported import Import, ImportedRun, ItemMetric, ItemScores, ResultsFile
from benchbench.core.measurement import Array
from benchbench.imports._columns import numbers, numbers_or_none, read_columns

_COLUMNS = ("id", "subset", "results", "scores_chosen", "scores_rejected")
_LINES = {"chosen", "rejected"}
_ALL = "_all"
BY_LINE = "paired by line, since the file names no items: make sure that the runs are of one data set in one order"


def recognises(document: ResultsFile) -> bool:
    """Whether it is the object of columns, or lines of two scores."""
    if document.content:
        return set(document.content) >= {"scores_chosen", "scores_rejected", "subset"}
    return set(document.first) == _LINES and isinstance(document.first["chosen"], int | float | list)


def read(document: ResultsFile) -> list[ImportedRun]:
    """The run in the file, with a group per subset.

    Raises:
        BenchError: columns that are missing or of other lengths, scores that are no numbers, or that contradict
            `results`.
    """
    path = document.path
    if not document.content:
        model = path.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix(_ALL)
        names = tuple(f"line {number}" for number in range(1, len(document.rows) + 1))
        of_lines = {side: numbers(path, side, [row.get(side) for row in document.rows]) for side in sorted(_LINES)}
        scores = _scores("all", names, of_lines["chosen"], of_lines["rejected"], notes=(BY_LINE,))
        return [ImportedRun(path=path, tool="reward_bench", model=model, groups=(scores,))]
    columns = read_columns(document, _COLUMNS)
    chosen, rejected = (numbers(path, name, columns[name]) for name in ("scores_chosen", "scores_rejected"))
    _refuse_contradictions(path, columns["results"], chosen, rejected)
    subsets = np.array([str(name) for name in columns["subset"]])
    ids = np.array([str(name) for name in columns["id"]])
    template = {"chat template": str(document.content.get("chat_template") or "not named")}
    groups = tuple(
        _scores(name, tuple(ids[subsets == name]), chosen[subsets == name], rejected[subsets == name], template)
        for name in dict.fromkeys(subsets.tolist())
    )
    return [ImportedRun(path=path, tool="reward_bench", model=str(document.content.get("model")), groups=groups)]


def _refuse_contradictions(path: Path, results: list, chosen: Array, rejected: Array) -> None:
    said = numbers_or_none(path, "results", results)
    other = np.flatnonzero((said != (chosen > rejected)) & np.isfinite(chosen - rejected))
    if len(other):
        row = int(other[0])
        scores = f"scores {chosen[row]:g} and {rejected[row]:g}"
        raise BenchError(
            f"{path}: results, row {row + 1} ({len(other)} in all): expected 1 where chosen scores higher, "
            f"else 0, found {results[row]} beside {scores}; the file was put together from two runs"
        )


def _scores(
    group: str,
    items: tuple[str, ...],
    chosen: Array,
    rejected: Array,
    remarks: dict[str, str] | None = None,
    notes: tuple[str, ...] = (),
) -> ItemScores:
    margin = chosen - rejected
    finite = np.isfinite(margin)
    metrics = {
        "accuracy": ItemMetric(unit="fraction", direction="higher", values=np.where(finite, margin > 0, np.nan)),
        "pair_accuracy": ItemMetric(unit="fraction", direction="higher", values=(np.sign(margin) + 1) / 2),
        "margin": ItemMetric(unit="score", direction="none", values=np.where(finite, margin, np.nan)),
    }
    return ItemScores(group=group, items=items, metrics=metrics, remarks=remarks or {}, notes=notes)


IMPORT = Import(
    name="reward_bench",
    format="eval-set-scores/<model>.json of reward-bench, or <model>_all.jsonl (allenai/reward-bench at 05a9005)",
    recognises=recognises,
    read=read,
)
