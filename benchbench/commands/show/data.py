"""`bench show data`: examples of a recipe's split as one of its stages reads them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchbench import methods
from benchbench.commands.resolve import resolve
from benchbench.core.errors import BenchError, ExitCode, suggestion, unknown_name
from benchbench.core.example import Example
from benchbench.data.reading import OnEmpty, ReadExample, read_example
from benchbench.data.serial import from_json
from benchbench.data.tokenizer import load_prepared_tokenizer
from benchbench.plan.prepare import prepare_texts
from benchbench.plan.prepared import PreparedTexts
from benchbench.plan.tokenization import Read, held_out_reads, trained_reads
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import parse_overrides
from benchbench.recipe.schema import Recipe
from benchbench.store.prepared import PreparedData

NO_STAGE = "no stage"
"""In the place of a stage's name for a split that none reads: the setting's own tokenisation."""
LABELLED_FALSE = "labelled false: supervised fine-tuning leaves it out"


@dataclass(frozen=True)
class ExampleRequest:
    """Which examples are shown, and as which stage reads them."""

    target: str
    setting: str | None = None
    overrides: Sequence[str] = ()
    split: str | None = None
    """None takes that of the stage, or the one that the method is trained on."""
    stage: str | None = None
    """Name of a section, such as `sft`; none takes the first that reads the split."""
    ids: Sequence[str] = ()
    """None takes the first ones."""
    count: int = 1


@dataclass(frozen=True)
class ShownExamples:
    """Examples, with how they are read."""

    loaded: Loaded
    read: Read
    examples: tuple[ReadExample, ...]
    total: int
    """Examples of the split."""
    notes: tuple[str, ...]
    """What a reader of the tokens must know, in lines."""

    def as_values(self) -> dict[str, Any]:
        """All of it as plain values."""
        section = self.read.tokenization.model_dump(mode="json")
        return {
            "recipe": self.loaded.label,
            "split": self.read.split,
            "stage": self.read.stage,
            "tokenization": section | {"chat_template": self.loaded.recipe.tokenization.chat_template},
            "examples_in_split": self.total,
            "notes": list(self.notes),
            "examples": [_example_values(each) for each in self.examples],
        }


def show_examples(request: ExampleRequest, root: Path) -> ShownExamples:
    """Examples as a stage reads them; data and tokenizer are brought to disk, weights are not asked for.

    Args:
        request: which examples.
        root: the `runs/` folder, where prepared data are.

    Raises:
        BenchError: no such recipe, split, stage or example; exit code 5 where data or tokenizer are not here.
    """
    if request.count < 1:
        raise BenchError(f"--count: expected 1 or more, got {request.count}")
    loaded = resolve(request.target, setting=request.setting, overrides=parse_overrides(request.overrides))
    prepared = prepare_texts(loaded, root)
    if prepared.data is None or prepared.tokenizer_path is None or prepared.missing:
        lines = [f"  {reason}" for reason in prepared.missing]
        raise BenchError("\n".join(["not shown:", *lines]), exit_code=ExitCode.UNAVAILABLE)
    read = _read(loaded.recipe, prepared.data, request)
    lines = prepared.data.lines(read.split)
    chosen = [from_json(line) for line in _chosen(lines, request, read.split)]
    shown = tuple(_shown(chosen, loaded.recipe, read, prepared))
    return ShownExamples(loaded, read, shown, len(lines), tuple(_notes(loaded.recipe, read, request, chosen)))


def _read(recipe: Recipe, data: PreparedData, request: ExampleRequest) -> Read:
    """The reading that is shown.

    Raises:
        BenchError: no such split or stage, or a stage that reads another split.
    """
    reads = _reads(recipe)
    if request.split is not None and request.split not in data.hashes:
        raise unknown_name("split", request.split, data.hashes)
    if request.stage is not None:
        of_stage = next((read for read in reads if read.stage == request.stage), None)
        if of_stage is None:
            raise unknown_name("stage", request.stage, [read.stage for read in reads])
        if request.split is not None and request.split != of_stage.split:
            raise BenchError(
                f"--stage {request.stage}: expected the split that it reads, {of_stage.split}, got --split "
                f"{request.split}; name one of the two"
            )
        return of_stage
    split = request.split or reads[0].split
    return next((read for read in reads if read.split == split), Read(NO_STAGE, split, recipe.tokenization))


def _reads(recipe: Recipe) -> list[Read]:
    """How the recipe's sections read their splits; what the method is trained on first, what is held out last."""
    return [*reversed(trained_reads(recipe)), *held_out_reads(recipe)]


