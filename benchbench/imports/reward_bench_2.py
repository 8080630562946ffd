"""RewardBench 2's score files: the scores of several responses to every prompt, the correct ones first.

Format of the `reward-bench` project (github.com/allenai/reward-bench at 0016644, `scripts/run_v2.py`,
`rewardbench/utils.py`; evaluation.md E2): one JSON object of columns (`id`, `subset`, `scores`, `results`,
`num_correct`) with `model` and `chat_template`. The metric is the project's accuracy: 1 over the number of responses
that share the best score, where the correct one is among them. For the subset Ties the project has no number per prompt
and prints a composite of the whole subset; here a prompt of it counts where every correct response scores above every
other, which is what 0.6 of that composite are made of.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchbench.core.errors import BenchError, Fault
from benchbench.core.imported import Import, ImportedRun, ItemMetric, ItemScores, ResultsFile
from benchbench.imports._columns import numbers, numbers_or_none, read_columns

_COLUMNS = ("id", "subset", "scores", "results", "num_correct")
TIES = "ties"
TIES_NOTE = "Ties: share of prompts whose correct responses all score above the others; not the project's composite"


def recognises(document: ResultsFile) -> bool:
    """Whether it is the object of columns with several scores a row."""
    return set(document.content) >= {"scores", "num_correct", "subset"}


def read(document: ResultsFile) -> list[ImportedRun]:
    """The run in the file, with a group per subset.

    Raises:
        BenchError: columns that are missing or of other lengths; every row at once whose scores are no numbers or
            contradict `results`.
    """
    columns = read_columns(document, _COLUMNS)
    lists = [row if isinstance(row, list) else [row] for row in columns["scores"]]
    scores = [numbers(document.path, f"scores of row {k}", row) for k, row in enumerate(lists, 1)]
    said = numbers_or_none(document.path, "results", columns["results"])
    counts = numbers_or_none(document.path, "num_correct", columns["num_correct"])
    credits: list[float] = []
    faults: list[Fault] = []
    rows = zip(columns["subset"], scores, said, counts, strict=True)
    for number, (subset, row, result, correct) in enumerate(rows, start=1):
        if not 0 < correct < len(row):  # NaN is not
            what = f"expected correct responses and others, found {correct:g} of {len(row)}"
            faults.append(Fault(f"row {number}", what))
            continue
        is_tied = str(subset).lower() == TIES
        credits.append(_all_above(row, int(correct)) if is_tied else _credit(row))
        if not is_tied and np.isfinite(credits[-1]) and np.isfinite(result) and abs(result - credits[-1]) > 1e-6:
            faults.append(Fault(f"row {number}", f"results: expected {credits[-1]:g} by its scores, found {result:g}"))
    if faults:
        raise BenchError.of_faults(str(document.path), faults)
    return [_run(document, [str(name) for name in columns["subset"]], [str(name) for name in columns["id"]], credits)]


def _credit(scores: np.ndarray) -> float:
    """What a prompt earns: the first response is the correct one."""
    if not np.isfinite(scores).all():
        return np.nan
    return float(scores[0] == scores.max()) / int((scores == scores.max()).sum())


def _all_above(scores: np.ndarray, correct: int) -> float:
    return float(scores[:correct].min() > scores[correct:].max()) if np.isfinite(scores).all() else np.nan


def _run(document: ResultsFile, subsets: Sequence[str], ids: Sequence[str], credits: Sequence[float]) -> ImportedRun:
    template = {"chat template": str(document.content.get("chat_template") or "not named")}
    groups = []
    for subset in dict.fromkeys(subsets):
        places = [place for place, name in enumerate(subsets) if name == subset]
        values = np.array([credits[place] for place in places])
        groups.append(
            ItemScores(
                group=subset,
                items=tuple(ids[place] for place in places),
                metrics={"accuracy": ItemMetric(unit="fraction", direction="higher", values=values)},
                remarks=template,
                notes=(TIES_NOTE,) if subset.lower() == TIES else (),
            )
        )
    model = str(document.content.get("model"))
    return ImportedRun(path=document.path, tool="reward_bench_2", model=model, groups=tuple(groups))


IMPORT = Import(
    name="reward_bench_2",
    format="eval-set-scores/<model>.json of RewardBench 2 (allenai/reward-bench at 0016644)",
    recognises=recognises,
    read=read,
)
