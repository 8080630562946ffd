"""Messages to text: a plain template, the tokenizer's chat template, or a chat template from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.data.template_limits import require_length, template_limits
from benchbench.recipe.schema import PlainTemplate, TokenizationSection
from benchbench.store.files import read_text

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Rendered(NamedTuple):
    """A prompt and the responses that may follow it; prompt + response is the whole text."""

    prompt: str
    responses: tuple[str, ...]


Renderer = Callable[[Sequence[Message], Sequence[str]], Rendered]
"""(prompt messages, candidate texts) -> text; no candidates give the prompt alone, as generation needs it."""


def renderer(section: TokenizationSection, tokenizer: PreTrainedTokenizerBase, *, folder: Path) -> Renderer:
    """How this recipe writes messages as text; `folder` is that of the recipe file.

    Raises:
        BenchError: no template is given and the tokenizer has none, the template's file is missing, or it writes
            today's date and the recipe pins none.
    """
    if section.template is not None:
        template = section.template
        _refuse_date(section.template_date, "a plain template")
        return lambda messages, candidates: _plain(template, messages, candidates)
    chat_template = template_text(section, tokenizer, folder=folder)
    today = _today(chat_template, section.template_date)
    return lambda messages, candidates: _chat(chat_template, today, tokenizer, messages, candidates)


def render(
    messages: Sequence[Message],
    candidates: Sequence[str],
    section: TokenizationSection,
    tokenizer: PreTrainedTokenizerBase,
    *,
    folder: Path,
) -> Rendered:
    """One prompt with its candidates as text; for many, keep the `renderer`."""
    return renderer(section, tokenizer, folder=folder)(messages, candidates)


def template_text(section: TokenizationSection, tokenizer: PreTrainedTokenizerBase, *, folder: Path) -> str:
    """What identifies the template in a fingerprint: its JSON if plain, else the Jinja text.

    Raises:
        BenchError: as `renderer`.
    """
    if section.template is not None:
        return section.template.model_dump_json()
    if section.chat_template is not None:
        path = folder / section.chat_template
        return read_chat_template(path)
    if isinstance(tokenizer.chat_template, str):
        return tokenizer.chat_template
    named = ", ".join(map(str, tokenizer.chat_template)) if isinstance(tokenizer.chat_template, Mapping) else ""
    raise BenchError(
        "tokenization.template: expected a template, for the tokenizer has no single chat template "
        f"(named ones: {named or 'none'}); give `template` (plain text around each turn) or `chat_template` (a file)"
    )


def read_chat_template(path: Path) -> str:
    """The text of a chat template's file; one that is none is not quoted, by this message or any later one.

    Raises:
        BenchError: it cannot be read, or is no template.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"tokenization.chat_template: {path} cannot be read as UTF-8 text ({error})") from None
    if "messages" not in text or not any(mark in text for mark in ("{%", "{{")):
        raise BenchError(
            f"tokenization.chat_template: {path}: expected a Jinja template that writes `messages`, found none; "
            "name the template's file"
        )
    return text


NOW = "strftime_now"
"""The function by which a chat template asks for today's date, as transformers provides it."""


def _today(chat_template: str, pinned: date | None) -> dict[str, Any]:
    """What a template is given beside the conversation, so that the same recipe gives the same prompts on any day."""
    if NOW not in chat_template:
        _refuse_date(pinned, f"a chat template without {NOW}")
        return {}
    if pinned is None:
        raise BenchError(
            "tokenization.template_date: required, not given: the chat template writes today's date into every prompt "
            f"({NOW}), so each day would give other token ids; set it to a date, as in 2024-07-26"
        )
    return {NOW: pinned.strftime}


def _refuse_date(pinned: date | None, reader: str) -> None:
    if pinned is not None:
        raise BenchError(f"tokenization.template_date: not read by {reader}; leave it out")


def _plain(template: PlainTemplate, messages: Sequence[Message], candidates: Sequence[str]) -> Rendered:
    around = {"system": template.system, "user": template.user, "assistant": template.assistant}
    if template.strip and not around[messages[-1].role].split("{content}")[1] + template.generation_prompt:
        _refuse_lost_space(messages[-1].content, candidates)
    turns = [_fill(around[message.role], message.content, template.strip) for message in messages]
    responses = tuple(candidate.strip() if template.strip else candidate for candidate in candidates)
    return Rendered("".join(turns) + template.generation_prompt, responses)


def _refuse_lost_space(before: str, candidates: Sequence[str]) -> None:
    """Where the template puts nothing between prompt and response, stripping would join two words to one."""
    if before != before.rstrip() or any(candidate != candidate.lstrip() for candidate in candidates):
        raise BenchError(
            "tokenization.template: expected text between the last turn and the response, found none, so that `strip` "
            f"would take the white space there ({before[-20:]!r}); set strip: false, or a generation_prompt"
        )


def _fill(around: str, content: str, strip: bool) -> str:
    before, after = around.split("{content}")
    return before + (content.strip() if strip else content) + after


def _chat(
    template: str,
    today: Mapping[str, Any],
    tokenizer: PreTrainedTokenizerBase,
    messages: Sequence[Message],
    candidates: Sequence[str],
) -> Rendered:
    turns = [{"role": message.role, "content": message.content} for message in messages]

    def text(conversation: list[dict[str, str]], *, open_ended: bool) -> str:
        written = tokenizer.apply_chat_template(
            conversation, chat_template=template, tokenize=False, add_generation_prompt=open_ended, **today
        )
        return require_length(str(written), "chat template")

    with template_limits("chat template"):
        prompt = text(turns, open_ended=True)
        wholes = [text([*turns, {"role": "assistant", "content": c}], open_ended=False) for c in candidates]
    if strange := next((whole for whole in wholes if not whole.startswith(prompt)), None):
        raise BenchError(
            "chat template: expected the prompt with its generation prompt to begin the whole conversation, found "
            f"{prompt[-60:]!r} against {strange[max(0, len(prompt) - 60) : len(prompt)]!r}; use another template"
        )
    return Rendered(prompt, tuple(whole[len(prompt) :] for whole in wholes))
