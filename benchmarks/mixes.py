"""What is trained: a model's shape, and preference data whose lengths are those of a kind of real data.

Token ids are random, since speed depends on lengths alone. Both sides are given the same ids.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchbench.batches.microbatches import Cost
from benchbench.data.tokenized import TokenIds, TokenizedCandidate, TokenizedExample

PAD, END, FIRST_WORD = 0, 1, 2
"""Token ids; every other id is one word."""
Draw = Callable[[random.Random], tuple[int, Sequence[int]]]
"""A generator -> tokens of a prompt, and of each response."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a GPT-NeoX."""

    hidden: int
    layers: int
    heads: int
    vocabulary: int
    positions: int

    @property
    def layer_parameters(self) -> int:
        """Weights of the matrices of one layer: attention and the perceptron of four times the width."""
        return 12 * self.hidden**2

    @property
    def parameters(self) -> int:
        """Weights of the matrices of the whole model."""
        return self.layers * self.layer_parameters + 2 * self.vocabulary * self.hidden


@dataclass(frozen=True)
class Mix:
    """A model and the lengths of its data."""

    name: str
    what: str
    """What it stands for, in a phrase."""
    shape: Shape
    batch: int
    """Examples of an optimizer step."""
    count: int
    """Examples of an epoch, which is what is timed."""
    draw: Draw
    candidates: int = 2
    window: int = 1
    """Batches whose examples are sorted by length among themselves."""

    @property
    def steps(self) -> int:
        """Optimizer steps of an epoch."""
        return math.ceil(self.count / self.batch)


def _near(draw: random.Random, mean: float, low: int, high: int) -> int:
    """A length with the long tail of real texts; 0.88 undoes what the tail adds to the mean."""
    return max(low, min(high, int(draw.lognormvariate(0, 0.5) * mean * 0.88)))


def _feas(draw: random.Random) -> tuple[int, Sequence[int]]:
    return _near(draw, 56, 11, 115), (_near(draw, 43, 8, 120), _near(draw, 73, 8, 183))


def _bench(draw: random.Random) -> tuple[int, Sequence[int]]:
    return draw.randint(8, 60), (draw.randint(10, 60), draw.randint(10, 90))


def _tiny(draw: random.Random) -> tuple[int, Sequence[int]]:
    return _near(draw, 17, 8, 40), (_near(draw, 10, 2, 40), _near(draw, 10, 2, 40))


def _long(draw: random.Random) -> tuple[int, Sequence[int]]:
    prompt = _near(draw, 179, 10, 600)
    return prompt, (_near(draw, 275, 10, 1023 - prompt), _near(draw, 244, 10, 1023 - prompt))


def _of_many(count: int) -> Draw:
    def draw_lengths(draw: random.Random) -> tuple[int, Sequence[int]]:
        prompt = draw.randint(60, 180)
        return prompt, [max(8, int(prompt * draw.uniform(0.8, 1.2))) for _ in range(count)]

    return draw_lengths


SMALL = Shape(hidden=384, layers=6, heads=6, vocabulary=4096, positions=1024)
SMALLEST = Shape(hidden=128, layers=4, heads=4, vocabulary=202, positions=256)

MIXES: Mapping[str, Mix] = {
    mix.name: mix
    for mix in (
        Mix("feas", "pairs of a short dialogue", SMALL, 8, 32, _feas),
        Mix("bench", "short pairs, a model of two layers' cost", SMALLEST, 16, 96, _bench),
        Mix("tiny", "the embedded setting's pairs", replace(SMALLEST, vocabulary=512), 16, 256, _tiny, window=8),
        Mix("long", "pairs as long as UltraFeedback's", SMALL, 8, 8, _long),
        Mix("k4", "4 responses about as long as their prompt", SMALL, 4, 8, _of_many(4), candidates=4),
        Mix("k8", "8 responses about as long as their prompt", SMALL, 4, 4, _of_many(8), candidates=8),
    )
}


def scaled_down(mix: Mix) -> Mix:
    """The same with the smallest model and few examples, to see that all of it works."""
    return replace(mix, shape=Shape(32, 2, 2, 64, 1024), batch=min(mix.batch, 4), count=min(mix.count, 8))


