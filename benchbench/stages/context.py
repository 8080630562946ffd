"""What every stage is given, and the loading all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from benchbench.core.data_ref import DataRef
from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import Example
from benchbench.core.identity import identity
from benchbench.core.input import Input
from benchbench.core.records import StageSpec
from benchbench.data.drawn_rows import row_of, tokenized_rows
from benchbench.data.model_files import weights_hash
from benchbench.data.serial import from_json
from benchbench.data.token_rows import longest_row
from benchbench.data.tokenize import tokenize_examples
from benchbench.data.tokenized import Tokenized, TokenizedExample
from benchbench.data.tokenizer import load_prepared_tokenizer, tokenizer_hash
from benchbench.generation.engine_cache import EngineCache
from benchbench.models.load import ModelSpec, context_length
from benchbench.models.positions import longest_fixed_row
from benchbench.recipe.schema import TokenizationSection
from benchbench.recipe.training import OnEmptyResponse
from benchbench.stages.settings import ReadingSettings, StageSettings
from benchbench.stages.tokens import made_of, tokenized_once
from benchbench.store.file_hashes import file_hash, kept_hash
from benchbench.store.made import check_made, made_hash, made_lines
from benchbench.store.prepared import PreparedData, read_prepared
from benchbench.store.runs import RunStore
from benchbench.training.ranks import ALONE, Ranks

Report = Callable[[Mapping[str, Any]], None]
LABELLED_FALSE = "labelled false"
"""Why an example is no demonstration."""


@dataclass(frozen=True)
class Result:
    """What a stage hands back for its record."""

    tokens: int
    """Tokens through the model, padding left out."""
    summary: Mapping[str, Any]
    """Small facts worth showing."""


S = TypeVar("S", bound=StageSettings)


def _no_inputs(name: str) -> Input:
    raise LookupError(f"no input '{name}': this stage was started without the room of inputs")


@dataclass(frozen=True)
class StageContext(Generic[S]):
    """One stage at work."""

    spec: StageSpec
    folder: Path
    """The stage's own folder."""
    root: Path
    """The `runs/` folder."""
    device: torch.device
    report: Report
    should_stop: Callable[[], bool]
    input_of: Callable[[str], Input] = _no_inputs
    """The exhibit of the inputs room that serves a need; handed in, since that room stands above the stages."""
    engines: EngineCache = field(default_factory=EngineCache)
    """Where a stage that generates gets its engine; the worker's own, which outlives the stage."""
    ranks: Ranks = ALONE
    """The processes that train the stage together; each runs the stage's code, and the first alone leaves files."""
    device_share: float = 1.0
    """Part of the device that the stage may have."""

    @property
    def settings(self) -> S:
        """What reaches the stage's numbers."""
        return self.spec.settings

    @property
    def run(self) -> Any:
        """Paths and settings of the run: the `RUN` class of the stage's kind."""
        return self.spec.run

    @property
    def has_whole_device(self) -> bool:
        """Whether no other stage runs on the device; one that shares it must do without what depends on its room."""
        return self.device_share >= 1

    def input(self, name: str) -> Path:
        """Folder of a finished stage that this one reads, all of it as it was written.

        Raises:
            BenchError: exit code 5; a file in it is another one.
        """
        return RunStore(self.root).sound_folder(self.spec.inputs[name], model_too=True)

    def model_spec(self) -> ModelSpec:
        """The base model of the setting; loading it refuses other weights than those that were planned."""
        return ModelSpec(self.reading.model.model_dump(), self.run.model_path, self.check_weights)

    def check_weights(self) -> None:
        """Return only if the setting's pinned weights are those that the stage was planned with.

        Raises:
            BenchError: exit code 5; they are others, or are not all there.
        """
        path, model = self.run.model_path, self.reading.model
        if path is None:
            return
        read = partial(kept_hash, root=self.root)
        present = weights_hash(Path(path), trust_remote_code=model.trust_remote_code, hash_file=read)
        require_planned(f"weights in {path}", model.weights, present)

    def tokenizer(self) -> Any:
        """The setting's tokenizer.

        Raises:
            BenchError: exit code 5; its files are not those that the stage was planned with.
        """
        path, model = self.run.tokenizer_path, self.reading.model
        tokenizer = load_prepared_tokenizer(path, model)
        require_planned(f"tokenizer {path}", model.tokenizer, tokenizer_hash(tokenizer))
        return tokenizer

    def tokenization(self) -> TokenizationSection:
        """The stage's tokenisation settings, with the place of its chat template's file.

        Raises:
            BenchError: exit code 5; that file is not the one that the stage was planned with.
        """
        path, section = self.run.chat_template, self.reading.tokenization
        if path is not None:
            present = file_hash(Path(path)) if Path(path).is_file() else "none"
            require_planned(f"chat template {path}", section.chat_template or "none", present)
        return section.model_copy(update={"chat_template": path})

    @property
    def reading(self) -> ReadingSettings:
        """The settings of a stage that puts texts through a model."""
        assert isinstance(self.settings, ReadingSettings), f"{self.spec.kind} reads no texts"
        return self.settings

    def examples(self, data: DataRef | None = None) -> list[Example]:
        """The normalised examples that the stage reads: of a prepared split, or as another stage made them.

        Args:
            data: another reference of the stage's settings than `data`.

        Raises:
            BenchError: exit code 5; they are not those that the stage was planned with, or that were made.
        """
        data = data or self.spec.settings.data
        assert data is not None
        if data.made_by is not None:
            return [from_json(line) for line in made_lines(self._maker(data), data.split)]
        return [from_json(line) for line in self._prepared(data).lines(data.split)]

    def data_content(self, data: DataRef | None = None) -> dict[str, Any]:
        """What identifies the examples that the stage reads; their file is looked at as `examples` would.

        Args:
            data: other examples that the stage reads than its settings' `data`.

        Raises:
            BenchError: exit code 5; as `examples`.
        """
        data = data or self.reading.data
        if data.made_by is None:
            self._prepared(data).check(data.split, self.root)
            return identity(data)
        folder = self._maker(data)
        check_made(folder, data.split, self.root)
        return identity(data) | {"file": made_hash(folder, data.split)}

    def _maker(self, data: DataRef) -> Path:
        """Folder of the stage that made a split."""
        return RunStore(self.root).sound_folder(str(data.made_by))

    def _prepared(self, data: DataRef) -> PreparedData:
        key = self.run.data_key
        prepared = read_prepared(self.root, key)
        present = "none" if prepared is None else prepared.hashes[data.split]
        require_planned(f"prepared data runs/data/{key}", str(data.hash), present)
        assert prepared is not None
        return prepared

    def tokenized(
        self,
        tokenizer: Any,
        *,
        on_empty: OnEmptyResponse,
        keep_all: bool = False,
        demonstrations: bool = False,
        data: DataRef | None = None,
    ) -> Tokenized:
        """The split as token ids, by the stage's tokenisation settings; made once for all that read it the same way.

        As `demonstrations` only the first candidate of each example is read, and no example that is labelled false.
        `tokenizer` is the stage's own, as `self.tokenizer()` gives it. Rows of token ids are read as they are, and
        there may be none of them. `data` are other examples that the stage reads than its settings' `data`.
        """
        section, data = self.tokenization(), data or self.reading.data

        def make() -> Tokenized:
            if data.tokens:
                rows = [row_of(line) for line in made_lines(self._maker(data), data.split)]
                return tokenized_rows(rows, tokenizer, section, on_empty=on_empty, keep_all=keep_all)
            examples, labelled_false = self.examples(data), 0
            if demonstrations:
                shown = [example.taking([0]) for example in examples if example.label is not False]
                examples, labelled_false = shown, len(examples) - len(shown)
            tokenized = tokenize_examples(examples, tokenizer, section, on_empty=on_empty, keep_all=keep_all)
            return _with_dropped(tokenized, LABELLED_FALSE, labelled_false) if labelled_false else tokenized

        way = {"on_empty": on_empty, "keep_all": keep_all, "demonstrations": demonstrations}
        tokenized = tokenized_once(self.root, made_of(self.reading, self.data_content(data), way), make, self.report)
        if not tokenized.examples and not (data.tokens and not tokenized.report.examples_read):
            raise BenchError(
                f"{self.spec.title}: no example of split '{data.split}' is left after "
                f"tokenisation: {tokenized.report}; see tokenization.max_length and max_prompt_length"
            )
        return tokenized


