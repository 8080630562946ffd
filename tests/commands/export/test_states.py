"""`bench export states`: the states a reward is read from, with labels, for the analyses that probe them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from harness import MICRO, bench, finish
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from benchbench.store.rows import read_rows


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finished runs of a policy and of a reward model of the micro setting."""
    folder = tmp_path_factory.mktemp("states") / "runs"
    assert set(finish(["reward_model"], runs=folder).values()) == {"done"}
    return folder


def exported(runs: Path, out: Path, *words: object, target: str = "reward_model") -> pd.DataFrame:
    ended = bench("export", "states", target, "--setting", MICRO, "--runs", runs, "--out", out, "--json", *words)
    assert ended.code == 0, ended.err
    assert ended.json["files"] == [str(out / "states.parquet")]
    return read_rows(out, name="states.parquet")


def test_the_head_on_the_states_gives_the_rewards_of_the_run(runs: Path, tmp_path: Path):
    rows = exported(runs, tmp_path)
    (stage,) = (runs / "reward").iterdir()
    (model,) = (runs / "reward_model").iterdir()
    rewards = read_rows(stage)
    head = load_file(model / "model" / "reward_head.safetensors")["weight"].numpy()
    joined = rows.merge(rewards, on=["example", "candidate"], validate="one_to_one")
    assert len(joined) == len(rewards) == len(rows)
    states = np.stack(joined["state"].to_list())
    assert states.shape == (len(rows), 32) and np.allclose(states @ head[0], joined["reward"], atol=1e-5)
    assert (rows["label"] == np.where(rows["candidate"] == 0, "chosen", "rejected")).all()
    assert set(rows["dimension"]) == {"preferred"} and rows["prompt"].str.len().eq(16).all()


def test_a_policys_state_is_that_of_the_last_layer_at_the_last_token(runs: Path, tmp_path: Path):
    rows = exported(runs, tmp_path, target="sft")
    (sft,) = (runs / "sft").iterdir()
    model = AutoModelForCausalLM.from_pretrained(sft / "model", dtype=torch.float32).eval()
    shown = bench("show", "data", "sft", "--setting", MICRO, "--runs", runs, "--stage", "score", "--count", 3, "--json")
    for example in shown.json["examples"]:
        for place, candidate in enumerate(example["candidates"]):
            ids = torch.tensor([[token["id"] for token in candidate["tokens"]]])
            with torch.no_grad():
                expected = model(input_ids=ids, output_hidden_states=True).hidden_states[-1][0, -1].numpy()
            row = rows[(rows["example"] == example["id"]) & (rows["candidate"] == place)].iloc[0]
            assert np.allclose(row["state"], expected, atol=1e-5)


def test_the_analyses_read_what_is_written(runs: Path, tmp_path: Path):
    exported(runs, tmp_path, "--split", "train")
    file = tmp_path / "states.parquet"
    ended = bench("analyse", "separability", file, "--json")
    assert ended.code == 0, ended.err
    (line,) = ended.json["tables"]["separability"]
    assert line["pairs"] == 48 and 0 <= line["accuracy"] <= 1 and 0 <= line["by lot"] <= 1
    ended = bench("analyse", "rm_probe", file, "--set", "shuffles=2", "--json")
    assert ended.code == 0, ended.err
    (line,) = ended.json["tables"]["probes"]
    assert (line["dimension"], line["tested"], line["labels"]) == ("preferred", 96, 2)
    assert not any("not read" in note for note in ended.json["notes"])


def test_what_there_is_no_state_or_label_of_is_refused(runs: Path, tmp_path: Path):
    line = ("export", "states", "reward_model", "--setting", MICRO, "--runs", runs, "--out", tmp_path / "out")
    for words, said in (
        (("--split", "trian"), "train"),
        (("--dimension", "humour"), "expected a column, found"),
        (("--dimension", "gold"), "expected whole numbers"),
        (("--merge",), "--merge: states does not read it"),
        (("--prompts", "x.jsonl"), "--prompts: states does not read it"),
        (("--seed", 9), "train it with"),
    ):
        ended = bench(*line, *words)
        assert ended.code in (2, 4) and said in " ".join(ended.err.split()), (words, ended.err)
    assert not (tmp_path / "out").exists()
    ended = bench("export", "model", *line[2:], "--split", "train")
    assert ended.code == 2 and "--split: a model does not read it" in ended.err
    ended = bench("export", "reward_bench", *line[2:], "--seed", 1)
    assert ended.code == 2 and "seeds are --seeds" in " ".join(ended.err.split())
