"""RewardBench's result file: `results/eval-set/benchbench/<model>.json`, one accuracy per subset.

Format of `reward-bench` (github.com/allenai/reward-bench at 05a9005, `scripts/run_dpo.py`; evaluation.md E1): `model,
ref_model, model_type, chat_template` and one key per subset. Its leaderboard looks for files in folders named by an
organisation, as hub ids begin, and nowhere else (`analysis/utils.py`); ours is `benchbench`. A pair counts where chosen
scores strictly higher: a tie is wrong, in which it differs from this bench's own tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.export import Export, ExportedPairs

ORGANISATION = "benchbench"
RESERVED = ("model", "ref_model", "model_type", "chat_template")


def files(scores: ExportedPairs) -> Mapping[str, str]:
    """`results/eval-set/benchbench/<model>.json`.

    Raises:
        BenchError: no pairs, a score that is no number, or a subset named like one of the other keys.
    """
    rows = scores.rows
    if rows.empty or bool(rows[["chosen", "rejected"]].isna().to_numpy().any()):
        raise BenchError(f"reward_bench: {scores.model}: expected finite scores of pairs, found none or NaN")
    result: dict[str, Any] = {
        "model": f"{ORGANISATION}/{scores.model}",
        "ref_model": scores.reference,
        "model_type": "DPO" if scores.reference is not None else "DPO Ref. Free",
        "chat_template": scores.template,
    }
    right: dict[str, list[bool]] = {}
    for subset, chosen, rejected in zip(rows["subset"], rows["chosen"], rows["rejected"], strict=True):
        right.setdefault(str(subset), []).append(bool(chosen > rejected))
    for subset in sorted(right):
        if subset in RESERVED:
            raise BenchError(f"reward_bench: expected another name for subset '{subset}', which is a key of the format")
        result[subset] = sum(right[subset]) / len(right[subset])
    return {
        f"results/eval-set/{ORGANISATION}/{scores.model}.json": json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    }


EXPORT = Export(name="reward_bench", reads="pairs", files=files)
