"""Checks of a split as a model reads it: what is cut on each side, and what its ids say when they are decoded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchbench.core.example import Example
from benchbench.data.decoded_checks import Reader
from benchbench.data.encode import Encoder
from benchbench.data.encoded_examples import EncodedExample, encode_examples
from benchbench.data.finding import DataFinding, finding
from benchbench.data.render import renderer
from benchbench.data.turn_end import spelled
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
    "changed_text",
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


def token_findings(
    split: str,
    examples: Sequence[Example],
    tokenizer: PreTrainedTokenizerBase,
    section: TokenizationSection,
    *,
    folder: Path = Path(),
) -> list[DataFinding]:
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
    reader, control = Reader.of(tokenizer, section, folder=folder), spelled(tokenizer)
    sides: dict[str, _Side] = defaultdict(_Side)
    hits: dict[str, list[str]] = {check: [] for check in _OF_ONE_TEXT}
    retokenised = 0
    render = renderer(section, tokenizer, folder=folder)
    for encoded in encode_examples(examples, encoder, render, section.masked_spans):
        checks = {*_cuts(encoded, section, sides, bos=encoder.bos is not None), *reader.slips(encoded)}
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
