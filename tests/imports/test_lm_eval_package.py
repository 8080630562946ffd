"""lm-evaluation-harness itself writes the logs, of a small real model on two tasks, and our reader has its numbers.

It is no dependency; where it is not installed, name an interpreter that has it in BENCH_LM_EVAL_PYTHON.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchbench import imports
from benchbench.data.documents import read_document

CHOICE, TEXT = "toy_choice", "toy_text"
TASK = """task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
output_type: {output}
test_split: test
doc_to_text: "{{{{question}}}}"
{rest}
metadata: {{version: 2.0}}
"""
REST = {
    CHOICE: "doc_to_choice: '{{choices}}'\ndoc_to_target: label\nmetric_list: [{metric: acc}, {metric: acc_norm}]",
    TEXT: "doc_to_target: '{{choices[label]}}'\ngeneration_kwargs: {max_gen_toks: 4, until: ['.'], do_sample: false}\n"
    "metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]",
}
WORDS = ("dog", "cat", "bird", "tree", "house", "boy", "girl", "ball")


@pytest.fixture(scope="module")
def interpreter() -> str:
    named = os.environ.get("BENCH_LM_EVAL_PYTHON")
    if named is None and importlib.util.find_spec("lm_eval") is None:
        pytest.skip("no lm_eval: name an interpreter that has it in BENCH_LM_EVAL_PYTHON")
    return named or sys.executable


@pytest.mark.shared_data
def test_what_the_package_logs_is_read_with_its_means(interpreter: str, shared: Path, tmp_path: Path):
    model = shared / "models" / "stories260K"
    documents = [
        {
            "question": f"Once there was a {word}. The {word} saw a {WORDS[place - 1]}. The",
            "choices": [f" {word} was happy", f" {WORDS[place - 2]} was so sad", " sun ran"],
            "label": place % 3,
        }
        for place, word in enumerate(WORDS)
    ]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(each) + "\n" for each in documents), encoding="utf-8")
    for name, output in ((CHOICE, "multiple_choice"), (TEXT, "generate_until")):
        text = TASK.format(name=name, file=tmp_path / "test.jsonl", output=output, rest=REST[name])
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    line = ["run", "--model", "hf", "--model_args", f"pretrained={model},dtype=float32", "--tasks", f"{CHOICE},{TEXT}"]
    line += ["--include_path", tmp_path, "--device", "cpu", "--log_samples", "--output_path", tmp_path / "out"]
    done = subprocess.run(
        [interpreter, "-m", "lm_eval", *line],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (results,) = (tmp_path / "out").rglob("results_*.json")
    printed = json.loads(results.read_text(encoding="utf-8"))["results"]
    logs = sorted((tmp_path / "out").rglob("samples_*.jsonl"))
    runs = {run.groups[0].group: run for log in logs for run in imports.get("lm_eval").read(read_document(log))}
    assert runs.keys() == {CHOICE, TEXT}
    for task, metric in ((CHOICE, "acc"), (CHOICE, "acc_norm"), (TEXT, "exact_match")):
        scores = runs[task].groups[0]
        values = np.asarray(scores.metrics[metric].values)
        assert len(scores.items) == len(values) == len(WORDS)
        assert values.mean() == pytest.approx(printed[task][f"{metric},none"], abs=1e-12)
        error = values.std(ddof=1) / len(values) ** 0.5
        assert error == pytest.approx(printed[task][f"{metric}_stderr,none"], abs=1e-12)
        assert scores.settings["version of the task"] == "2.0"
    assert 0 < runs[CHOICE].groups[0].metrics["acc"].values.mean() < 1, "equal numbers, not equal constants"
