"""RewardBench's result files, and those that this bench exports: accuracies of subsets, without pairs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from benchbench import exports, imports
from benchbench.core.errors import BenchError
from benchbench.core.export import ExportedPairs
from benchbench.data.documents import read_document
from tests.imports.logs import write_json


def read(path: Path) -> list:
    document = read_document(path)
    assert imports.get("reward_bench_summary").recognises(document)
    return imports.get("reward_bench_summary").read(document)


def test_what_we_export_is_read_back(tmp_path: Path):
    pairs = [{"subset": s, "chosen": c, "rejected": 0.5} for s, c in (("a", 1.0), ("a", 0.0), ("b", 1.0))]
    scores = ExportedPairs("dpo-seed1", "sft-seed1", "mine", pd.DataFrame(pairs))
    ((name, text),) = exports.get("reward_bench").files(scores).items()
    (run,) = read(write_json(tmp_path / Path(name).name, json.loads(text)))
    assert run.model == "benchbench/dpo-seed1"
    assert {summary.group: summary.value for summary in run.summaries} == {"a": 0.5, "b": 1.0}
    assert all(math.isnan(summary.se) and "no number of pairs" in summary.note for summary in run.summaries)


def test_the_command_s_file_has_a_number_of_pairs_and_so_an_error(tmp_path: Path):
    content = {"accuracy": 0.8, "num_prompts": 400, "model": "m", "ref_model": None, "tokenizer": "t"}
    (run,) = read(write_json(tmp_path / "m.json", content | {"chat_template": "c", "extra_results": None}))
    (summary,) = run.summaries
    assert (summary.group, summary.n) == ("all", 400)
    assert summary.se == pytest.approx(math.sqrt(0.8 * 0.2 / 400))


def test_no_spread_is_unknown_and_no_accuracies_are_refused(tmp_path: Path):
    (run,) = read(
        write_json(tmp_path / "m.json", {"accuracy": 1.0, "num_prompts": 9, "model": "m", "chat_template": ""})
    )
    assert math.isnan(run.summaries[0].se) and "every pair or none" in run.summaries[0].note
    with pytest.raises(BenchError, match="expected accuracies, found none"):
        read(write_json(tmp_path / "n.json", {"model": "m", "chat_template": "c"}))
    with pytest.raises(BenchError, match="a: expected an accuracy in .0, 1., found 55"):
        read(write_json(tmp_path / "o.json", {"model": "m", "chat_template": "c", "a": 55}))
