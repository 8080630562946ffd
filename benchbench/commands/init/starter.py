"""The text of a starter setting: every value with what was seen, what was assumed, and what else it may be."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from benchbench.commands.init.seen_data import SeenData
from benchbench.commands.init.seen_model import SeenModel

TEMPLATE = {"user": "User: {content}\n", "assistant": "Assistant: {content}\n", "generation_prompt": "Assistant: "}
"""Plain text around turns, where a model has no chat template; ours."""
LENGTHS = (64, 128, 256, 512, 1024, 2048, 4096)
"""Lengths in tokens that a setting is given; the longest text that fits decides."""
BATCHES = (4, 8, 16, 32, 64)
"""Examples of an optimizer step; the largest that leaves `STEPS` steps an epoch."""
STEPS = 20
WIDTH = 110
"""Characters of a line of comment."""
_PLAIN = re.compile(r"(?:\.{0,2}/)?[A-Za-z_][\w./@-]*")
_WORDS = ("null", "true", "false", "yes", "no", "on", "off", "~")


@dataclass(frozen=True)
class Starter:
    """What a starter setting is made from."""

    name: str
    """Of the setting."""
    file: str
    """Path of its file, as commands are given it."""
    model: SeenModel
    data: SeenData | None
    """None where no data were given: the file then names `pairs.jsonl`."""
    command: str
    """Command line that wrote it."""
    schema: str | None
    """Name of the JSON Schema beside it, for editors; none where none is written."""
    today: date
    """Pinned for chat templates that write the date."""
    lengths: Sequence[int] = ()
    """[n] tokens of the examples that were looked at, ascending; empty where they could not be tokenised."""

    @property
    def is_instruct(self) -> bool:
        """Whether the model is taken for one that is fine-tuned already: it has a chat template."""
        return self.model.has_chat_template


def setting_text(starter: Starter, editor_line: str) -> str:
    """The whole file.

    Args:
        starter: what it is made from.
        editor_line: first line, with a place for the name of the schema.
    """
    parts = [
        *([editor_line.format(starter.schema)] if starter.schema is not None else []),
        *_head(starter),
        *_model(starter.model),
        *_data(starter.data),
        *_tokenization(starter),
        *_training(starter),
        *_scoring(starter),
    ]
    return "\n".join(parts) + "\n"


def tokenization_values(model: SeenModel, *, today: date) -> dict[str, Any]:
    """The `tokenization` section but its length, as plain values."""
    values: dict[str, Any] = {} if model.has_chat_template else {"template": TEMPLATE}
    if model.writes_date:
        values["template_date"] = today.isoformat()
    return values | {"add_bos": model.add_bos, "append_eos": model.append_eos, "truncation": "right"}


def max_length(model: SeenModel, lengths: Sequence[int]) -> int:
    """The least of `LENGTHS` that takes every text that was looked at, within the model's context."""
    wanted = lengths[-1] if lengths else 1024
    most = model.context or LENGTHS[-1]
    return min(next((length for length in LENGTHS if length >= wanted), LENGTHS[-1]), most)


def batch_size(examples: int) -> int:
    """Examples of an optimizer step."""
    return max((size for size in BATCHES if size * STEPS <= examples), default=BATCHES[0])


