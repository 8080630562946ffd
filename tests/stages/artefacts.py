"""What stages leave, found by title."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from harness import MICRO, finish
from ruamel.yaml import YAML


@dataclass(frozen=True)
class Artefacts:
    """The stages of one run, in this process."""

    runs: Path
    status: Mapping[str, str]
    """Stage key -> status."""

    def folder(self, title: str) -> Path:
        """Folder of the one stage with this title."""
        found = [self.runs / key for key in self.status if self.lock(key)["title"] == title]
        assert len(found) == 1, (title, [self.lock(key)["title"] for key in self.status])
        return found[0]

    def lock(self, key: str) -> dict[str, Any]:
        """The lock file of a stage; of one that never started its title is its key."""
        path = self.runs / key / "lock.yaml"
        return YAML(typ="safe", pure=True).load(path.read_text()) if path.is_file() else {"title": key}

    def rows(self, title: str) -> pd.DataFrame:
        """Its rows."""
        return pd.read_parquet(self.folder(title) / "rows.parquet")

    def record(self, title: str) -> dict[str, Any]:
        """Its record."""
        return json.loads((self.folder(title) / "status.json").read_text())

    def log(self, title: str) -> list[dict[str, float]]:
        """Its train.jsonl."""
        return [json.loads(line) for line in (self.folder(title) / "train.jsonl").read_text().splitlines()]

    def done(self) -> bool:
        """Whether every stage is done."""
        return set(self.status.values()) == {"done"}


def run(
    folder: Path, targets: Sequence[str], *sets: str, setting: Path = MICRO, seeds: Sequence[int] = (1,)
) -> Artefacts:
    """Run a comparison's stages below a folder, in this process."""
    runs = folder / "runs"
    return Artefacts(runs, finish(targets, runs=runs, setting=setting, seeds=seeds, sets=sets))


def local_model(setting: Path, model: Path, more: str = "") -> Path:
    """Rewrite a copy of the micro setting so that it starts from a model folder."""
    text = setting.read_text(encoding="utf-8")
    begin, end = text.index("  from_config:"), text.index("  dtype: float32\ndata")
    setting.write_text(text[:begin] + f"  model_name_or_path: {model}\n" + text[end:] + more, encoding="utf-8")
    return setting


def local_pairs(setting: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Rewrite a copy of the micro setting so that all its splits are these rows."""
    text = setting.read_text(encoding="utf-8")
    for split in ("sft", "reward", "test"):
        text = text.replace(f"split: {split}\n", "split: train\n").replace(f"split: {split},", "split: train,")
    begin, end = text.index("data:\n"), text.index("tokenization:")
    data = "data: {source: local_files, options: {files: {train: pairs.jsonl}}}\n"
    setting.write_text(text[:begin] + data + text[end:], encoding="utf-8")
    lines = "".join(json.dumps(dict(row)) + "\n" for row in rows)
    (setting.parent / "pairs.jsonl").write_text(lines, encoding="utf-8")
    return setting
