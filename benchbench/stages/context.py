"""What every stage is given, and the loading all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import Example
from benchbench.core.records import StageSpec
from benchbench.data.model_files import weights_hash
from benchbench.data.serial import from_json
from benchbench.data.tokenize import tokenize_examples
from benchbench.data.tokenized import Tokenized, TokenizedExample
from benchbench.data.tokenizer import load_tokenizer, tokenizer_hash
from benchbench.generation.engine_cache import EngineCache
from benchbench.models.load import ModelSpec, context_length
from benchbench.recipe.schema import TokenizationSection
from benchbench.recipe.training import JOINED_LATER, TrainingSection
from benchbench.store.file_hashes import file_hash, kept_hash
from benchbench.store.prepared import read_prepared

Report = Callable[[Mapping[str, Any]], None]
OnEmpty = Literal["drop", "keep_constant", "error"]
LABELLED_FALSE = "labelled false"
"""Why an example is no demonstration."""


@dataclass(frozen=True)
class Result:
    """What a stage hands back for its record."""

    tokens: int
    """Tokens through the model, padding left out."""
    summary: Mapping[str, Any]
    """Small facts worth showing."""


@dataclass(frozen=True)
class StageContext:
    """One stage at work."""

    spec: StageSpec
    folder: Path
    """The stage's own folder."""
    root: Path
    """The `runs/` folder."""
    device: torch.device
    report: Report
    should_stop: Callable[[], bool]
    engines: EngineCache = field(default_factory=EngineCache)
    """Where a stage that generates gets its engine; the worker's own, which outlives the stage."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What reaches the stage's numbers."""
        return self.spec.settings

    def input(self, name: str) -> Path:
        """Folder of a finished stage that this one reads."""
        return self.root / self.spec.inputs[name]

    def model_spec(self) -> ModelSpec:
        """The base model of the setting; loading it refuses other weights than those that were planned."""
        return ModelSpec(self.settings["model"], self.spec.run["model_path"], self.check_weights)

    def check_weights(self) -> None:
        """Return only if the setting's pinned weights are those that the stage was planned with.

        Raises:
            BenchError: exit code 5; they are others, or are not all there.
        """
        path, model = self.spec.run["model_path"], self.settings["model"]
        if path is None:
            return
        read = partial(kept_hash, root=self.root)
        found = weights_hash(Path(path), trust_remote_code=model["trust_remote_code"], hash_file=read)
        require_planned(f"weights in {path}", model["weights"], found)

    def tokenizer(self) -> Any:
        """The setting's tokenizer.

        Raises:
            BenchError: exit code 5; its files are not those that the stage was planned with.
        """
        path = self.spec.run["tokenizer_path"]
        tokenizer = load_tokenizer(
            path,
            revision=None,
            pad_token=self.settings["model"]["pad_token"],
            folder=Path(),
            trust_remote_code=self.settings["model"]["trust_remote_code"],
        )
        require_planned(f"tokenizer {path}", self.settings["model"]["tokenizer"], tokenizer_hash(tokenizer))
        return tokenizer

    def tokenization(self) -> TokenizationSection:
        """The stage's tokenisation settings, with the place of its chat template's file.

        Raises:
            BenchError: exit code 5; that file is not the one that the stage was planned with.
        """
        path = self.spec.run["chat_template"]
        settings = self.settings["tokenization"]
        if path is not None:
            found = file_hash(Path(path)) if Path(path).is_file() else "none"
            require_planned(f"chat template {path}", settings["chat_template"], found)
        return TokenizationSection.model_validate({**settings, "chat_template": path})

    def training(self) -> dict[str, Any]:
        """The stage's training section with the settings of this run."""
        named = ((key.rpartition(".")[2], value) for key, value in JOINED_LATER.items())
        later = {name: value for name, value in named if name in TrainingSection.model_fields}
        return {**later, **self.settings["training"], **self.spec.run["training"]}

    def examples(self) -> list[Example]:
        """The normalised examples of the stage's split."""
        data = self.settings["data"]
        prepared = read_prepared(self.root, self.spec.run["data_key"])
        found = "none" if prepared is None else prepared.hashes[data["split"]]
        require_planned(f"prepared data runs/data/{self.spec.run['data_key']}", data["hash"], found)
        assert prepared is not None
        return [from_json(line) for line in prepared.lines(data["split"])]

    def tokenized(
        self, tokenizer: Any, *, on_empty: OnEmpty, keep_all: bool = False, demonstrations: bool = False
    ) -> Tokenized:
        """The split as token ids, by the stage's tokenisation settings.

        As `demonstrations` only the first candidate of each example is read, and no example that is labelled false.
        """
        section = self.tokenization()
        examples, labelled_false = self.examples(), 0
        if demonstrations:
            shown = [_first_candidate(example) for example in examples if example.label is not False]
            examples, labelled_false = shown, len(examples) - len(shown)
        tokenized = tokenize_examples(examples, tokenizer, section, on_empty=on_empty, keep_all=keep_all)
        if labelled_false:
            tokenized = _with_dropped(tokenized, LABELLED_FALSE, labelled_false)
        if not tokenized.examples:
            raise BenchError(
                f"{self.spec.title}: no example of split '{self.settings['data']['split']}' is left after "
                f"tokenisation: {tokenized.report}; see tokenization.max_length and max_prompt_length"
            )
        return tokenized


def require_planned(what: str, planned: str, found: str) -> None:
    """Refuse to go on with other content than the stage is filed under.

    Args:
        what: kind and place of what was opened.
        planned: the content hash in the stage's settings.
        found: that of what is there now, or `none`.

    Raises:
        BenchError: exit code 5; they differ.
    """
    if found != planned:
        raise BenchError(
            f"{what}: expected the content that it had when this run was planned ({planned[:12]}), found another "
            f"({found[:12]}); run the command again to use what is there now, or put the old one back",
            exit_code=ExitCode.UNAVAILABLE,
        )


def check_context(examples: Sequence[TokenizedExample], model: Any, where: str) -> None:
    """Refuse sequences longer than the model can read.

    Raises:
        BenchError: names the longest example and both lengths.
    """
    limit = context_length(model)
    longest = max(examples, key=lambda e: max(len(c.tokens) for c in e.candidates))
    length = max(len(c.tokens) for c in longest.candidates)
    if limit is not None and length > limit:
        raise BenchError(
            f"{where}: example {longest.id} has {length} tokens, the model reads at most {limit}; "
            f"set tokenization.max_length to {limit} or less, with a truncation"
        )


def _with_dropped(tokenized: Tokenized, reason: str, count: int) -> Tokenized:
    report = tokenized.report
    read = report.examples_read + count
    return replace(tokenized, report=replace(report, examples_read=read, dropped={**report.dropped, reason: count}))


def _first_candidate(example: Example) -> Example:
    columns = {n: v[:1] if isinstance(v, tuple) else v for n, v in example.columns.items()}
    ratings = None if example.ratings is None else example.ratings[:1]
    return Example(example.id, example.prompt, example.candidates[:1], ratings, example.label, columns)