def scalar(text: str) -> str:
    """A text as YAML has it: as it is where nothing in it has a meaning of its own, else in quotes."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else json.dumps(text, ensure_ascii=False)


def _said(text: str, indent: str = "") -> list[str]:
    """A comment, folded; whatever is in a name of a column stays on its line."""
    lead = f"{indent}# "
    return textwrap.wrap(" ".join(text.split()), WIDTH, initial_indent=lead, subsequent_indent=lead)


def _head(starter: Starter) -> Iterator[str]:
    file = shlex.quote(starter.file)
    yield from _said(
        f"Written by `{starter.command}`. Every value is yours to change; docs/recipe.md describes every key. What is "
        "said to be seen was read from the files, what is said to be assumed was not. Next:"
    )
    yield "#"
    yield f"#   bench recipes validate {file}"
    yield f"#   bench audit data dpo --setting {file}"
    yield f"#   bench compare dpo simpo --setting {file} --dry-run"
    yield f"#   bench compare dpo simpo --setting {file}"
    yield "#"
    yield from _tuning(starter, file)
    yield f"name: {scalar(starter.name)}"


def _tuning(starter: Starter, file: str) -> Iterator[str]:
    """How to choose values, where a split is held out for it."""
    data = starter.data
    if data is not None and data.validation is None:
        yield from _said(
            "Rows of that comparison are marked untuned; no split is held out to tune on, for want of prompts"
        )
        return
    yield from _said(
        "Rows of that comparison are marked untuned, until a grid on the validation split has chosen values:"
    )
    yield "#"
    named = "" if data is None or data.validation == "validation" else f" --split {shlex.quote(str(data.validation))}"
    grid = f"--grid preference.learning_rate=2e-7,5e-7,1e-6 --seeds 0 1{named}"
    yield f"#   bench tune dpo --setting {file} {grid} --write-recipe recipes"


def _model(model: SeenModel) -> Iterator[str]:
    yield "model:"
    if model.is_here:
        context = f"reads {model.context} tokens at once" if model.context else "does not say how many tokens it reads"
        stored = f", weights stored as {model.stored_dtype}" if model.stored_dtype else ""
        yield from _said(f"seen: a {model.model_type}, {context}{stored}", "  ")
    else:
        yield from _said("not here, so nothing of it was seen; assumed: a base model without chat template", "  ")
    yield f"  model_name_or_path: {scalar(model.name)}"
    if model.revision is not None:
        yield f"  revision: {scalar(model.revision)}"
    if model.is_here and model.tokenizer is None:
        yield from _said("seen: no tokenizer in the folder; name one with tokenizer_name_or_path", "  ")
    if model.pad_token is not None:
        yield from _said("seen: the tokenizer names no padding token; assumed: one of its tokens that texts lack", "  ")
        yield f"  pad_token: {json.dumps(model.pad_token, ensure_ascii=False)}"
    if model.has_code:
        yield from _said("seen: code of its own, which runs only with trust_remote_code: true", "  ")
    yield from _said(
        "float32 runs anywhere; in bfloat16 weights, steps as small as 5e-7 are lost in rounding. On a GPU add "
        "`bf16: true` to sft and preference: weights stay float32, the forward pass computes in bfloat16",
        "  ",
    )
    yield "  dtype: float32"


def _data(data: SeenData | None) -> Iterator[str]:
    yield "data:"
    yield "  source: local_files"
    if data is None:
        yield from _said(
            "assumed: JSON lines with the columns prompt, chosen, rejected beside this file (docs/data.md has what "
            "else is read). By a hash of the prompt, 10 % are held out for tuning and 20 % for results",
            "  ",
        )
        yield "  options: {files: {train: pairs.jsonl}, holdout: {validation: 0.1, test: 0.2}}"
        return
    splits = ", ".join(f"{name} {count}" for name, count in data.splits.items())
    yield from _said(f"seen: columns {', '.join(data.columns)}", "  ")
    if data.without_conversation:
        yield from _said(f"seen: no conversation in {', '.join(data.without_conversation)}", "  ")
    for note in data.notes:
        yield from _said(f"seen: {note}", "  ")
    carved = "; what is held out goes by a hash of the prompt" if "holdout" in data.options else ""
    yield from _said(f"seen: examples by split: {splits}{carved}", "  ")
    if data.ignored:
        yield from _said(f"nothing reads {', '.join(data.ignored)}: left out; numbers can be kept as `columns`", "  ")
    yield f"  options: {_flow(data.options)}"
    if not data.has_pairs:
        counts = " or ".join(map(str, data.candidates))
        yield from _said(
            f"seen: {counts} rated responses to a prompt; assumed: the best and the worst are the pair", "  "
        )
        yield f"  transforms: [{{name: pairs_best_worst, splits: {_flow(list(data.splits))}}}]"


def _tokenization(starter: Starter) -> Iterator[str]:
    model, lengths = starter.model, starter.lengths
    yield "tokenization:"
    if model.has_chat_template:
        yield from _said("seen: a chat template, which is used", "  ")
    else:
        yield from _said("no chat template; assumed: this text around each turn", "  ")
        yield "  template:"
        yield from (f"    {key}: {json.dumps(text)}" for key, text in TEMPLATE.items())
    if model.writes_date:
        yield from _said("the chat template writes a date into every prompt; pinned to the day of this file", "  ")
        yield f"  template_date: {starter.today.isoformat()}"
    yield f"  add_bos: {_flow(model.add_bos)} # as tokenizer or template do"
    end = "a response learns to end" if model.append_eos else "the tokenizer has no such token"
    end = f"the chat template ends a turn in {model.turn_end}" if model.turn_end else end
    yield f"  append_eos: {_flow(model.append_eos)} # {end}"
    length = max_length(model, lengths)
    if lengths:
        cut = sum(tokens > length for tokens in lengths)
        looked = f"{len(lengths)} training examples of up to {lengths[-1]} tokens; {cut} are longer than max_length"
        yield from _said(f"seen: {looked}", "  ")
    else:
        yield from _said("assumed, since no text was tokenised", "  ")
    yield f"  max_length: {length}"
    yield "  truncation: right # over-long texts lose their end"


def _training(starter: Starter) -> Iterator[str]:
    data = starter.data
    train = scalar(data.train) if data is not None else "train"
    size = batch_size(data.splits[data.train]) if data is not None else BATCHES[-1]
    yield from _said("adapters instead of full fine-tuning, which then take higher rates, such as 5e-6 for preference:")
    yield "# lora: {lora_r: 16, lora_alpha: 32, lora_dropout: 0.0, lora_target_modules: all-linear}"
    if starter.is_instruct:
        yield from _said(
            "assumed: a model with a chat template is fine-tuned already, so methods start from it as it is, and the "
            "reference is the model itself. For a base model with a template, write an sft section like preference's, "
            "with a rate of 2e-5, and `reference: sft`"
        )
        yield "sft: null"
    else:
        yield from _said("assumed: a base model, which first learns the chosen responses; null starts from it as it is")
        yield "sft:"
        yield from _loop(train, "2e-5", size)
    yield from _said("methods that read rewards, such as ddo_rm, need a `reward_model` section, too")
    yield "preference:"
    yield from _loop(train, "5e-7", size)
    if starter.is_instruct:
        yield "  reference: base"


def _loop(train: str, rate: str, size: int) -> Iterator[str]:
    yield f"  split: {train}"
    yield from _said(
        "assumed: a usual rate for full fine-tuning of 1B parameters or more; smaller models take more", "  "
    )
    yield f"  learning_rate: {rate}"
    yield "  lr_scheduler_type: linear"
    yield "  warmup_ratio: 0.1"
    yield f"  global_batch_size: {size}"
    yield "  per_device_train_batch_size: 4 # examples of one forward pass, for memory"


def _scoring(starter: Starter) -> Iterator[str]:
    test = scalar(starter.data.test) if starter.data is not None else "test"
    yield "score:"
    yield f"  split: {test} # results alone: never tune on it"
    yield "  dtype: float32"
    yield "  tie_credit: 0.5"
    yield "  exclude: [identical]"
    yield "  headline: {metric: pair_accuracy, scoring: logp_mean} # the one number that tables begin with"
    yield "seeds: {list: [42, 13, 3407]} # three say little; tables say what they could see"
    yield from _said("win rates: add `generate`, as here, and `judge` (docs/responses.md):")
    yield f"# generate: {{split: {test}, num_prompts: 100, dtype: float32, max_new_tokens: 256, temperature: 0.7,"
    yield "#   top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0}"


def _flow(value: Any) -> str:
    """A value on one line of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return scalar(value) if isinstance(value, str) else str(value)
