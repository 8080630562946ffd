"""What the stages of a plan read, in tokens: counted on a sample of what is here, or bounded where nothing is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from benchbench import methods, reward_objectives
from benchbench.core.data_ref import DataRef
from benchbench.core.method import Candidates
from benchbench.core.records import StageSpec
from benchbench.cost.passes import RowTokens, bounded_rows, joined_rows
from benchbench.cost.shapes import DecoderShape, UnknownShape, model_shape
from benchbench.cost.turns import turns_of
from benchbench.data.serial import from_json
from benchbench.plan.prepared import Prepared
from benchbench.stages.preference.settings import PreferenceSettings
from benchbench.stages.reward_model.settings import DRAWN, RewardModelSettings
from benchbench.stages.rollout.settings import RolloutSettings
from benchbench.stages.select.settings import SelectSettings
from benchbench.stages.settings import ReadingSettings, TrainingSettings
from benchbench.store.files import json_or_none

SAMPLE = 256
"""Examples of a split that are tokenised to count its tokens, evenly over the split."""


def shape_of(spec: StageSpec) -> DecoderShape | UnknownShape:
    """The shape of a stage's base model, from its configuration alone."""
    model = spec.settings.model
    if model.from_config is not None:
        trained = model.train_tokenizer
        return model_shape(model.from_config, vocabulary=None if trained is None else trained.vocab_size)
    folder = spec.run.model_path
    config = json_or_none(Path(folder) / "config.json") if folder else None
    if not isinstance(config, Mapping):
        return UnknownShape(
            "the weights are not here, and the sizes of a model are read from the config.json beside them"
        )
    return model_shape(config)


