"""Results files of other tools as these write them, made of numbers that a test chooses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DATE = "2026-03-01T10-00-00.000001"


def digest(text: str) -> str:
    """A hash as long as those of lm-evaluation-harness."""
    return hashlib.sha256(text.encode()).hexdigest()


def sample(
    doc_id: int, metrics: Mapping[str, Any], *, filtered: str = "none", shots: int = 0, **doc: Any
) -> dict[str, Any]:
    """One line of a sample log: a document with two choices."""
    content = {"question": f"question {doc_id}", "answer": "A", **doc}
    prompt = f"{shots} shots, question {doc_id}"
    return {
        "doc_id": doc_id,
        "doc": content,
        "target": "A",
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": " A"}},
        "resps": [[["-1.0", "True"]]],
        "filtered_resps": [["-1.0", "True"]],
        "filter": filtered,
        "metrics": list(metrics),
        "doc_hash": digest(json.dumps(content, sort_keys=True)),
        "prompt_hash": digest(prompt),
        "target_hash": digest("A"),
        **metrics,
    }


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """JSON lines, with their folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_json(path: Path, value: Any) -> Path:
    """One JSON document, with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2), encoding="utf-8")
    return path


def write_log(
    folder: Path,
    values: Sequence[float],
    *,
    task: str = "arc_easy",
    metric: str = "acc",
    shots: int = 0,
    date: str = DATE,
) -> Path:
    """A sample log of one metric with these values."""
    rows = [sample(k, {metric: value}, shots=shots, subject=f"s{k % 5}") for k, value in enumerate(values)]
    return write_lines(folder / f"samples_{task}_{date}.jsonl", rows)


def write_results(folder: Path, model: str, means: Mapping[str, Mapping[str, float]], **more: Any) -> Path:
    """The results file beside logs: task -> `metric,filter` -> mean."""
    content = {
        "results": {task: {"alias": task, **metrics} for task, metrics in means.items()},
        "configs": {task: {"task": task, "metric_list": [{"metric": "acc", "aggregation": "mean"}]} for task in means},
        "versions": {task: 1.0 for task in means},
        "n-shot": {task: 0 for task in means},
        "higher_is_better": {task: {name.split(",")[0]: True for name in metrics} for task, metrics in means.items()},
        "model_name": model,
        "chat_template_sha": None,
        "system_instruction_sha": None,
        "fewshot_as_multiturn": False,
        **more,
    }
    return write_json(folder / f"results_{DATE}.json", content)


def annotation(
    number: int, model: str, preference: float | None, *, output: str = "mine", **more: Any
) -> dict[str, Any]:
    """One row of annotations.json."""
    return {
        "instruction": f"instruction {number}",
        "output_1": f"baseline {number}",
        "generator_1": "gpt4_1106_preview",
        "dataset": "helpful_base" if number % 2 else "koala",
        "output_2": output,
        "generator_2": model,
        "annotator": "weighted_alpaca_eval_gpt4_turbo",
        "preference": preference,
        "raw_completion": None,
        **more,
    }


def judgment(uid: str, model: str, first: str | None, second: str | None, **more: Any) -> dict[str, Any]:
    """One line of an Arena-Hard judgment file: in the first game the baseline is A."""
    games = [{"score": score, "judgment": {"answer": "..."}, "prompt": []} for score in (first, second)]
    return {
        "uid": uid,
        "category": "hard_prompt",
        "judge": "gpt-4.1",
        "model": model,
        "baseline": "o3-mini",
        "games": games,
        **more,
    }


def reward_scores(model: str, pairs: Mapping[str, Sequence[tuple[float, float]]], **more: Any) -> dict[str, Any]:
    """A score file of RewardBench: subset -> (chosen, rejected) of every pair."""
    rows = [(subset, k, *pair) for subset, of_subset in pairs.items() for k, pair in enumerate(of_subset)]
    return {
        "model": model,
        "model_type": "Seq. Classifier",
        "chat_template": "tulu",
        "subset": [row[0] for row in rows],
        "id": [row[1] for row in rows],
        "scores_chosen": [row[2] for row in rows],
        "scores_rejected": [row[3] for row in rows],
        "results": [int(row[2] > row[3]) for row in rows],
        "text_chosen": ["..."] * len(rows),
        "text_rejected": ["..."] * len(rows),
        **more,
    }
