"""Checks of ids that are decoded again: BOS and EOS once, a response that ends, a boundary where it should be."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchbench.data.encode import Encoded, Ids
from benchbench.data.encoded_examples import EncodedExample
from benchbench.data.render import Rendered
from benchbench.data.turn_end import turn_end
from benchbench.recipe.schema import TokenizationSection

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Reader:
    """Reads ids back, and knows what sequences begin and end with."""

    tokenizer: PreTrainedTokenizerBase
    bos: str
    """Empty where the tokenizer names none."""
    eos: str
    """Empty where the tokenizer names none."""
    ends: tuple[str, ...]
    """Texts that end a response: EOS, and what the template writes after an assistant's text."""
    adds_bos: bool
    """The tokenizer puts BOS before a text by itself."""

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, section: TokenizationSection, *, folder: Path = Path()) -> Reader:
        """The reader of what a section's template and tokenizer write.

        Args:
            tokenizer: a fast one.
            section: says which template.
            folder: of the recipe file, for `chat_template`.
        """
        end = turn_end(section, tokenizer, folder=folder)
        eos = str(tokenizer.eos_token or "")
        ends = [eos, *(str(tokenizer.decode([token])) for token in end.tokens), end.text]
        beginning = tokenizer("a")["input_ids"][:1]  # type: ignore[index]
        adds_bos = tokenizer.bos_token_id is not None and beginning == [tokenizer.bos_token_id]
        return cls(tokenizer, str(tokenizer.bos_token or ""), eos, tuple(filter(None, ends)), adds_bos)

    def slips(self, encoded: EncodedExample) -> Iterator[str]:
        """The checks that an example fails, some of them several times."""
        for rendered, part in zip(encoded.rendered, encoded.encoded, strict=True):
            yield from self._beginning(part)
            yield from self._boundary(rendered, part)
            for ids in part.responses:
                yield from self._end(ids)
            if part.eos_inside:
                yield "eos_inside"

    def _beginning(self, part: Encoded) -> Iterator[str]:
        if self.bos and _solid(self._text(part.prompt)).startswith(_solid(self.bos * 2)):
            yield "doubled_bos"
        if self.adds_bos and part.prompt[:1] != [self.tokenizer.bos_token_id]:
            yield "missing_bos"

    def _end(self, ids: Ids) -> Iterator[str]:
        decoded = self._text(ids)
        if not decoded.rstrip().endswith(self.ends):
            yield "missing_eos"
        if self.eos and _solid(decoded).endswith(_solid(self.eos * 2)):
            yield "doubled_eos"

    def _boundary(self, rendered: Rendered, part: Encoded) -> Iterator[str]:
        """A text that comes back as another one, or comes back with its two parts divided elsewhere."""
        prompt = self._bare(self._text(part.prompt))
        for ids, text in zip(part.responses, rendered.responses, strict=True):
            if (prompt, self._bare(self._text(ids))) == (self._bare(rendered.prompt), self._bare(text)):
                continue
            whole = self._bare(self._text([*part.prompt, *ids]))
            yield "prompt_boundary" if whole == self._bare(rendered.prompt + text) else "changed_text"

    def _text(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def _bare(self, text: str) -> str:
        """A text without BOS before and ends after it, however many, and without white space.

        Decoding puts spaces around special tokens; two spellings of one character (Unicode's NFC) are the same.
        """
        text, before = _solid(unicodedata.normalize("NFC", text)), None
        while text != before:
            before, text = text, text.removeprefix(_solid(self.bos))
            for end in self.ends:
                text = text.removesuffix(_solid(end))
        return text


def _solid(text: str) -> str:
    """A text without white space."""
    return "".join(text.split())
