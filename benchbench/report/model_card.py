"""Model cards (README.md of a model folder): what was trained on what, how, and what it was measured at.

A card is written beside a model and is no part of it: nothing hashes or reads it. It says no time, no path and no
machine, so equal runs have equal cards. When a training ends only the stage's own facts are known (`CardFacts` without
`recipe`); an export knows the recipe and the measurements, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from benchbench.report.card_facts import CardFacts, CardMeasurement
from benchbench.report.markdown import table
from benchbench.report.numbers import NOT_AVAILABLE, quantity
from benchbench.report.run_page import value_text

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, ModelCard

FILE = "README.md"
_KINDS = {"sft": "supervised fine-tuning", "preference": "preference training", "reward_model": "a reward model"}
_PACKAGES = ("benchbench", "torch", "transformers", "tokenizers", "peft", "datasets")
_ROLES = ("method", "objective", "training", "lora")
"""Parts of a stage's settings that say how it was trained."""


def model_card(facts: CardFacts) -> ModelCard:
    """The card of a model folder; `save` writes it."""
    from huggingface_hub import ModelCard, ModelCardData

    tags = ["benchbench", facts.trained_with, *(["lora"] if facts.settings.get("lora") else [])]
    recipe = facts.recipe
    data = ModelCardData(
        base_model=(recipe.hub_base or None) if recipe is not None else None,
        datasets=[recipe.hub_dataset] if recipe is not None and recipe.hub_dataset else None,
        library_name="peft" if facts.is_adapter else "transformers",
        pipeline_tag=None if facts.kind == "reward_model" else "text-generation",
        tags=list(dict.fromkeys(tags)),
        model_name=facts.title if facts.measurements else None,
        eval_results=list(_results(facts)) or None,
    )
    return ModelCard(f"---\n{data.to_yaml()}\n---\n\n{card_text(facts)}")


def card_text(facts: CardFacts) -> str:
    """The card below its metadata."""
    parts = [[f"# {facts.title}", *_opening(facts)], _use(facts), _measured(facts), _training(facts), _data(facts)]
    parts += [_base(facts), _made_again(facts)]
    return "\n".join("\n\n".join(part) + "\n" for part in parts if part)


def _opening(facts: CardFacts) -> Iterator[str]:
    what = _KINDS.get(facts.kind, facts.kind)
    by = f"`{facts.trained_with}`" + (f" ({facts.recipe.paper})" if facts.recipe and facts.recipe.paper else "")
    form = "Adapters (LoRA) alone, which stand on their base model." if facts.is_adapter else "Whole weights."
    merged = " Adapters were added to their base in float32 when the model was exported." if facts.is_merged else ""
    version = facts.packages.get("benchbench", "")
    yield f"Left by {what} with {by}, run by benchbench {version}. {form}{merged}"
    if facts.recipe is not None and facts.recipe.notice:
        yield f"**{facts.recipe.notice}.**"
    if facts.recipe is not None and facts.recipe.untuned:
        yield "Untuned: its hyper-parameters were not chosen on a validation split of this setting."


def _use(facts: CardFacts) -> list[str]:
    if facts.kind == "reward_model":
        return ["## Use", "benchbench reads it with its head; transformers alone reads the backbone without it."]
    lines = ["from transformers import AutoModelForCausalLM, AutoTokenizer", ""]
    lines += [
        'model = AutoModelForCausalLM.from_pretrained("FOLDER")',
        'tokenizer = AutoTokenizer.from_pretrained("FOLDER")',
    ]
    needed = " peft must be installed, and the base be where `adapter_config.json` says." if facts.is_adapter else ""
    return ["## Use", "\n".join(["```python", *lines, "```"]), f"`FOLDER` is the folder of this file.{needed}"]


def _measured(facts: CardFacts) -> list[str]:
    if not facts.measurements:
        why = "; ".join(facts.notes) or (
            "None: this card was written when the training ended, before anything was scored. `bench export model` "
            "writes one with measurements and their intervals"
        )
        return ["## Measurements", f"{why}."]
    first = facts.measurements[0]
    rows = [
        [
            f"{each.metric} ({each.scoring})",
            quantity(each.interval.mean, each.unit),
            _bounds(each),
            each.unit,
            str(each.n),
            each.interval.method,
        ]
        for each in facts.measurements
    ]
    head = ["metric", "value", f"{first.interval.level:.0%} interval", "unit", "n", "interval by"]
    notes = list(dict.fromkeys([*(e.interval.note for e in facts.measurements if e.interval.note), *facts.notes]))
    said = f"Of one run, on the pairs of split `{first.split}`" + "".join(f"; {note}" for note in notes)
    return ["## Measurements", table(head, rows), f"{said}."]


