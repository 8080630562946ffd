"""lm-evaluation-harness' sample logs: every metric of every document of one task.

Format of the `lm-evaluation-harness` project (github.com/EleutherAI/lm-evaluation-harness at 4e7e0d4,
`loggers/evaluation_tracker.py`, `evaluator.py`; evaluation.md C9), written by `--log_samples` as
`<output>/<model>/samples_<task>_<date>.jsonl`: `doc_id`, `doc`, `target`, `filter`, `metrics`, the hashes of document,
prompt and target, and one entry per metric (older logs name no metrics; there every other number is one). Task and date
are in the file's name, the model is in its folder's; `results_<date>.json` beside it has what `results` reads.

The main metric is the first that the log names under its first filter. Metrics that the project computes over all
documents together, such as F1, perplexity or BLEU, have no number per document and are left out, which is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from benchbench.core.errors import BenchError
from benchbench.core.imported import Fields, Import, ImportedRun, ItemMetric, ItemScores, ResultsFile
from benchbench.imports.lm_eval.results import ResultsBeside, results_beside
from benchbench.imports.lm_eval.samples import HASHES, LoggedSamples, read_samples

_NAME = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d\d-\d\dT[\d.-]+?)\.jsonl(\.gz)?")
RENAMED = "samples"
"""Task of a log whose name does not say it; its model is then called like the file."""
MOST_LABELS = 0.5
"""Of the documents: a column with more different labels than this share of them names no clusters."""


def recognises(document: ResultsFile) -> bool:
    """Whether its rows are logged samples."""
    return {"doc_id", "target", "filtered_resps"} <= set(document.first)


def read(document: ResultsFile) -> list[ImportedRun]:
    """The run in the file, with one group, its task.

    Raises:
        BenchError: as `read_samples`; no metric to compare; means that are not those of the results file beside it.
    """
    path, name = document.path, _NAME.fullmatch(document.path.name)
    task, date = (name["task"], name["date"]) if name else (RENAMED, "")
    samples, results = read_samples(document), results_beside(path, date)
    averaged, whole = results.averaged(path, task, samples.values)
    whole = [*samples.whole, *whole]
    if not averaged:
        raise BenchError(f"{path}: expected a metric with a number per document, found {', '.join(whole) or 'none'}")
    left_out = [f"{task}: not compared, since they have no number per document: {', '.join(whole)}"] if whole else []
    model = results.model or (path.resolve().parent.name if name else path.name.partition(".jsonl")[0])
    scores = _scores(task, samples, averaged, results, (*left_out, *results.notes))
    return [ImportedRun(path=path, tool="lm_eval", model=model, groups=(scores,))]


def _scores(
    task: str, samples: LoggedSamples, values: Mapping[str, np.ndarray], results: ResultsBeside, notes: tuple[str, ...]
) -> ItemScores:
    rows = samples.rows
    hashed = all(row.get(name) for row in rows for name in HASHES)
    return ItemScores(
        group=task,
        items=tuple(f"doc {row['doc_id']}" for row in rows),
        metrics={name: _metric(task, name, values[name], results) for name in values},
        contents=tuple(f"{row['doc_hash']} {row['target_hash']}" for row in rows) if hashed else (),
        conditions={"prompt": tuple(str(row["prompt_hash"]) for row in rows)} if hashed else {},
        columns=_columns(rows),
        settings=results.settings(task),
        notes=notes,
    )


def _metric(task: str, name: str, values: np.ndarray, results: ResultsBeside) -> ItemMetric:
    finite = values[np.isfinite(values)]
    in_range = finite.size > 0 and finite.min() >= 0 and finite.max() <= 1
    return ItemMetric(unit="fraction" if in_range else "score", direction=results.direction(task, name), values=values)


def _columns(rows: Sequence[Fields]) -> Mapping[str, tuple[str, ...]]:
    """Entries of the documents that several documents share, such as a subject or a passage."""
    docs = [row["doc"] for row in rows if isinstance(row.get("doc"), dict)]
    if len(docs) < len(rows):
        return {}
    names = [name for name in docs[0] if all(isinstance(doc.get(name), str | int) for doc in docs)]
    columns = {name: tuple(str(doc[name]) for doc in docs) for name in names}
    return {name: labels for name, labels in columns.items() if 1 < len(set(labels)) <= MOST_LABELS * len(docs)}


IMPORT = Import(
    name="lm_eval",
    format="samples_<task>_<date>.jsonl of lm-evaluation-harness (EleutherAI/lm-evaluation-harness at 4e7e0d4)",
    recognises=recognises,
    read=read,
)