def _chosen(lines: Sequence[Any], request: ExampleRequest, split: str) -> list[Any]:
    """The examples that were asked for, as plain values.

    Raises:
        BenchError: ids that no example of the split has, all in one message.
    """
    if not request.ids:
        return list(lines[: request.count])
    by_id = {str(line["id"]): line for line in lines}
    unknown = [name for name in request.ids if name not in by_id]
    if unknown:
        named = ", ".join(f"'{name}'" for name in unknown)
        ends = f", from '{lines[0]['id']}' to '{lines[-1]['id']}'" if lines else ""
        raise BenchError(
            f"--id: expected ids of split '{split}' ({len(lines)} examples{ends}), got {named}."
            f"{suggestion(unknown[0], by_id)}"
        )
    return [by_id[name] for name in request.ids]


def _shown(examples: Sequence[Example], recipe: Recipe, read: Read, prepared: PreparedTexts) -> Iterator[ReadExample]:
    model = recipe.model
    assert prepared.tokenizer_path is not None
    tokenizer = load_prepared_tokenizer(prepared.tokenizer_path, model)
    section = read.tokenization.model_copy(update={"chat_template": prepared.chat_template})
    if read.stage == "generate":  # the engine gets the prompt alone, and nothing is cut or refused
        lifted = {"max_length": sys.maxsize, "max_prompt_length": None, "append_eos": False, "truncation": "right"}
        section = section.model_copy(update=lifted)
    for example in examples:
        taken = example.taking([0]) if read.stage == "sft" else example
        as_read = read_example(taken, tokenizer, section, on_empty=_on_empty(recipe, read))
        as_read = _prompt_alone(as_read) if read.stage == "generate" else as_read
        is_left_out = read.stage == "sft" and example.label is False
        yield replace(as_read, left_out=LABELLED_FALSE) if is_left_out else as_read


def _prompt_alone(read: ReadExample) -> ReadExample:
    """The first candidate's prompt, which is what a policy is asked."""
    first = read.candidates[0]
    tokens = tuple(token for token in first.tokens if token.is_prompt)
    return replace(read, candidates=(replace(first, response="", tokens=tokens),))


def _on_empty(recipe: Recipe, read: Read) -> OnEmpty:
    """What becomes of a candidate without a scored token: reward models drop it, what trains nothing keeps it."""
    if read.stage in ("score", "generate", NO_STAGE):
        return "keep_constant"
    sections = {"sft": recipe.sft, "preference": recipe.preference}
    section = sections.get(read.stage)
    return "drop" if section is None else section.on_empty_response


def _notes(recipe: Recipe, read: Read, request: ExampleRequest, examples: Sequence[Example]) -> Iterator[str]:
    others = [each.stage for each in _reads(recipe) if each.split == read.split and each.stage != read.stage]
    if others and request.stage is None:
        yield f"also read by: {', '.join(others)} (--stage NAME)"
    if read.stage == "sft":
        yield "sft reads the first candidate alone"
    if read.stage == "generate":
        yield "a policy is asked the prompt alone"
    if read.stage == "preference":
        roles = methods.get(recipe.method.name).read_roles
        if roles and any(example.known_roles != roles for example in examples):
            yield f"of these candidates the method reads: {', '.join(roles)}"
        if recipe.preference is not None and recipe.preference.model_columns:
            yield "columns that models make, and transforms after them, are not shown: stages make them"


def _example_values(read: ReadExample) -> dict[str, Any]:
    example = read.example
    return {
        "id": example.id,
        "left_out": read.left_out or None,
        "refused": read.refused or None,
        "ratings": example.ratings,
        "label": example.label,
        "columns": dict(example.columns),
        "candidates": [
            {
                "role": candidate.role or None,
                "prompt": candidate.prompt,
                "response": candidate.response,
                "tokens": [
                    {
                        "id": token.id,
                        "text": token.text,
                        "of": "prompt" if token.is_prompt else "response",
                        "fate": token.fate,
                        **({"weights": dict(token.weights)} if token.weights else {}),
                    }
                    for token in candidate.tokens
                ],
            }
            for candidate in read.candidates
        ],
    }
