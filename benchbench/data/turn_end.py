"""Where a template ends an assistant's turn, and the tokens that separate one turn from the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.data.render import Renderer, renderer
from benchbench.recipe.schema import TokenizationSection

_QUESTION, _ANSWER, _NEXT = "alphaquestion", "betaanswer", "gammaquestion"
"""Contents of the conversation that is rendered to look; no template writes them itself."""


@dataclass(frozen=True)
class TurnEnd:
    """What a template writes after an assistant's text."""

    tokens: tuple[int, ...] = ()
    """The control token that comes first, white space passed over; two where the last turn ends in another one."""
    text: str = ""
    """Ordinary text that comes first instead, which is no token to stop at."""
    between: frozenset[int] = frozenset()
    """Every control token from there to the next user's text."""


def control_tokens(tokenizer: Any) -> dict[int, str]:
    """Id -> token of all that stands beside the vocabulary of text: special and added tokens, white space aside."""
    added = {int(i): str(token.content) for i, token in tokenizer.added_tokens_decoder.items()}
    special = dict(zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True))
    return {i: token for i, token in (added | special).items() if token.strip()}


def spelled(tokenizer: Any) -> re.Pattern[str]:
    """Finds a control token in a text, which the tokenizer takes for the token; the unknown token is none."""
    tokens = sorted({*control_tokens(tokenizer).values()} - {tokenizer.unk_token}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, tokens)) or r"(?!)")


def writes_no_turn_end(section: TokenizationSection) -> bool:
    """Whether the template is seen, without a tokenizer, to put nothing but white space after an assistant's text."""
    return section.template is not None and not _plain_tail(section).strip()


def turn_end(section: TokenizationSection, tokenizer: Any, *, folder: Path = Path()) -> TurnEnd:
    """Found by rendering a conversation and looking at what follows the assistant's text.

    Args:
        section: says which template.
        tokenizer: a fast one.
        folder: of the recipe file, for `chat_template`.

    Raises:
        BenchError: as `data.render.renderer`.
    """
    if section.template is not None:
        tails = [_plain_tail(section)]
        between = tails[0] + section.template.user.split("{content}")[0]
    else:
        render = renderer(section, tokenizer, folder=folder)
        last, between = _last_tail(render), _tail_in_between(render)
        tails = [tail for tail in (last, between) if tail]
    firsts = [first for tail in tails if (first := _first(tail, tokenizer)) is not None]
    tokens = tuple(dict.fromkeys(first for first in firsts if isinstance(first, int)))
    text = next((first for first in firsts if isinstance(first, str)), "")
    control = control_tokens(tokenizer)
    return TurnEnd(tokens, "" if tokens else text, frozenset(i for i in _ids(between, tokenizer) if i in control))


def closing_token(section: TokenizationSection, tokenizer: Any, *, folder: Path = Path()) -> int | None:
    """The control token that a chat template writes after the answer that a conversation ends with; none without one.

    Args:
        section: says which chat template.
        tokenizer: a fast one.
        folder: of the recipe file, for `chat_template`.

    Raises:
        BenchError: as `data.render.renderer`.
    """
    first = _first(_last_tail(renderer(section, tokenizer, folder=folder)), tokenizer)
    return first if isinstance(first, int) else None


def _plain_tail(section: TokenizationSection) -> str:
    assert section.template is not None
    return section.template.assistant.split("{content}")[1]


def _last_tail(render: Renderer) -> str:
    """What follows an answer that the conversation ends with; nothing where the template writes no such thing."""
    try:
        whole = render([Message("user", _QUESTION)], [_ANSWER]).responses[0]
    except BenchError:  # it begins an answer otherwise than it asks for one: training says so, prompts can be had
        return ""
    return whole.partition(_ANSWER)[2]


def _tail_in_between(render: Renderer) -> str:
    """What stands between an answer and the next user's text; some templates close a turn only there."""
    conversation = [Message("user", _QUESTION), Message("assistant", _ANSWER), Message("user", _NEXT)]
    try:
        prompt = render(conversation, []).prompt
    except BenchError:  # a template for one turn alone
        return ""
    after = prompt.partition(_ANSWER)[2]
    return after.partition(_NEXT)[0] if _NEXT in after else ""


def _first(tail: str, tokenizer: Any) -> int | str | None:
    """The control token or the ordinary text that a tail begins with, white space passed over."""
    control = control_tokens(tokenizer)
    for i in _ids(tail, tokenizer):
        if i in control:
            return i
        if str(tokenizer.decode([i])).strip():
            return tail.strip()
    return None


def _ids(text: str, tokenizer: Any) -> Iterator[int]:
    return iter(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]) if text else iter(())
