"""The results file beside a sample log: settings of the run, which way metrics are better, and the project's own means.

`results_<date>.json` has `results`, `versions`, `n-shot`, `higher_is_better`, `configs`, `model_name`,
`chat_template_sha` and `system_instruction_sha` (github.com/EleutherAI/lm-evaluation-harness at 4e7e0d4,
`loggers/evaluation_tracker.py`). It is optional: without it the version of the task and the number of few-shot examples
are unknown, and only the hashes of the prompts say whether runs were asked the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchbench.core.errors import BenchError
from benchbench.data.documents import read_document

LOWER = ("brier", "ter", "wer")
HIGHER = ("acc", "exact_match", "em", "f1", "mc1", "mc2", "bleu", "rouge", "chrf", "pass@", "score", "correct")
"""Beginnings of the names of metrics that are better when lower, or higher, where no results file says so."""
WHOLE = ("perplexity", "bits_per_byte")
"""Metrics whose number per document is a log-likelihood, and whose value is no mean of them."""
MEANS = ("acc", "acc_norm", "exact_match")
"""Metrics that are means over documents, where no configuration says how they are aggregated."""
TOLERANCE = 1e-6
"""Of a mean of the results file, which the project computes from the same numbers."""
NO_FILE = "logs without results_<date>.json beside them: version of the task and few-shot examples are not checked"


@dataclass(frozen=True)
class ResultsBeside:
    """What the results file of one run says; nothing where there is none."""

    content: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """Name of the model; empty where it is not said."""
        return str(self.content.get("model_name") or "")

    def direction(self, task: str, metric: str) -> str:
        """Which way a metric of a task is better: as the file says, else by its name, else neither."""
        name = metric.split(",")[0]
        said = _mapping(_mapping(self.content.get("higher_is_better")).get(task)).get(name)
        if isinstance(said, bool):
            return "higher" if said else "lower"
        return "lower" if name.startswith(LOWER) else "higher" if name.startswith(HIGHER) else "none"

    def settings(self, task: str) -> dict[str, str]:
        """What a run's numbers depend on and its log does not say."""
        stated = {
            "version of the task": _mapping(self.content.get("versions")).get(task),
            "few-shot examples": _mapping(self.content.get("n-shot")).get(task),
            "chat template": self.content.get("chat_template_sha"),
            "system instruction": self.content.get("system_instruction_sha"),
            "few-shot as turns": self.content.get("fewshot_as_multiturn"),
        }
        return {name: str(value) for name, value in stated.items()} if self.content else {}

    def averaged(
        self, path: Path, task: str, values: Mapping[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], list[str]]:
        """(metrics that the project averages over documents, those that it makes of all of them in another way).

        Raises:
            BenchError: the project says that it averages a metric, and its mean is not that of the log.
        """
        stated = _mapping(_mapping(self.content.get("results")).get(task))
        averaged, whole = {}, []
        for name, numbers in values.items():
            metric, _, filtered = name.partition(",")
            reported, mean = stated.get(f"{metric},{filtered or 'none'}"), float(numbers.mean())
            known = float(reported) if isinstance(reported, int | float) else math.nan
            agrees = math.isnan(known) or math.isnan(mean) or math.isclose(mean, known, abs_tol=TOLERANCE)
            if any(part in metric for part in WHOLE) or (not agrees and not self._is_mean(task, metric)):
                whole.append(name)
            elif agrees:
                averaged[name] = numbers
            else:
                raise BenchError(
                    f"{path}: {name}: expected the mean that its results file has, {reported:g}, found {mean:g}; the "
                    "two are not of one run, or the log was appended to"
                )
        return averaged, whole

    def _is_mean(self, task: str, metric: str) -> bool:
        """Whether the task's configuration says so, or the metric is known to be one."""
        listed = _mapping(_mapping(self.content.get("configs")).get(task)).get("metric_list")
        entries = [entry for entry in map(_mapping, listed if isinstance(listed, list) else [])]
        stated = [entry.get("aggregation") for entry in entries if entry.get("metric") == metric]
        return stated[0] == "mean" if stated and stated[0] else metric in MEANS


def results_beside(path: Path, date: str) -> ResultsBeside:
    """The results file of a sample log.

    Args:
        path: of the log.
        date: that both files have in their names; empty where the log's name has none.
    """
    beside = path.with_name(f"results_{date}.json")
    if not date or not beside.is_file():
        return ResultsBeside({}, (NO_FILE,))
    return ResultsBeside(read_document(beside).content)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
