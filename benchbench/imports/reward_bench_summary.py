"""RewardBench's result files: one accuracy per subset, without pairs, so their models cannot be paired.

Format of the `reward-bench` project (github.com/allenai/reward-bench at 05a9005): `results/eval-set/<model>.json` of
`scripts/run_rm.py` and `run_dpo.py` (`model`, `model_type`, `chat_template`, one key per subset; this bench's export
writes it, too), and `<model>.json` of the `rewardbench` command (`accuracy`, `num_prompts`, `model`). The first has no
number of pairs, so its accuracies have no standard error; that of the second is sqrt(p (1 - p) / n).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from benchbench.core.errors import BenchError, Fault
from benchbench.core.imported import GroupSummary, Import, ImportedRun, ResultsFile

_NAMES = ("model", "ref_model", "model_type", "chat_template", "tokenizer", "extra_results", "accuracy", "num_prompts")
NO_COUNTS = "the file has no number of pairs, so no interval (the files of eval-set-scores have every pair)"
NO_SPREAD = "every pair or none is right: no standard error"


def recognises(document: ResultsFile) -> bool:
    """Whether it is an object of accuracies."""
    content = document.content
    return {"model", "chat_template"} <= set(content) and not any(isinstance(v, list) for v in content.values())


def read(document: ResultsFile) -> list[ImportedRun]:
    """The run in the file.

    Raises:
        BenchError: no accuracies, or one that is no number in [0, 1].
    """
    content = document.content
    accuracies = {name: value for name, value in content.items() if name not in _NAMES}
    accuracies |= {"all": content["accuracy"]} if "accuracy" in content else {}
    faults = [
        Fault(name, f"expected an accuracy in [0, 1], found {value!r}")
        for name, value in accuracies.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1
    ]
    if faults or not accuracies:
        raise BenchError.of_faults(str(document.path), faults or [Fault("", "expected accuracies, found none")])
    summaries = tuple(_summary(name, float(value), content) for name, value in accuracies.items())
    return [
        ImportedRun(path=document.path, tool="reward_bench_summary", model=str(content["model"]), summaries=summaries)
    ]


def _summary(group: str, accuracy: float, content: Mapping[str, Any]) -> GroupSummary:
    n = int(content.get("num_prompts") or 0) if group == "all" else 0
    se = math.sqrt(accuracy * (1 - accuracy) / n) if n > 1 else 0.0
    return GroupSummary(
        group=group,
        metric="accuracy",
        unit="fraction",
        direction="higher",
        value=accuracy,
        se=se or math.nan,
        n=n,
        note="" if se else NO_SPREAD if n else NO_COUNTS,
    )


IMPORT = Import(
    name="reward_bench_summary",
    format="eval-set/<model>.json of reward-bench, or what its command writes (allenai/reward-bench at 05a9005)",
    recognises=recognises,
    read=read,
)
