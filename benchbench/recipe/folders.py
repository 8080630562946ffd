"""Folders that relative paths of a recipe start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path


@dataclass(frozen=True)
class RecipeFolders:
    """Folders that relative paths start from: of the file that wrote them, or where `--set` was given."""

    data: Path
    model: Path
    tokenizer: Path
    chat_template: Path
    judge: Path
    oracle: Path
    online_oracle: Path

    @classmethod
    def of(cls, origins: Mapping[str, str], setting: Path) -> RecipeFolders:
        """By the origin of each key; a key that is nowhere has the setting's folder.

        Args:
            origins: dotted key -> "file:line" or "--set".
            setting: file of the setting.
        """
        folder = partial(folder_of, origins=origins, setting=setting)
        return cls(
            data=folder("data.options"),  # the only paths of the section stand there
            model=folder("model.model_name_or_path"),
            tokenizer=folder("model.tokenizer_name_or_path"),
            chat_template=folder("tokenization.chat_template"),
            judge=folder("judge.options"),
            oracle=folder("rounds.oracle.options"),
            online_oracle=folder("online.oracle.options"),
        )


def folder_of(key: str, *, origins: Mapping[str, str], setting: Path) -> Path:
    """Folder that a relative path at a dotted key starts from; the setting's where the key is nowhere."""
    for path, origin in origins.items():
        if path == key or path.startswith(f"{key}."):
            return Path.cwd() if origin == "--set" else Path(origin.rsplit(":", 1)[0]).parent
    return setting.parent
