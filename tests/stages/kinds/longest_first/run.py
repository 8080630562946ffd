"""Pairs from responses: of two samples, the longer one is preferred."""

from __future__ import annotations

from typing import Any

from benchbench.core.example import Example
from benchbench.data.serial import to_json
from benchbench.stages.context import Result, StageContext
from benchbench.store.generations import read_generations
from benchbench.store.made import write_made


def run(context: StageContext[Any]) -> Result:
    """Write one pair per prompt whose two responses differ in length."""
    prompts = {example.id: example.prompt for example in context.examples()}
    pairs = []
    for name, rows in read_generations(context.input("responses")).groupby("example"):
        texts = sorted(set(rows["text"]), key=len, reverse=True)
        if len(texts) == 2:
            pairs.append(Example(str(name), prompts[str(name)], tuple(text or "." for text in texts)))
    return Result(0, write_made(context.folder, {context.settings.split: pairs}, to_json))
