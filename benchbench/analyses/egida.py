"""Attack success by topic and by style of attack, before and after safety training.

Garcia-Gasulla et al. 2025, arXiv:2502.13603 (Egida): DPO on pairs of a safe and an unsafe answer to prompts of many
safety topics, each in many styles of attack, is measured by the attack success rate, on topics and styles that were
trained on and on those that were not, and by how much the model refuses what is harmless. Of responses of the model
before training each rate has the difference; a prompt counts once, by the mean of its responses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchbench.analyses import _attacks as attacked
from benchbench.analyses._attacks import is_harmless, prompts_of, rate_line, refusal_rates
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.paper import Paper

PROMPTS = RowsInput(
    "prompts",
    "A prompt: a topic in a style of attack.",
    (
        attacked.PROMPT_ID,
        RowField("topic", "label", "What it is about."),
        RowField("style", "label", "How it attacks, such as plain or role play."),
        attacked.HARMLESS,
    ),
    rest=True,
)
BEFORE = RowsInput(
    "before", "As responses, of the model before training.", attacked.RESPONSE_FIELDS, optional=True, rest=True
)


@dataclass(frozen=True)
class Options:
    """What the model was trained on."""

    topics: str = ""
    """Topics that training had, separated by commas; none where it is not known."""
    styles: str = ""
    """Styles that training had, separated by commas; none where it is not known."""


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Attack success over all, by topic, style and both, of trained and other kinds; refusals of harmless prompts.

    Raises:
        BenchError: no harmful prompt was answered, responses that cannot be judged, or kinds that are not there.
    """
    after, notes = refusal_rates(inputs["responses"])
    known = prompts_of(after, inputs["prompts"])
    before, _ = refusal_rates(inputs["before"]) if inputs.get("before") else ({}, [])
    if before and set(before) != set(after):
        raise BenchError("before: expected responses to the same prompts as in the responses, found others")
    attacks = {name: row for name, row in known.items() if not is_harmless(row)}
    if not attacks:
        raise BenchError("responses: expected some to harmful prompts, found none")
    success, earlier = ({name: 1 - rate for name, rate in rates.items()} for rates in (after, before))
    seen = {kind: _named(getattr(options, f"{kind}s"), kind, attacks) for kind in ("topic", "style")}
    tables = [
        ResultTable("overall", "Attack success", _lines(success, earlier, {"all": [*attacks]}, "prompts of")),
        *(ResultTable(f"by_{k}", f"By {k}", _lines(success, earlier, _groups(attacks, k), k)) for k in seen),
        ResultTable("by_both", "By topic and style", _lines(success, earlier, _groups(attacks, *seen), "topic, style")),
    ]
    if any(seen.values()):
        trained = {k: ["trained" if str(row[k]) in seen[k] else "other" for row in attacks.values()] for k in seen}
        kinds: dict[str, list[str]] = {}
        for name, topic, style in zip(attacks, *trained.values(), strict=True):
            kinds.setdefault(f"{topic} topics, {style} styles", []).append(name)
        tables.append(ResultTable("trained", "Trained and other kinds", _lines(success, earlier, kinds, "kinds")))
    if harmless := [name for name in known if name not in attacks]:
        lines = _lines(after, before, {"all": harmless}, "prompts of")
        tables.append(ResultTable("refused", "Refused although harmless", lines))
    return Analysed(tables, [attacked.ASR, "change: after less before, n/a without the responses before", *notes])


def _named(text: str, kind: str, attacks: Mapping[str, Row]) -> set[str]:
    names, there = {name.strip() for name in text.split(",") if name.strip()}, {str(r[kind]) for r in attacks.values()}
    if unknown := sorted(names - there):
        raise BenchError(f"--set {kind}s: expected some of {', '.join(sorted(there))}, found {', '.join(unknown)}")
    return names


def _groups(attacks: Mapping[str, Row], *kinds: str) -> Mapping[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, row in attacks.items():
        groups.setdefault(", ".join(str(row[kind]) for kind in kinds), []).append(name)
    return groups


def _lines(
    after: Mapping[str, float], before: Mapping[str, float], groups: Mapping[str, Sequence[str]], what: str
) -> list[Mapping[str, Any]]:
    lines = []
    for group, names in groups.items():
        change = float(np.mean([after[k] - before[k] for k in names])) if before else math.nan
        lines.append({what: group, **rate_line(after[k] for k in names), "change": change})
    return sorted(lines, key=lambda line: -line["rate"])


ANALYSIS = Analysis(
    name="egida",
    title="Attack success by topic and style of attack",
    paper=Paper(
        "Garcia-Gasulla et al.",
        2025,
        arxiv="2502.13603",
        title="Efficient Safety Retrofitting Against Jailbreaking for LLMs",
    ),
    analyse=analyse,
    inputs=(attacked.RESPONSES, PROMPTS, BEFORE),
    options=Options,
    open_question="Only abstracts could be read: its prompts, styles and judge (Llama Guard) are not reproduced.",
)
