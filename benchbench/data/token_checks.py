"""Checks of a split as a model reads it: what is cut on each side, and on decoded ids template, BOS, EOS, boundary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchbench.core.example import Example
from benchbench.data.encode import Encoded, Encoder
from benchbench.data.encoded_examples import EncodedExample, encode_examples
from benchbench.data.finding import Finding, finding
from benchbench.data.render import renderer
from benchbench.data.turn_end import spelled, turn_end
from benchbench.recipe.schema import TokenizationSection

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_OF_ONE_TEXT = (
    "left_out_by_length",
    "cut_on_one_side",
    "doubled_bos",
    "missing_bos",
    "missing_eos",
    "doubled_eos",
    "eos_inside",
    "prompt_boundary",
    "control_in_text",
)
"""Checks that an example fails once, in the order in which they are told."""


class Lost(NamedTuple):
    """Tokens that `max_length` takes from a sequence."""

    prompt: int
    response: int


def lost_tokens(prompt: int, response: int, section: TokenizationSection, *, bos: bool) -> Lost:
    """What a sequence of so many tokens loses: on the right the end goes first, on the left the beginning.

    Args:
        prompt: tokens, BOS included.
        response: tokens, EOS included.
        section: `max_length` and `truncation`.
        bos: the sequence begins with BOS, which a cut on the left keeps.

    A sequence that `truncation` leaves out or refuses loses nothing.
    """
    excess = prompt + response - section.max_length
    if excess <= 0 or section.truncation not in ("left", "right"):
        return Lost(0, 0)
    if section.truncation == "right":
        cut = min(excess, response)
        return Lost(excess - cut, cut)
    cut = min(excess, prompt - int(bos))
    return Lost(cut, excess - cut)


@dataclass
class _Side:
    """What was cut of the candidates of one role."""

    ids: list[str] = field(default_factory=list)
    prompts: int = 0
    responses: int = 0
    gone: int = 0
    """Responses of which nothing is left."""

    def add(self, example: str, lost: Lost, response: int) -> None:
        self.ids += [] if self.ids and self.ids[-1] == example else [example]
        self.prompts += lost.prompt > 0
        self.responses += lost.response > 0
        self.gone += lost.response >= response


@dataclass(frozen=True)
class _Reader:
    """Reads ids back, and knows what sequences should begin and end with."""

    tokenizer: PreTrainedTokenizerBase
    bos: str
    eos: str
    """Empty where the tokenizer names none."""
    ends: tuple[str, ...]
    """Texts that end a response: EOS, and what the template writes after an assistant's text."""
    adds_bos: bool
    """The tokenizer puts BOS before a text by itself."""

    def text(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))


def token_findings(
    split: str,
    examples: Sequence[Example],
    tokenizer: PreTrainedTokenizerBase,
    section: TokenizationSection,
    *,
    folder: Path = Path(),
) -> list[Finding]:
    """What becomes of a split under a stage's tokenisation.

    Args:
        split: its name, with the stage where stages read it differently.
        examples: of the split, unpaired ones too.
        tokenizer: a fast one.
        section: the stage's.
        folder: of the recipe file, for `chat_template`.

    Raises:
        BenchError: the template refuses an example, or the tokenizer lacks a BOS or EOS that the recipe wants.
    """
    encoder = Encoder.of(tokenizer, add_bos=section.add_bos, append_eos=section.append_eos)
    reader, control = _reader(tokenizer, section, folder), spelled(tokenizer)
    sides: dict[str, _Side] = defaultdict(_Side)
    hits: dict[str, list[str]] = {check: [] for check in _OF_ONE_TEXT}
    retokenised = 0
    render = renderer(section, tokenizer, folder=folder)
    for encoded in encode_examples(examples, encoder, render, section.masked_spans):
        checks = {*_cuts(encoded, section, sides, bos=encoder.bos is not None), *_slips(encoded, reader)}
        if any(control.search(text) for text in encoded.texts):
            checks.add("control_in_text")
        retokenised += sum(part.retokenised for part in encoded.encoded)
        for check in checks:
            hits[check].append(encoded.example.id)
    total = len(examples)
    apart = f"{retokenised} responses are tokenised apart from their prompt, with which they share a token"
    details = {"prompt_boundary": apart if retokenised else ""}
    cuts = [
        finding("cut", f"{split}, {role}", side.ids, total, detail=_cut_detail(side)) for role, side in sides.items()
    ]
    others = [finding(check, split, ids, total, detail=details.get(check, "")) for check, ids in hits.items()]
    return [*others[:1], *cuts, *others[1:]]


