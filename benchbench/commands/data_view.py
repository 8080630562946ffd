"""What was read, dropped, cut, tied, identical or empty, in lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchbench.plan.graph import Plan
from benchbench.recipe.load import Loaded
from benchbench.stages.model_columns.settings import ModelColumnsSettings
from benchbench.store.prepared import PreparedData
from benchbench.store.runs import RunStore


def used_splits(loaded: Loaded) -> list[str]:
    """The splits that a recipe's stages read, in the order of the stages."""
    recipe = loaded.recipe
    sections = (recipe.sft, recipe.reward_model, recipe.preference, recipe.score, recipe.generate)
    return list(dict.fromkeys(section.split for section in sections if section is not None))


def data_lines(data: PreparedData, splits: Iterable[str]) -> list[str]:
    """One line per split, one per transform of it, and one per pair of splits that share prompts."""
    wanted = list(dict.fromkeys(splits))
    lines: list[str] = []
    for split in wanted:
        lines.append(f"data, {split}: {_split(data.report['splits'][split])}")
        lines += [f"data, {split}: {_transform(t)}" for t in data.report.get("transforms", {}).get(split, ())]
    for overlap in data.report["overlaps"]:
        first, second = overlap["splits"]
        if overlap["prompts"] and first in wanted and second in wanted:
            lines.append(f"data, {first} and {second}: {overlap['prompts']} prompts in both")
    return lines


def label_lines(loaded: Loaded, data: PreparedData) -> list[str]:
    """What supervised fine-tuning leaves out of a split with labels."""
    section = loaded.recipe.sft
    labels = data.shapes[section.split].labels if section is not None else {}
    if section is None or not labels:
        return []
    trained_on = f"the {labels['true']} examples labelled true; {labels['false']} labelled false are left out"
    return [f"sft, {section.split}: trains on {trained_on}"]


def made_lines(plan: Plan, store: RunStore) -> list[str]:
    """What became of the examples for which models made columns, as far as these are made."""
    lines: list[str] = []
    for key, spec in plan.stages.items():
        record = store.record(key) if isinstance(spec.settings, ModelColumnsSettings) else None
        if record is not None and record.status == "done":
            summary = record.summary
            parts = [f"{summary['examples_read']} examples read"]
            parts += [f"{name} missing in {count}" for name, count in summary["missing"].items()]
            lines.append(f"{spec.title}: {', '.join(parts)}")
            lines += [f"{spec.title}: {_transform(report)}" for report in summary["transforms"]]
    return lines


def _transform(report: Mapping[str, Any]) -> str:
    parts = [f"{report['name']}: {report['examples_in']} examples in, {report['examples_out']} out"]
    parts += [f"dropped {count} ({reason})" for reason, count in report["dropped"].items()]
    parts += [f"added {count} ({reason})" for reason, count in report["added"].items()]
    return ", ".join([*parts, *(f"{count} {remark}" for remark, count in report["changed"].items())])


def _split(report: Mapping[str, Any]) -> str:
    parts = [f"{report['examples']} examples of {report['rows']} rows"]
    parts += [f"dropped {count} ({reason})" for reason, count in report["dropped"].items()]
    parts += [f"{count} labelled {label}" for label, count in report["labels"].items()]
    named = {
        "tied ratings": report["tied_ratings"],
        "identical candidates": report["identical_candidates"],
        "empty responses": report["empty_responses"],
        "repeated prompts": report["duplicate_prompts"],
    }
    parts += [f"{count} {name}" for name, count in (named | dict(report["notes"])).items() if count]
    unread = report.get("columns_not_read", ())
    parts += [f"columns not read: {' '.join(unread)}"] if unread else []
    return ", ".join(parts)
