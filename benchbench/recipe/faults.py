"""Validation errors of pydantic as faults in the house's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from benchbench.core.errors import Fault, suggestion
from benchbench.recipe.document import describe

ALIASES = {
    "lr": "learning_rate",
    "batch_size": "global_batch_size",
    "train_batch_size": "global_batch_size",
    "gradient_accumulation_steps": "global_batch_size",
    "micro_batch_size": "per_device_train_batch_size",
    "epochs": "num_train_epochs",
    "num_epochs": "num_train_epochs",
    "n_epochs": "num_train_epochs",
    "scheduler": "lr_scheduler_type",
    "lr_scheduler": "lr_scheduler_type",
    "max_seq_length": "max_length",
    "cutoff_len": "max_length",
    "sequence_len": "max_length",
    "truncation_side": "truncation",
    "truncation_mode": "truncation",
    "grad_clip": "max_grad_norm",
    "warmup": "warmup_steps",
    "optimizer": "optim",
    "model_revision": "revision",
    "base_model": "model_name_or_path",
    "torch_dtype": "dtype",
    "seed": "seeds.list",
    "dataset_name": "data.options.dataset_name",
    "loss_type": "method.name",
    "beta": "method.hyper.beta",
    "metric": "metrics",
    "lora_rank": "lora_r",
    "evaluation": "score",
}
"""Names that other trainers use -> ours."""

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def faults_of(error: ValidationError, *, model: type[BaseModel], prefix: str = "") -> list[Fault]:
    """Every fault of one validation, each with its dotted key."""
    return [_fault(entry, model, prefix) for entry in error.errors(include_url=False)]


def _fault(entry: Mapping[str, Any], model: type[BaseModel], prefix: str) -> Fault:
    path = [str(part) for part in entry["loc"]]
    where = ".".join([prefix, *path] if prefix else path)
    kind, found, context = entry["type"], entry.get("input"), entry.get("ctx", {})
    if kind == "extra_forbidden":
        return Fault(where, f"unknown key{_did_you_mean(path, model)}")
    if kind == "missing":
        return Fault(where, "required, not given")
    if kind == "value_error":
        return Fault(where, str(context.get("error", entry["msg"])))
    if kind == "literal_error":
        return Fault(where, f"expected one of {_choices(context['expected'])}, got {describe(found)}")
    if kind in _KINDS:
        return Fault(where, f"expected {_KINDS[kind]}, got {describe(found)}{_quotes(kind, found)}")
    return Fault(where, f"{_bounds(entry['msg'])}, got {describe(found)}")


def _did_you_mean(path: Sequence[str], model: type[BaseModel]) -> str:
    fields = _fields_at(model, path[:-1])
    alias = ALIASES.get(path[-1])
    if alias is not None and (alias in fields or "." in alias):
        return f"; did you mean '{alias}'?"
    close = suggestion(path[-1], fields).strip()
    return f"; {close[0].lower()}{close[1:]}" if close else f"; known here: {', '.join(fields)}"


def _fields_at(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """Field names of the section that a path leads to; unions with None are looked through."""
    current: Any = model
    for part in path:
        field = current.model_fields.get(part)
        if field is None:
            return []
        options = [field.annotation, *getattr(field.annotation, "__args__", ())]
        current = next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), None)
        if current is None:
            return []
    return list(current.model_fields)


def _choices(expected: str) -> str:
    return expected.replace("'", "").replace(" or ", ", ")


def _quotes(kind: str, found: Any) -> str:
    if kind == "string_type":
        return "; put it in quotes"
    if isinstance(found, str) and kind in ("int_type", "float_type", "bool_type"):
        return "; remove the quotes" if _numeric(found) else ""
    return ""


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bounds(message: str) -> str:
    return message.replace("Input should be", "expected a value").replace("should have", "expected")
