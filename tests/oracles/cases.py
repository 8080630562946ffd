"""What each oracle takes, for the contract: groups that it can label, and what its context must have."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from benchbench.core.rollout import Group, Labels

from .toys import Model, Writer, group

PROMPT = "please put these in order : c a b"
TEXTS = ("sure , answer : a b c .", "answer : a c b .", "answer : a b c . hope this helps .")
NUMBERS = dict(zip(TEXTS, ((0.5,), (-1.0,), (2.0,)), strict=True))
LOGPS = dict(zip(TEXTS, ((-1.0, -2.0), (-0.5,), (-1.0, -1.0, -1.0)), strict=True))


def toy_groups(count: int) -> list[Group]:
    """Found by a search, which only the oracle that reads searches looks at."""
    groups = [group(*TEXTS, prompt=PROMPT, example=f"e{k}", answer="a b c") for k in range(count)]
    labels = Labels(scores=(1.0, 0.0, 0.5), answers=3, columns={"on_path": (1.0, 0.0, 0.0)})
    return [replace(each, search_labels=labels) for each in groups]


@dataclass(frozen=True)
class Case:
    """One oracle in the contract."""

    options: Mapping[str, Any] = field(default_factory=dict)
    models: Callable[[], Mapping[str, Model]] = dict
    writer: Callable[[], Writer] | None = None
    pairs: int = 3
    """Pairs of three responses that one that compares pairs is asked about."""


def policies() -> Mapping[str, Model]:
    return {"policy": Model(LOGPS), "reference": Model({text: [0.9 * x for x in ps] for text, ps in LOGPS.items()})}


def three_policies() -> Mapping[str, Model]:
    before = {text: [1.1 * x for x in ps] for text, ps in LOGPS.items()}
    return {**policies(), "previous": Model(before)}


def rewards() -> Mapping[str, Model]:
    return {"reward_model": Model(NUMBERS)}


def follow_ups() -> Mapping[str, Model]:
    return {"policy": Model({"yes": [-1.0, -0.5], "no": [-2.0]})}


class ClassifierCase(Mapping[str, Any]):
    """Options that name a folder, which is made when they are first read."""

    @cached_property
    def _values(self) -> dict[str, Any]:
        from tests.judges.classifiers import sentiment_folder

        self._folder = tempfile.TemporaryDirectory()
        sentiment_folder(Path(self._folder.name))
        return {"model_name_or_path": self._folder.name, "label": "POSITIVE", "max_length": 256}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


CASES = {
    "annotator": Case(),
    "classifier": Case(ClassifierCase()),
    "counted_calls": Case({"match": "text", "after": "answer :", "until": " ."}),
    "density_ratio": Case(models=policies),
    "dropout_passes": Case(models=rewards),
    "followup_likelihood": Case({"good": ["yes"], "bad": ["no"]}, models=follow_ups),
    "gold": Case(),
    "gold_objectives": Case(),
    "gold_part": Case(),
    "implicit": Case(models=policies),
    "implicit_twice": Case(models=three_policies),
    "judge": Case({"judge": "toy_annotator", "options": {"length_bias": 0.1}}),
    "margin_annotator": Case(models=policies, pairs=1),
    "none": Case(),
    "pair_model": Case(models=rewards),
    "r3_relevance": Case(),
    "reward_stage": Case(models=rewards),
    "search": Case(),
    "self_judge": Case(writer=lambda: Writer(lambda prompt: ["A"])),
    "sentiment": Case(),
    "verifier": Case({"match": "text", "after": "answer :", "until": " ."}),
    "votes": Case({"match": "text", "after": "answer :", "until": " ."}),
    "yes_token": Case({"samples": 2}, writer=lambda: Writer(lambda prompt: ["Yes", "no"])),
}