def _reader(tokenizer: PreTrainedTokenizerBase, section: TokenizationSection, folder: Path) -> _Reader:
    end = turn_end(section, tokenizer, folder=folder)
    eos = tokenizer.eos_token or ""
    ends = [str(eos), *(str(tokenizer.decode([token])) for token in end.tokens), end.text]
    plain = tokenizer("a")["input_ids"]
    adds_bos = tokenizer.bos_token_id is not None and plain[:1] == [tokenizer.bos_token_id]  # type: ignore[index]
    return _Reader(tokenizer, str(tokenizer.bos_token or ""), str(eos), tuple(filter(None, ends)), adds_bos)


def _cuts(
    encoded: EncodedExample, section: TokenizationSection, sides: dict[str, _Side], *, bos: bool
) -> Iterator[str]:
    """The checks of length that an example fails; what is cut is put down under each role."""
    rows, roles = encoded.rows, encoded.example.known_roles
    longest_prompt = max(len(prompt) for prompt, _ in rows)
    is_long = section.max_prompt_length is not None and longest_prompt > section.max_prompt_length
    over = any(len(prompt) + len(response) > section.max_length for prompt, response in rows)
    if is_long or (over and section.truncation in ("drop", "error")):
        yield "left_out_by_length"
        return
    lost = [lost_tokens(len(prompt), len(response), section, bos=bos) for prompt, response in rows]
    for place, (cut, (_, response)) in enumerate(zip(lost, rows, strict=True)):
        side = sides[roles[place] if roles else "candidates"]
        if cut.prompt or cut.response:
            side.add(encoded.example.id, cut, len(response))
    if len({cut.response > 0 for cut in lost}) > 1:
        yield "cut_on_one_side"


def _cut_detail(side: _Side) -> str:
    if not side.ids:
        return ""
    gone = f", nothing is left of {side.gone} responses" if side.gone else ""
    return f"the prompt is cut in {side.prompts}, the response in {side.responses}{gone}"


def _slips(encoded: EncodedExample, reader: _Reader) -> Iterator[str]:
    """The checks that an example's decoded ids fail."""
    for rendered, part in zip(encoded.rendered, encoded.encoded, strict=True):
        prompt = reader.text(part.prompt)
        yield from _beginning_slips(part, prompt, reader)
        if _bare(prompt, (reader.bos,), str.removeprefix) != _bare(rendered.prompt, (reader.bos,), str.removeprefix):
            yield "prompt_boundary"
        for ids, text in zip(part.responses, rendered.responses, strict=True):
            decoded = reader.text(ids)
            if _bare(decoded, reader.ends, str.removesuffix) != _bare(text, reader.ends, str.removesuffix):
                yield "prompt_boundary"
            if not decoded.rstrip().endswith(reader.ends):
                yield "missing_eos"
            if reader.eos and "".join(decoded.split()).endswith("".join((reader.eos * 2).split())):
                yield "doubled_eos"
        if part.eos_inside:
            yield "eos_inside"


def _beginning_slips(part: Encoded, prompt: str, reader: _Reader) -> Iterator[str]:
    if not reader.bos:
        return
    if "".join(prompt.split()).startswith(reader.bos * 2):
        yield "doubled_bos"
    if reader.adds_bos and part.prompt[:1] != [reader.tokenizer.bos_token_id]:
        yield "missing_bos"


def _bare(text: str, marks: Sequence[str], strip: Callable[[str, str], str]) -> str:
    """A text without white space around it and without marks at its beginning or end, however many."""
    before = None
    while text != before:
        before, text = text, text.strip()
        for mark in marks:
            text = strip(text, mark) if mark else text
    return text