@dataclass
class PlanRows:
    """The rows of one plan's stages; each split is read once for each way of reading it."""

    stages: Mapping[str, StageSpec]
    prepared: Sequence[Prepared]
    counted: bool = True
    """Whether a sample is tokenised; else rows are as long as the recipe lets them be."""
    _seen: dict[tuple[Any, ...], RowTokens] = field(default_factory=dict)

    def of(self, spec: StageSpec) -> RowTokens | str:
        """What a stage reads, or why that is not known."""
        rows, select = self._of_data(spec), self.stages.get(spec.inputs.get(DRAWN, ""))
        if isinstance(rows, str) or select is None or _climbs(spec):  # the cost of a climb is said to be unknown
            return rows
        drawn = self._drawn_rows(select)
        return drawn if isinstance(drawn, str) else joined_rows(rows, drawn)

    def _of_data(self, spec: StageSpec) -> RowTokens | str:
        """What a stage reads of its data."""
        settings = spec.settings
        assert isinstance(settings, ReadingSettings)
        data: DataRef = settings.data
        while data.made_by is not None:
            maker = self.stages.get(data.made_by)
            if maker is None:
                return f"split {data.split} is made by a stage that is not in the plan"
            if isinstance(maker.settings, SelectSettings):
                return self._drawn_rows(maker)
            data = maker.settings.data
        prepared = next((each for each in self.prepared if each.data_key == spec.run.data_key), None)
        if prepared is None:
            prepared = next((each for each in self.prepared if data.split in each.data.shapes), None)
        if prepared is None:
            return f"split {data.split} is none that was prepared"
        key = (prepared.data_key, data.split, settings.tokenization.model_dump_json(), *_way(spec))
        if key not in self._seen:
            self._seen[key] = self._read(spec, data.split, prepared)
        return self._seen[key]

    def _drawn_rows(self, select: StageSpec) -> RowTokens | str:
        """Rows that a round will make: one for each prompt, with two responses as long as they may be."""
        rollout = self.stages.get(select.inputs.get("rollout", ""))
        if rollout is None or not isinstance(rollout.settings, RolloutSettings):
            return "the rows of a round whose rollout is not in the plan"
        prompts = self.of(rollout)
        if isinstance(prompts, str):
            return prompts
        turns = turns_of(rollout.settings)
        longest = prompts.row - prompts.prompt if turns is None else turns.response_tokens
        return bounded_rows(
            rollout.settings.prompts.count,
            2,
            prompt=prompts.prompt,
            response=longest,
            origin="at most: one pair for each prompt of the round, responses as long as they may be",
        )

    def _read(self, spec: StageSpec, split: str, prepared: Prepared) -> RowTokens:
        shape = prepared.data.shapes[split]
        limit = spec.settings.tokenization.max_length
        few = max(shape.candidates, default=2)
        candidates, _, whole, share = _way(spec)
        if not self.counted or prepared.missing:
            why = "the data are not here" if prepared.missing else "no row was tokenised"
            return bounded_rows(
                None if prepared.missing else shape.examples,
                min(few, candidates or few),
                prompt=0,
                response=limit,
                origin=f"at most: {why}, so every row counts as max_length, {limit} tokens",
            )
        lines = prepared.data.lines(split)
        step = max(1, len(lines) // SAMPLE)
        return counted_rows(spec, lines[::step][:SAMPLE], prepared, examples=len(lines), split=split)


def _climbs(spec: StageSpec) -> bool:
    """Whether a reward model's objective climbs on what was drawn, which is then none of the rows of its loss."""
    settings = spec.settings
    return isinstance(settings, RewardModelSettings) and bool(reward_objectives.get(settings.objective.name).ascent)


def _way(spec: StageSpec) -> tuple[int | None, tuple[str, ...], bool, bool]:
    """How a stage reads an example: (first candidates, roles, every token, whether candidates share their front)."""
    settings = spec.settings
    share = not isinstance(settings, TrainingSettings) or settings.training.disable_dropout  # type: ignore[attr-defined]
    if spec.kind == "sft":
        return 1, (), False, share
    if spec.kind in ("reward_model", "reward"):
        return None, (), True, share
    if isinstance(settings, PreferenceSettings):
        method = methods.get(settings.method.name, file=spec.run.method_file)
        first = 1 if method.candidates is Candidates.ONE else None
        return first, method.read_roles, False, share
    return None, (), False, share


def counted_rows(spec: StageSpec, lines: Sequence[Any], prepared: Prepared, *, examples: int, split: str) -> RowTokens:
    """Tokens of a sample, laid out as the stage does it.

    Args:
        spec: of the stage.
        lines: examples as plain values.
        prepared: what the recipe reads.
        examples: of the whole split.
        split: its name.

    Raises:
        BenchError: an example that the recipe's tokenisation refuses.
    """
    from benchbench.batches.microbatches import Cost
    from benchbench.data.tokenize import tokenize_examples
    from benchbench.data.tokenizer import load_prepared_tokenizer

    model = spec.settings.model
    tokenizer = load_prepared_tokenizer(prepared.tokenizer_path, model)
    section = spec.settings.tokenization.model_copy(update={"chat_template": prepared.chat_template})
    rows = tokenize_examples([from_json(line) for line in lines], tokenizer, section, on_empty="drop").examples
    first, roles, whole, share = _way(spec)
    cost = Cost(packed=True, share=share, whole=whole, candidates=first, roles=roles)
    packed = [cost.of(row) for row in rows]
    taken = [row.taking(roles).candidates[:first] for row in rows]
    each = [candidate for candidates in taken for candidate in candidates]
    usable = len(rows) / max(1, len(lines))
    return RowTokens(
        examples=round(examples * usable),
        packed=fmean(packed or [0]),
        scored=sum(stop - start for start, stop in (c.response for c in each)) / max(1, len(rows)),
        row=fmean([len(c.tokens) for c in each] or [0]),
        spread=pstdev(packed or [0]),
        longest=max(packed, default=0),
        prompt=fmean([c.response[0] for c in each] or [0]),
        candidates=len(each) / max(1, len(rows)),
        origin=f"counted on {len(lines)} of {examples} examples of {split}",
    )
