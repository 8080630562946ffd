"""Both sides are given the same tokens, and the work of an epoch is counted as a hand would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
from benchmarks.mixes import MIXES, Mix, Shape, make_examples, make_tokenizer, real_tokens, text_rows, work_of


@pytest.mark.parametrize("name", ["feas", "bench", "tiny", "long"])
def test_the_texts_are_read_as_the_very_tokens_that_ours_are(name: str):
    mix = MIXES[name]
    tokenizer = make_tokenizer(mix)
    examples = make_examples(mix)[:4]
    for example, row in zip(examples, text_rows(examples), strict=True):
        for candidate, text in zip(example.candidates, (row["chosen"], row["rejected"]), strict=True):
            ids = tokenizer(row["prompt"] + text + tokenizer.eos_token)["input_ids"]
            assert tuple(ids) == candidate.tokens


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_an_epoch_has_its_examples_and_every_row_fits_the_model(mix: Mix):
    examples = make_examples(mix)
    assert len(examples) == mix.count and mix.count % mix.batch == 0
    assert all(len(example.candidates) == mix.candidates for example in examples)
    assert max(len(row.tokens) for e in examples for row in e.candidates) <= mix.shape.positions
    assert make_examples(mix) == examples


def test_lengths_are_those_that_the_mix_is_named_after():
    """`feas`: 361 padded, 234 real and 173 packed tokens a pair; `tiny` 68, 54 and 37."""
    for name, known in (("feas", (361, 234, 173)), ("tiny", (68, 54, 37))):
        mix = replace(MIXES[name], count=512)
        work = work_of(mix, make_examples(mix))
        measured = (work.padded_tokens, work.real_tokens, work.packed_tokens)
        assert [tokens / 512 for tokens in measured] == pytest.approx(known, rel=0.15)


def test_windows_are_sorted_by_length():
    mix = MIXES["tiny"]
    lengths = [real_tokens(example) for example in make_examples(mix)]
    size = mix.batch * mix.window
    assert all(lengths[at : at + size] == sorted(lengths[at : at + size]) for at in range(0, len(lengths), size))


def test_work_by_hand():
    """Prompt 1 2 3, responses 4 5 and 6: rows of 5 and 4 tokens, 9 real, 10 padded.

    The last token of a row is no input, so the rows are 1 2 3 4 and 1 2 3, and packed 1 2 3 4: four tokens, and three
    scored. One layer of width 2 has 48 weights, the head 2 x 7: 2 x (4 x 48 + 3 x 14) = 468 operations forward, and
    2 x (7 x 48 + 3 x 14) = 756 with nothing shared.
    """
    rows = (TokenizedCandidate((1, 2, 3, 4, 5), (3, 5)), TokenizedCandidate((1, 2, 3, 6), (3, 4)))
    mix = Mix("m", "", Shape(hidden=2, layers=1, heads=1, vocabulary=7, positions=8), 1, 1, lambda draw: (3, (2, 1)))
    work = work_of(mix, [TokenizedExample("a", rows, identical=False, columns={})])
    assert (work.real_tokens, work.padded_tokens, work.packed_tokens) == (9, 10, 4)
    assert (work.forward_flops, work.training_flops, work.alone_flops) == (468, 3 * 468, 756)
