"""docs/examples/imdb_sentiment on local folders in the hub's formats: a GPT-2, reviews with labels, a DistilBERT."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import torch
from harness import ROOT, bench, finish
from transformers import GPT2Config, GPT2LMHeadModel

from benchbench.models.load import seeded
from tests.judges.classifiers import sentiment_folder, tokenizer

EXAMPLE = ROOT / "docs" / "examples" / "imdb_sentiment"
REVISION = re.compile(r"^ *(dataset_)?revision: [0-9a-f]{40}\n|revision: [0-9a-f]{40}, |^ *dataset_config: .*\n", re.M)
FOLDERS = {
    "openai-community/gpt2": "./gpt2",
    "stanfordnlp/imdb": "./imdb",
    "siebert/sentiment-roberta-large-english": "./sentiment",
    "max_length: 512": "max_length: 256",
    "max_new_tokens: 48": "max_new_tokens: 8",
    "per_round: 4032": "per_round: 2",
}
RECIPES = ("dpo", "dpo_iterative", "hypo", "ipo", "rloo", "simpo")


def lay_out(folder: Path) -> Path:
    """The example with folders in the place of the hub's names, and these folders."""
    for path in EXAMPLE.glob("*.yaml"):
        text = REVISION.sub("", path.read_text(encoding="utf-8"))
        for name, local in FOLDERS.items():
            text = text.replace(name, local)
        (folder / path.name).write_text(text, encoding="utf-8")
    words = tokenizer()
    words.chat_template, words.bos_token = None, words.eos_token
    ends = {"bos_token_id": words.eos_token_id, "eos_token_id": words.eos_token_id}
    config = GPT2Config(vocab_size=len(words), n_embd=16, n_layer=1, n_head=2, n_positions=256, **ends)
    with seeded(0, "gpt2"):
        GPT2LMHeadModel(config).to(torch.float32).save_pretrained(folder / "gpt2")
    words.save_pretrained(folder / "gpt2")
    sentiment_folder(folder / "sentiment")
    texts = [f"this film {n} was a good bad one for me . so i say {n % 7} ." for n in range(120)]
    (folder / "imdb" / "plain_text").mkdir(parents=True)
    rows = pd.DataFrame({"text": texts, "label": [int(n > 60) for n in range(120)]})
    rows.to_parquet(folder / "imdb" / "plain_text" / "train-00000-of-00001.parquet")
    return folder / "setting.yaml"


def test_its_names_are_pinned_to_commits_and_it_says_that_it_was_not_run():
    texts = {path.stem: path.read_text(encoding="utf-8") for path in EXAMPLE.glob("*.yaml")}
    assert set(texts) == {"setting", *RECIPES} and "not run" in texts["setting"]
    assert all("74cea614e245b0832c770ec9aa51bd58df965b9c" in text for text in texts.values())
    for path in EXAMPLE.glob("*.yaml"):
        assert bench("recipes", "validate", path).code == 0


def test_it_runs_on_folders_in_the_hubs_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One step of RLOO, and of DPO on a round's draws, both by the classifier, which judges the answers, too."""
    from datasets import config

    monkeypatch.setattr(config, "HF_DATASETS_CACHE", tmp_path / "cache")
    setting = lay_out(tmp_path)
    small = ["sft.max_steps=1", "preference.max_steps=1", "preference.global_batch_size=2"]
    small += ["preference.per_device_train_batch_size=2", "generate.num_prompts=3", "generate.engine=transformers"]
    small += ["data.options.holdout={validation: 0.1, test: 0.2}"]
    targets = [tmp_path / "rloo.yaml", tmp_path / "dpo.yaml"]
    ended = finish(targets, runs=tmp_path / "runs", setting=setting, sets=small)
    assert set(ended.values()) == {"done"}
    assert {key.partition("/")[0] for key in ended} >= {"sft", "rollout", "label", "preference", "generate", "judge"}