def make_examples(mix: Mix) -> list[TokenizedExample]:
    """The examples of an epoch, in the order of training."""
    draw = random.Random(0)
    examples = [_example(str(i), mix, draw) for i in range(mix.count)]
    size = mix.batch * mix.window
    if mix.window == 1:
        return examples
    windows = [examples[start : start + size] for start in range(0, len(examples), size)]
    return [example for window in windows for example in sorted(window, key=real_tokens)]


def _example(name: str, mix: Mix, draw: random.Random) -> TokenizedExample:
    prompt_length, lengths = mix.draw(draw)

    def words(count: int) -> tuple[int, ...]:
        return tuple(draw.randrange(FIRST_WORD, mix.shape.vocabulary) for _ in range(count))

    prompt = words(prompt_length)
    rows = [(*prompt, *words(length - 1), END) for length in lengths]
    candidates = tuple(TokenizedCandidate(row, (len(prompt), len(row))) for row in rows)
    return TokenizedExample(name, candidates, identical=False, columns={})


def real_tokens(example: TokenizedExample) -> int:
    """Tokens of all rows of an example, padding left out."""
    return sum(len(row.tokens) for row in example.candidates)


def text_rows(examples: Sequence[TokenizedExample]) -> list[dict[str, str]]:
    """Pairs as texts that the tokenizer reads as the same ids; the end of a response is left to the reader."""

    def text(ids: TokenIds) -> str:
        return " ".join(f"w{i}" for i in ids)

    rows = []
    for example in examples:
        chosen, rejected = example.candidates
        start = chosen.response[0]
        rows.append(
            {
                "prompt": text(chosen.tokens[:start]) + " ",
                "chosen": text(chosen.tokens[start:-1]),
                "rejected": text(rejected.tokens[start:-1]),
            }
        )
    return rows


def make_tokenizer(mix: Mix) -> Any:
    """One token per word: `w7` is id 7."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {f"w{i}": i for i in range(FIRST_WORD, mix.shape.vocabulary)}
    backend = Tokenizer(models.WordLevel({"<pad>": PAD, "<eos>": END} | words, unk_token="<pad>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>", eos_token="<eos>")


def make_model(mix: Mix) -> Any:
    """The mix's GPT-NeoX with random weights, the same at each call."""
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    shape = mix.shape
    config = GPTNeoXConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=4 * shape.hidden,
        max_position_embeddings=shape.positions,
        hidden_dropout=0.0,
        attention_dropout=0.0,
        pad_token_id=PAD,
        eos_token_id=END,
        use_cache=False,
    )
    torch.manual_seed(0)
    return GPTNeoXForCausalLM._from_config(config, attn_implementation="sdpa")


@dataclass(frozen=True)
class Work:
    """What an epoch of a mix takes at least."""

    examples: int
    real_tokens: int
    """Of all rows, padding left out."""
    packed_tokens: int
    """Of those, what needs to go through the model: shared fronts once, and no token that no score needs."""
    padded_tokens: int
    """Of all rows, each as long as its batch's longest."""
    forward_flops: int
    """Useful work of one forward pass in matrix products with weights: every layer for packed tokens, the head for
    scored ones; attention is left out."""
    alone_flops: int
    """The same with every response's row for itself."""

    @property
    def training_flops(self) -> int:
        """Forward and backward; the backward pass is twice the forward one."""
        return 3 * self.forward_flops


def work_of(mix: Mix, examples: Sequence[TokenizedExample]) -> Work:
    """Count an epoch's work."""
    cost = Cost(packed=True)
    packed = sum(cost.of(example) for example in examples)
    scored = sum(stop - start for e in examples for start, stop in (row.response for row in e.candidates))
    batches = [examples[start : start + mix.batch] for start in range(0, len(examples), mix.batch)]
    padded = sum(
        len(batch) * mix.candidates * max(len(row.tokens) for e in batch for row in e.candidates) for batch in batches
    )
    shape = mix.shape
    alone = sum(Cost(packed=True, share=False).of(example) for example in examples)
    flops = [
        2 * (tokens * shape.layers * shape.layer_parameters + scored * shape.hidden * shape.vocabulary)
        for tokens in (packed, alone)
    ]
    real = sum(real_tokens(example) for example in examples)
    return Work(len(examples), real, packed, padded, *flops)