def _bounds(measured: CardMeasurement) -> str:
    interval = measured.interval
    if math.isnan(interval.low):
        return NOT_AVAILABLE
    return f"[{quantity(interval.low, measured.unit)}, {quantity(interval.high, measured.unit)}]"


def _training(facts: CardFacts) -> list[str]:
    rows = [[f"`{name}`", _value(value)] for name, value in _leaves({n: facts.settings.get(n) for n in _ROLES})]
    rows += [[f"`{name}`", _value(facts.settings[name])] for name in ("seed", "order_seed") if name in facts.settings]
    took = [f"{facts.summary[name]} {name}" for name in ("steps", "examples") if name in facts.summary]
    took += [f"{facts.tokens:,} tokens"]
    took += [f"from the policy of `{facts.start}`" if facts.start else "from the base model"]
    if facts.recipe is not None and facts.recipe.starts:
        took += ["trained by recipe " + ", after recipe ".join(f"`{name}`" for name in facts.recipe.starts)]
    versions = [
        f"{name} {facts.packages[name]}"
        for name in _PACKAGES
        if facts.packages.get(name, "not installed")[:1].isdigit()
    ]
    lines = ["## Training", f"{', '.join(took)}.", table(["setting", "value"], rows)]
    return [*lines, f"Versions: {', '.join(versions)}."] if versions else lines


def _data(facts: CardFacts) -> list[str]:
    data, report = facts.settings.get("data") or {}, facts.summary.get("tokenization", {})
    lines = [f"Split `{data.get('split')}`, content `{data.get('hash') or data.get('made_by')}`."]
    recipe = facts.recipe
    if recipe is not None:
        options = ", ".join(f"{name} {_value(value)}" for name, value in _leaves(recipe.options) if value is not None)
        lines.append(f"Source `{recipe.source}`: {options or 'no options'}.")
    dropped = [f"{count} {reason}" for reason, count in report.get("dropped", {}).items()]
    lines.append(
        f"Left out by tokenisation: {', '.join(dropped)}." if dropped else "Nothing was left out by tokenisation."
    )
    tokenization = facts.settings.get("tokenization") or {}
    names = ("max_length", "truncation", "add_bos", "append_eos")
    lines.append(", ".join(f"`{name}` {_value(tokenization[name])}" for name in names if name in tokenization) + ".")
    return ["## Data", *[line for line in lines if line != "."]]


def _base(facts: CardFacts) -> list[str]:
    model, recipe = facts.settings.get("model") or {}, facts.recipe
    named = f"`{recipe.base}`" if recipe is not None and recipe.base else ""
    if recipe is not None and recipe.base_revision:
        named += f" at revision `{recipe.base_revision}`"
    drawn = "Weights drawn from the seed. " if model.get("from_config") else ""
    named = f"{named}. " if named else drawn
    return [
        "## Base model",
        f"{named}Content of weights `{model.get('weights')}`, of the tokenizer `{model.get('tokenizer')}`.",
    ]


def _made_again(facts: CardFacts) -> list[str]:
    lines = ["## Identity", f"Stage `{facts.key}`: settings, data, base weights and tokenizer by content."]
    if facts.recipe is not None:
        lines.append(
            f"Recipe `{facts.recipe.label}` in setting `{facts.recipe.setting}`, `{facts.recipe.recipe_hash}`:"
        )
        lines.append(f"    {facts.recipe.command}")
    return lines


def _results(facts: CardFacts) -> Iterator[EvalResult]:
    """The measurements as the hub's metadata has them."""
    from huggingface_hub import EvalResult

    recipe = facts.recipe
    for each in facts.measurements:
        if not math.isnan(each.interval.mean):
            yield EvalResult(
                task_type="text-generation",
                dataset_type=(recipe.hub_dataset or recipe.source) if recipe is not None else "unknown",
                dataset_name=recipe.setting if recipe is not None else "unknown",
                dataset_split=each.split,
                metric_type=each.metric,
                metric_name=f"{each.metric} ({each.scoring}), {each.interval.level:.0%} interval {_bounds(each)}",
                metric_value=round(each.interval.mean, 6),
            )


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}", value


def _value(value: Any) -> str:
    """A setting; of a path on some machine the name alone."""
    if isinstance(value, str) and PurePath(value).is_absolute():
        return PurePath(value).name
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(_value, value))
    return value_text(value)
