"""Responses to a prompt file in the graph: generate stages whose data is the file instead of a split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchbench.core.errors import BenchError
from benchbench.core.example import Example, Message
from benchbench.core.hashing import fingerprint
from benchbench.core.prompt_set import Prompt, PromptSet
from benchbench.core.records import StageSpec
from benchbench.core.split_shape import SplitShape
from benchbench.data.prompts import first_prompts
from benchbench.data.serial import content_hash, from_json, to_json
from benchbench.store.prepared import PreparedData, read_prepared, write_prepared

if TYPE_CHECKING:
    from benchbench.plan.build import Cell, Plan

FIRST_TURN, SECOND_TURN = "prompts", "prompts_second_turn"
"""Splits of prepared prompt sets; the second turn's hold the conversation without the first response."""
NO_RESPONSE = ("",)
"""Candidates of a row that is a prompt alone, which nothing is held against; examples have one at least."""
REPORT = "prompt_set"
PREPARED_VERSION = 2
"""Raised by hand when what is stored of a prompt set changes."""


@dataclass(frozen=True)
class PreparedPrompts:
    """A prompt set on disk."""

    prompts: PromptSet
    data: PreparedData
    key: str

    @property
    def splits(self) -> tuple[str, ...]:
        """One per turn."""
        return (FIRST_TURN, SECOND_TURN)[: self.prompts.turns]


def prepare_prompts(prompts: PromptSet, root: Path) -> PreparedPrompts:
    """Put a prompt set under runs/data, by its content; what is there is not written again."""
    rows = [asdict(prompt) for prompt in prompts.prompts]
    key = fingerprint({"prepared_version": PREPARED_VERSION, "format": prompts.format, "prompts": rows})
    found = read_prepared(root, key)
    if found is None:
        splits = {name: list(_examples(prompts, name)) for name in (FIRST_TURN, SECOND_TURN)[: prompts.turns]}
        found = write_prepared(
            root,
            key,
            splits,
            to_json,
            hashes={name: content_hash({name: examples}) for name, examples in splits.items()},
            report={REPORT: {"format": prompts.format, "prompts": rows}},
            shapes={name: SplitShape(len(examples), [1], {}) for name, examples in splits.items()},
        )
    return PreparedPrompts(prompts, found, key)


def _examples(prompts: PromptSet, split: str) -> Iterator[Example]:
    for prompt in prompts.prompts:
        if split == FIRST_TURN:
            yield Example(prompt.id, prompt.messages, NO_RESPONSE if prompt.response is None else (prompt.response,))
        elif prompt.second is not None:
            yield Example(prompt.id, (*prompt.messages, Message("user", prompt.second)), NO_RESPONSE)


def prompt_sets(root: Path) -> list[PreparedPrompts]:
    """Every prompt set under runs/data, by key."""
    found = []
    for folder in sorted((root / "data").glob("*")):
        data = read_prepared(root, folder.name) if folder.is_dir() else None
        if data is not None and REPORT in data.report:
            stored = data.report[REPORT]
            prompts = tuple(
                Prompt(**{**row, "messages": tuple(Message(**message) for message in row["messages"])})
                for row in stored["prompts"]
            )
            found.append(PreparedPrompts(PromptSet(stored["format"], prompts), data, folder.name))
    return found


def split_prompts(data: PreparedData, split: str, count: int | None) -> PromptSet:
    """The prompts of a setting's own split, as far as responses are drawn to them."""
    examples = first_prompts((from_json(line) for line in data.lines(split)), count)
    return PromptSet("split", tuple(Prompt(example.id, example.prompt) for example in examples))


def prompted(plan: Plan, cell: Cell, prompts: PreparedPrompts) -> list[StageSpec]:
    """One generate stage per turn: the cell's own, asked the prompt set once each instead of its split.

    The second turn's stage reads the first one's responses, which its prompts hold.

    Args:
        plan: that the cell is of.
        cell: with a generate stage.
        prompts: on disk.

    Raises:
        BenchError: a recipe that draws several samples.
    """
    assert cell.generate is not None, "only cells with a generate section are asked"
    own = plan.stages[cell.generate]
    samples = own.settings["generate"]["num_samples"]
    if samples > 1:
        raise BenchError(
            f"{cell.loaded.setting_path}: generate.num_samples: expected 1 with --prompts, which draws one answer to "
            f"each prompt, found {samples}; add --set generate.num_samples=1"
        )
    stages: list[StageSpec] = []
    for split in prompts.splits:
        asked = {"split": split, "num_prompts": None, "num_samples": 1}
        settings = {
            **own.settings,
            "data": {"split": split, "hash": prompts.data.hashes[split]},
            "generate": {**own.settings["generate"], **asked},
            **({"turn": len(stages) + 1} if stages else {}),  # draws of its own
        }
        first = {"first": stages[0].key} if stages else {}
        title = f"responses of {cell.loaded.label} seed {cell.seed} to {split.replace('_', ' ')} of {prompts.key}"
        run = {**own.run, "data_key": prompts.key}
        stages.append(replace(own, title=title, settings=settings, inputs={**own.inputs, **first}, run=run))
    return stages


def asked(plan: Plan, prompts: PreparedPrompts) -> None:
    """Put a prompt set in the place of the split that every cell of the plan answers; nothing is judged yet.

    Raises:
        BenchError: cells that answer nothing or several times, a set of two turns, or a set without responses where
            the recipe's judge holds answers against chosen ones.
    """
    for cell in plan.cells:
        where, judge = cell.loaded.setting_path, cell.loaded.recipe.judge
        if cell.generate is None:
            raise BenchError(f"{where}: --prompts: expected a generate section, which says how responses are drawn")
        if prompts.prompts.turns > 1:
            raise BenchError(
                "--prompts: compare judges single answers, and this file's prompts have two turns; draw the answers "
                "with bench eval --prompts and take them to the tool of this format with bench export"
            )
        if judge is not None and "chosen" in judge.against and not prompts.prompts.has_responses:
            others = ", ".join(name for name in judge.against if name != "chosen") or "baseline"
            raise BenchError(
                f"{where}: judge.against: expected 'chosen' only with responses in the prompt file (`output` in "
                f"AlpacaEval's format, `response` in our own), found rows without; add --set 'judge.against=[{others}]'"
            )
    own = [cell.generate for cell in plan.cells]
    specs = [prompted(plan, cell, prompts)[0] for cell in plan.cells]
    for key in own:
        plan.stages.pop(str(key), None)
    plan.stages |= {spec.key: spec for spec in specs}
    plan.cells = [
        replace(cell, generate=spec.key, answered=prompts.key) for cell, spec in zip(plan.cells, specs, strict=True)
    ]
