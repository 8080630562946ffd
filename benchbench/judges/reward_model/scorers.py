"""Rewards of texts under a trained stage or a classifier, one text at a time and each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from benchbench.core.batch import CandidateBatch
from benchbench.core.errors import BenchError
from benchbench.core.example import Example, Message
from benchbench.core.judge import Contest, JudgeContext
from benchbench.data.hub_access import local_folder
from benchbench.data.render import NOW
from benchbench.data.template_limits import require_length, template_limits
from benchbench.data.tokenize import tokenize_examples
from benchbench.data.tokenizer import load_tokenizer
from benchbench.judges.reward_model.options import RewardModelOptions, check_read, is_stage
from benchbench.judges.reward_model.stage import model_settings, tokenization
from benchbench.models.load import context_length
from benchbench.models.reward_head import RewardModel, load_reward_model
from benchbench.models.sequence_classifier import load_sequence_classifier
from benchbench.store.files import read_text

Prompt = tuple[Message, ...]
Score = Callable[[Prompt, str], float]


def scorer(options: RewardModelOptions, contests: Sequence[Contest], context: JudgeContext) -> Score:
    """The reward of a text of these contests; computed when asked for, and remembered.

    Raises:
        BenchError: no such model, or one that gives other than one number; an option that it does not read; a text
            that is too long.
    """
    local = local_folder(options.model_name_or_path, context.folder)
    check_read(options, local)
    if local is not None and is_stage(local):
        score = _trained(options, local, contests, context)
    else:
        score = _classifier(options, context)
    known: dict[tuple[Prompt, str], float] = {}

    def once(prompt: Prompt, text: str) -> float:
        if (prompt, text) not in known:
            known[prompt, text] = score(prompt, text)
        return known[prompt, text]

    return once


def _trained(options: RewardModelOptions, folder: Path, contests: Sequence[Contest], context: JudgeContext) -> Score:
    section, settings = tokenization(options, folder), model_settings(options, folder)
    pad_token = settings.pop("pad_token")
    trust = settings["trust_remote_code"]
    tokenizer = load_tokenizer(
        str(folder / "model"), revision=None, pad_token=pad_token, folder=Path(), trust_remote_code=trust
    )
    model = load_reward_model(folder / "model", **settings).to(context.device).eval()
    names = {
        (contest.prompt, text): contest.example for contest in contests for text in (contest.first, contest.second)
    }
    _check_alone(model, folder)
    examples = [Example(name, prompt, (text,)) for (prompt, text), name in names.items()]
    tokenized = tokenize_examples(examples, tokenizer, section, on_empty="keep_constant", keep_all=True)
    rows = dict(zip(names, (example.candidates[0] for example in tokenized.examples), strict=True))

    def score(prompt: Prompt, text: str) -> float:
        row = rows[prompt, text]
        _check_length(len(row.tokens), model.backbone, names[prompt, text])
        tokens = torch.tensor(row.tokens, dtype=torch.long, device=context.device)[None, None]  # [1, 1, T]
        response = torch.zeros_like(tokens, dtype=torch.bool)
        response[..., slice(*row.response)] = True
        response[..., 0] = False  # nothing precedes it
        whole = torch.ones_like(response)
        with torch.no_grad():
            return float(model(CandidateBatch(("",), tokens, whole, response, allow_empty=True)))

    return score


def _check_alone(model: RewardModel, folder: Path) -> None:
    """Return only if the model rewards a text by itself.

    Raises:
        BenchError: a reward that depends on the other candidates or on columns of the data.
    """
    needed = ["the candidates beside it"] if model.objective.is_relative else []
    needed += [f"column '{name}'" for name in model.score_columns]
    if needed:
        raise BenchError(
            f"judge reward_model: {folder}: expected a model that rewards a text by itself, found objective "
            f"'{model.objective.name}', whose reward needs {' and '.join(needed)}; judge with a model of another "
            "objective"
        )


def _classifier(options: RewardModelOptions, context: JudgeContext) -> Score:
    if options.max_length is None:
        raise BenchError(f"judge reward_model: max_length: required for a classifier ({options.model_name_or_path})")
    model, tokenizer = load_sequence_classifier(
        options.model_name_or_path,
        what="judge reward_model",
        revision=options.revision,
        folder=context.folder,
        root=context.root,
        device=context.device,
        dtype=options.dtype or "float32",
        attn_implementation=options.attn_implementation,
        trust_remote_code=options.trust_remote_code,
        labels=1,
    )
    encode = _encoder(options, tokenizer, context.folder)

    def score(prompt: Prompt, text: str) -> float:
        encoded = encode(prompt, text)
        _check_length(len(encoded["input_ids"]), model, prompt[-1].content[:60])
        rows = {name: torch.tensor(ids, device=context.device)[None] for name, ids in encoded.items()}
        with torch.no_grad():
            return float(model(**rows).logits.float())

    return score


def _encoder(
    options: RewardModelOptions, tokenizer: Any, folder: Path
) -> Callable[[Prompt, str], dict[str, list[int]]]:
    """(prompt, response) -> what the model is called with; BOS only where the template or the tokenizer puts it."""
    limit, cut = options.max_length, options.truncation or "error"
    template = None
    if options.text == "chat_template":
        template = tokenizer.chat_template
        if options.chat_template is not None:
            template = _template(folder / options.chat_template)
        if template is None:
            raise BenchError(
                f"judge reward_model: {options.model_name_or_path} has no chat template; "
                "give one as chat_template, or set text: text_pair"
            )
        if NOW in template:
            raise BenchError(
                f"judge reward_model: {options.model_name_or_path}: its chat template writes today's date into every "
                f"conversation ({NOW}), so each day would give other verdicts; give chat_template, a file with a date"
            )
    tokenizer.truncation_side = cut if cut != "error" else "right"

    def encode(prompt: Prompt, text: str) -> dict[str, list[int]]:
        if template is None:
            question = "\n\n".join(message.content for message in prompt)
            texts, more = (question, text), {}
        else:
            turns = [{"role": message.role, "content": message.content} for message in prompt]
            turns.append({"role": "assistant", "content": text})
            with template_limits("judge reward_model: chat template"):
                written = tokenizer.apply_chat_template(turns, chat_template=template, tokenize=False)
                texts = (require_length(str(written), "judge reward_model: chat template"),)
            more = {"add_special_tokens": False}
        encoded = tokenizer(*texts, truncation=cut != "error", max_length=limit if cut != "error" else None, **more)
        if limit is not None and len(encoded["input_ids"]) > limit:
            raise BenchError(
                f"judge reward_model: {len(encoded['input_ids'])} tokens, more than max_length {limit}, in an "
                f"answer to '{prompt[-1].content[:60]}'; raise it, or set truncation to right or left"
            )
        return dict(encoded)

    return encode


def _template(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else error.strerror
        raise BenchError(f"judge reward_model: chat_template: {path} cannot be read as UTF-8 text ({reason})") from None


def _check_length(tokens: int, model: Any, what: str) -> None:
    limit = context_length(model)
    if limit is not None and tokens > limit:
        raise BenchError(
            f"judge reward_model: {what}: {tokens} tokens, the model reads at most {limit}; "
            "set max_length to that or less, with a truncation"
        )