def require_planned(what: str, planned: str, present: str) -> None:
    """Refuse to go on with other content than the stage is filed under.

    Args:
        what: kind and place of what was opened.
        planned: the content hash in the stage's settings.
        present: that of what is there now, or `none`.

    Raises:
        BenchError: exit code 5; they differ.
    """
    if present != planned:
        raise BenchError(
            f"{what}: expected the content that it had when this run was planned ({planned[:12]}), found another "
            f"({present[:12]}); run the command again to use what is there now, or put the old one back",
            exit_code=ExitCode.UNAVAILABLE,
        )


def check_context(examples: Sequence[TokenizedExample], model: Any, where: str) -> None:
    """Refuse sequences longer than the model can read.

    Raises:
        BenchError: names the longest example and both lengths.
    """
    if not examples:
        return
    limit = context_length(model)
    longest, length = longest_row(examples)
    if limit is not None and length > limit:
        raise BenchError(
            f"{where}: example {longest} has {length} tokens, the model reads at most {limit}; "
            f"set tokenization.max_length to {limit} or less, with a truncation"
        )
    fixed = longest_fixed_row(model.config)
    if fixed is not None and length > fixed:
        raise BenchError(
            f"{where}: example {longest} has {length} tokens, and beyond {fixed} the model's rope_type longrope "
            "takes other angles for all rows of a batch, so that a row's numbers would depend on its neighbours; "
            f"set tokenization.max_length to {fixed} or less, with a truncation"
        )


def _with_dropped(tokenized: Tokenized, reason: str, count: int) -> Tokenized:
    report = tokenized.report
    read = report.examples_read + count
    return replace(tokenized, report=replace(report, examples_read=read, dropped={**report.dropped, reason: count}))
