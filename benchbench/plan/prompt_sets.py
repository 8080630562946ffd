"""Prompt sets on disk: prompts that are answered instead of a recipe's own split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchbench.core.example import Example, Message
from benchbench.core.hashing import fingerprint
from benchbench.core.prompt_set import Prompt, PromptSet
from benchbench.core.split_shape import SplitShape
from benchbench.data.prompts import first_prompts
from benchbench.data.serial import content_hash, from_json, to_json
from benchbench.store.files import folders
from benchbench.store.prepared import PreparedData, read_prepared, sound_prepared, write_prepared

FIRST_TURN, SECOND_TURN = "prompts", "prompts_second_turn"
"""Splits of prepared prompt sets; the second turn's hold the conversation without the first response."""
NO_RESPONSE = ("",)
"""Candidates of a row that is a prompt alone, which nothing is compared with; examples have one at least."""
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
    prepared = sound_prepared(root, key)
    if prepared is None:
        splits = {name: list(_examples(prompts, name)) for name in (FIRST_TURN, SECOND_TURN)[: prompts.turns]}
        prepared = write_prepared(
            root,
            key,
            splits,
            to_json,
            hashes={name: content_hash({name: examples}) for name, examples in splits.items()},
            report={REPORT: {"format": prompts.format, "prompts": rows}},
            shapes={name: SplitShape(len(examples), [1], {}) for name, examples in splits.items()},
        )
    return PreparedPrompts(prompts, prepared, key)


def _examples(prompts: PromptSet, split: str) -> Iterator[Example]:
    for prompt in prompts.prompts:
        if split == FIRST_TURN:
            yield Example(prompt.id, prompt.messages, NO_RESPONSE if prompt.response is None else (prompt.response,))
        elif prompt.second is not None:
            yield Example(prompt.id, (*prompt.messages, Message("user", prompt.second)), NO_RESPONSE)


def prompt_sets(root: Path) -> list[PreparedPrompts]:
    """Every prompt set under runs/data, by key."""
    prepared = []
    for folder in folders(root / "data"):
        data = read_prepared(root, folder.name)
        if data is not None and REPORT in data.report:
            stored = data.report[REPORT]
            prompts = tuple(
                Prompt(**{**row, "messages": tuple(Message(**message) for message in row["messages"])})
                for row in stored["prompts"]
            )
            prepared.append(PreparedPrompts(PromptSet(stored["format"], prompts), data, folder.name))
    return prepared


def split_prompts(data: PreparedData, split: str, count: int | None) -> PromptSet:
    """The prompts of a setting's own split, as far as responses are drawn to them."""
    examples = first_prompts((from_json(line) for line in data.lines(split)), count)
    return PromptSet("split", tuple(Prompt(example.id, example.prompt) for example in examples))
