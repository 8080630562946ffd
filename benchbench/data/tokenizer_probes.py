"""Texts that show whether two tokenizers are the same, and which characters a vocabulary can hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TEXTS = (
    "The quick brown fox jumps over the lazy dog.",
    "PACK MY BOX with five dozen Liquor Jugs",
    "0123456789 3.14 1,000 100000",
    "a b",
    "one space, two  spaces,   three    four",
    " a space in front",
    "a space at the end ",
    "one\ntwo\n\nthree\n\n\n four\r\n",
    "\ta tab\tand\t\ttwo",
    "don't we'll it's; (x) [y] {z} <w> \"q\" 'r' @#$%^&*_-+=|\\/~`!?: ... --",
    "na\u00efve caf\u00e9 \u00dcbergr\u00f6\u00dfe se\u00f1or e\u0301",
    "\u4e2d\u6587 \u65e5\u672c\u8a9e \ud55c\uad6d\uc5b4",
    "\u0440\u0443\u0441\u0441\u043a\u0438\u0439 \u0639\u0631\u0628\u064a",
    "\U0001f600 \U0001f469\u200d\U0001f680 \u2014 \u2026 \u00a0 \u20ac",
    "def f(x):\n    return x ** 2  # a note\n",
    "Q: What is it?\nA: It is <b>this</b>.",
)
MOST_SPECIAL = 64
"""Special tokens that are tried in a text; the largest vocabularies have hundreds, all alike."""
VOCABULARY_SAMPLE = 256
"""Entries of the vocabulary, evenly spread, whose texts are tried."""
_SPACES = ("\u2581", "\u0120", " ")
"""How vocabularies write a space: sentencepiece's, the byte-level one, as it is."""


def with_special(tokens: Iterable[str]) -> list[str]:
    """Special tokens within words and between spaces, which some of them swallow."""
    chosen = list(tokens)[:MOST_SPECIAL]
    return [text for token in chosen for text in (f"a{token}b", f"a {token} b")]


def spread(vocabulary: Sequence[int]) -> list[int]:
    """Ids from the whole of a vocabulary."""
    step = max(1, len(vocabulary) // VOCABULARY_SAMPLE)
    return sorted(vocabulary)[::step]


def ids_of(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    """Ids as stages take them: without anything added."""
    if not texts:  # a vocabulary may hold no probe whole
        return []
    encoded = tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False)
    return [list(ids) for ids in encoded["input_ids"]]  # type: ignore[union-attr]


class Held:
    """The characters that a vocabulary has an entry for."""

    def __init__(self, tokens: Iterable[str]) -> None:
        """From all entries, as the vocabulary writes them."""
        texts = set(tokens)
        self._all = texts >= _byte_symbols() or texts >= {f"<0x{byte:02X}>" for byte in range(256)}
        bare = {token.lstrip("\u2581\u0120").removeprefix("##").removesuffix("</w>") for token in texts}
        self._single = {token for token in bare if len(token) == 1}
        if any(space in token for token in texts for space in _SPACES):
            self._single.add(" ")

    def of(self, text: str) -> str:
        """A text without the characters that have no entry."""
        return text if self._all else "".join(c for c in text if c in self._single)


def _byte_symbols() -> set[str]:
    from tokenizers.pre_tokenizers import ByteLevel

    return set(ByteLevel.alphabet())


def drops_white_space(rules: Any) -> bool:
    """Whether a pre-tokenizer, as tokenizer.json has it, says that white space is no part of the tokens."""
    if not isinstance(rules, dict):
        return False
    if rules.get("type") == "Sequence":
        return any(drops_white_space(rule) for rule in rules["pretokenizers"])
    removing = {"Whitespace", "WhitespaceSplit", "BertPreTokenizer", "CharDelimiterSplit"}
    return rules.get("type") in removing or str(rules.get("behavior")).lower() == "removed"
