"""Prompt sets under runs/data: those that are whole, and nothing that a killed run left."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchbench.core.example import Message
from benchbench.core.prompt_set import Prompt, PromptSet
from benchbench.plan.prompt_sets import prepare_prompts, prompt_sets

PROMPTS = PromptSet("alpaca_eval", (Prompt("0", (Message("user", "Why?"),)),))


def test_a_prompt_set_comes_back_as_it_was(tmp_path: Path):
    prepared = prepare_prompts(PROMPTS, tmp_path)
    assert prepare_prompts(PROMPTS, tmp_path) == prepared
    assert prompt_sets(tmp_path) == [prepared]
    assert prompt_sets(tmp_path / "none") == []


def test_the_draft_of_a_killed_run_is_no_prompt_set(tmp_path: Path):
    """It may be full, and was not yet given its name."""
    prepared = prepare_prompts(PROMPTS, tmp_path)
    shutil.copytree(prepared.data.folder, prepared.data.folder.with_name(f".{prepared.key}.x7b2"))
    assert prompt_sets(tmp_path) == [prepared]


def test_a_folder_that_lost_its_index_is_made_anew(tmp_path: Path):
    prepared = prepare_prompts(PROMPTS, tmp_path)
    (prepared.data.folder / "prepared.json").unlink()
    assert prompt_sets(tmp_path) == []
    assert prepare_prompts(PROMPTS, tmp_path) == prepared
