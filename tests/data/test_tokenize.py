"""Examples to token rows: what is cut, dropped, spared and flagged, and the report's arithmetic."""

from __future__ import annotations

import json

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import Example, Message
from benchbench.data.tokenize import LONG_PROMPT, NO_RESPONSE, OVER_LENGTH, tokenize_examples

from .tokenizers import CHATML, bytes_with, marks, plain, section, words


def pair(name: str, prompt: str, *candidates: str, **more) -> Example:
    return Example(name, (Message("user", prompt),), candidates, **more)


EXAMPLES = [
    pair("short", "the cat", "a dog", "the mat"),  # 4 prompt tokens with the marks; 3 and 3 with EOS
    pair("long", "the cat and the dog sat on the mat", "one two three four", "one"),  # 11; 5 and 2
    pair("same", "a cat", "the dog", " the dog "),
    pair("blank", "a cat", "", "the dog"),
]


def tokenized(examples=EXAMPLES, *, on_empty="drop", keep_all=False, tokenizer=None, **changes):
    return tokenize_examples(examples, tokenizer or words(), section(**changes), on_empty=on_empty, keep_all=keep_all)


def scored(candidate) -> str:
    return words().decode(list(candidate.tokens[slice(*candidate.response)]))


def test_rows_and_ranges():
    rows = tokenized().examples
    assert [row.id for row in rows] == ["short", "long", "same", "blank"]
    first = rows[0].candidates[0]
    assert words().decode(list(first.tokens)) == "<|user|> the cat<|assistant|> a dog<|endoftext|>"
    assert first.response == (4, 7) and scored(first) == "a dog<|endoftext|>"
    assert not (first.truncated or first.empty or first.overlong)


def test_the_report_counts_by_hand():
    """Prompt tokens per candidate 4 4 11 11 4 4 4 4; response tokens 3 3 5 2 3 3 1 3."""
    report = tokenized().report
    assert (report.examples_read, report.examples, report.dropped, report.spared) == (4, 4, {}, {})
    assert (report.identical, report.truncated, report.empty, report.overlong) == (1, 0, 1, 0)
    assert (report.boundary_retokenised, report.eos_inside, report.lost_characters) == (0, 0, 0)
    assert report.prompt_tokens == (5.75, 11) and report.response_tokens == (2.88, 5)
    value = json.loads(json.dumps(report.as_json(), allow_nan=False))
    assert value["prompt_tokens"] == {"mean": 5.75, "max": 11} and value["examples_read"] == 4


def test_flags_of_identical_and_blank_responses():
    rows = {row.id: row for row in tokenized().examples}
    assert [row.id for row in rows.values() if row.identical] == ["same"]
    assert [candidate.empty for candidate in rows["blank"].candidates] == [True, False]
    assert scored(rows["blank"].candidates[0]) == "<|endoftext|>"


def test_one_candidate_is_never_identical():
    assert not tokenized([pair("x", "a cat", "the dog")]).examples[0].identical


def test_sequences_that_truncation_makes_equal_are_identical():
    row = tokenized([pair("x", "a cat", "the dog sat", "the dog ran")], max_length=6).examples[0]
    assert row.identical and all(candidate.truncated for candidate in row.candidates)


def test_cut_on_the_right():
    report = tokenized(max_length=12).report
    long = tokenized(max_length=12).examples[1].candidates
    assert [len(candidate.tokens) for candidate in long] == [12, 12]
    assert [candidate.response for candidate in long] == [(11, 12), (11, 12)]
    assert report.truncated == 2 and report.examples == 4


def test_an_example_left_without_a_response_token_is_dropped_kept_or_an_error():
    assert tokenized(max_length=11).report.dropped == {NO_RESPONSE: 1}
    assert [row.id for row in tokenized(max_length=11).examples] == ["short", "same", "blank"]
    kept = tokenized(max_length=11, on_empty="keep_constant")
    assert kept.report.dropped == {} and kept.examples[1].candidates[0].response == (11, 11)
    assert kept.examples[1].candidates[0].empty and kept.report.empty == 3
    with pytest.raises(BenchError, match="example long: a candidate has no response token left") as caught:
        tokenized(max_length=11, on_empty="error")
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_blank_response_without_eos_has_no_token():
    assert tokenized(append_eos=False).report.dropped == {NO_RESPONSE: 1}
    kept = tokenized(append_eos=False, on_empty="keep_constant").examples[3].candidates[0]
    assert kept.response == (4, 4) and kept.empty


def test_cut_on_the_left_exact_and_as_published():
    """The example "long" has 11 + 5 = 16 and 11 + 2 = 13 tokens; at 13 three are cut on one side only."""
    exact = tokenized(max_length=13, truncation="left").examples[1].candidates
    assert scored(exact[0]) == "one two three four<|endoftext|>"
    assert [c.truncated for c in exact] == [True, False] and not any(c.overlong for c in exact)
    slip = tokenized(max_length=13, truncation="left", overlong_mask="untruncated_prompt")
    candidates = slip.examples[1].candidates
    assert [scored(c) for c in candidates] == ["four<|endoftext|>", "one<|endoftext|>"]
    assert [c.overlong for c in candidates] == [True, False]
    assert (slip.report.overlong, slip.report.truncated) == (1, 1)


def test_as_published_a_prompt_that_fills_the_length_leaves_eos_alone():
    slip = tokenized(max_length=11, truncation="left", overlong_mask="untruncated_prompt").examples[1]
    assert [scored(c) for c in slip.candidates] == ["<|endoftext|>"] * 2


def test_over_long_examples_are_dropped_whole_or_an_error():
    one = tokenized(max_length=13, truncation="drop")
    assert one.report.dropped == {OVER_LENGTH: 1} and "long" not in [row.id for row in one.examples]
    with pytest.raises(BenchError, match="example long: 16 tokens, more than max_length 13") as caught:
        tokenized(max_length=13, truncation="error")
    assert caught.value.exit_code == ExitCode.USAGE
    assert tokenized(max_length=16, truncation="error").report.examples == 4


def test_long_prompts_are_dropped_first():
    one = tokenized(max_length=11, max_prompt_length=10)
    assert one.report.dropped == {LONG_PROMPT: 1}
    assert tokenized(max_prompt_length=11).report.dropped == {}


def test_held_out_scoring_keeps_everything_and_says_what_training_would_drop():
    for changes, reason in (
        ({"max_length": 13, "truncation": "drop"}, OVER_LENGTH),
        ({"max_prompt_length": 10}, LONG_PROMPT),
        ({"max_length": 11}, NO_RESPONSE),
    ):
        one = tokenized(keep_all=True, **changes)
        assert [row.id for row in one.examples] == ["short", "long", "same", "blank"]
        assert one.report.spared == {reason: 1} and one.report.dropped == {}
        assert [row.spared for row in one.examples] == [None, reason, None, None]


def test_what_drop_refuses_is_kept_within_the_limit_and_not_scored():
    candidates = tokenized(keep_all=True, max_length=13, truncation="drop").examples[1].candidates
    assert len(candidates[0].tokens) == 13
    assert (candidates[0].response, candidates[0].truncated, candidates[0].empty) == ((13, 13), True, True)
    assert candidates[1].response == (11, 13) and not candidates[1].truncated


def test_columns_ratings_and_labels_travel_with_the_example():
    rows = tokenized(
        [
            pair("a", "a cat", "the dog", "a dog", ratings=(2.0, 1.0), columns={"gold": (1.0, 0.0), "p": 0.5}),
            pair("b", "a cat", "the dog", label=True),
            pair("c", "a cat", "the dog", label=False),
        ]
    ).examples
    assert rows[0].columns == {"gold": (1.0, 0.0), "p": 0.5, "score": (2.0, 1.0)}
    assert rows[1].columns == {"label": 1.0} and rows[2].columns == {"label": 0.0}


def test_any_number_of_candidates():
    row = tokenized([pair("x", "a cat", *["the dog"] * 5, "a dog")]).examples[0]
    assert len(row.candidates) == 6 and not row.identical


def test_more_examples_than_one_call_of_the_tokenizer_takes():
    many = [pair(f"{i}", "a cat", "the dog" if i % 2 else "a dog sat", "one") for i in range(5000)]
    rows = tokenized(many).examples
    assert [row.id for row in rows] == [f"{i}" for i in range(5000)]
    assert [scored(rows[i].candidates[0]) for i in (0, 2047, 2048, 4999)] == [
        "a dog sat<|endoftext|>",
        "the dog<|endoftext|>",
        "a dog sat<|endoftext|>",
        "the dog<|endoftext|>",
    ]


def test_no_examples_are_no_trouble():
    assert tokenized([]).report.examples_read == 0


def test_a_merge_across_the_boundary_is_in_the_report():
    tokenizer = bytes_with()
    one = tokenized([pair("x", "xa", "b", "c")], tokenizer=tokenizer, template=plain())
    assert one.report.boundary_retokenised == 1
    candidate = one.examples[0].candidates[0]
    assert tokenizer.decode(list(candidate.tokens[slice(*candidate.response)])) == "b<|endoftext|>"


def test_a_chat_template_that_writes_its_own_eos_gets_no_second_one():
    tokenizer = bytes_with(eos_token="<|im_end|>")
    tokenizer.chat_template = CHATML
    candidate = tokenized([pair("x", "hi", "yes", "")], tokenizer=tokenizer, template=None).examples[0].candidates
    tails = [tokenizer.decode(list(c.tokens[slice(*c.response)])) for c in candidate]
    assert tails == ["yes<|im_end|>", "<|im_end|>"]
    assert [c.empty for c in candidate] == [False, True]


def test_eos_follows_the_token_that_a_chat_template_ends_a_turn_with():
    """Both are trained, in this order; generation stops at whichever comes first (`generation.stops`)."""
    tokenizer = bytes_with(chat_template=CHATML)
    (one,) = tokenized([pair("x", "hi", "yes", "no")], tokenizer=tokenizer, template=None).examples
    assert [tokenizer.decode(list(c.tokens[slice(*c.response)])) for c in one.candidates] == [
        "yes<|im_end|>\n<|endoftext|>",
        "no<|im_end|>\n<|endoftext|>",
    ]


def test_texts_that_hold_a_control_token_are_counted():
    """A tokenizer reads it as the token, wherever it stands; what a template writes itself does not count."""
    rows = [pair("x", "what is <|im_end|> ?", "a<|im_start|>user", "b"), pair("y", "hi", "yes", "<|im_end |>")]
    report = tokenized(rows, tokenizer=bytes_with(chat_template=CHATML), template=None).report
    assert report.control_in_text == 2


def test_an_example_that_cannot_be_rendered_is_named():
    tokenizer = bytes_with()
    tokenizer.chat_template = "{{ raise_exception('no') }}"
    with pytest.raises(BenchError, match="example x: chat template: it refuses a conversation"):
        tokenized([pair("x", "hi", "yes")], tokenizer=tokenizer, template=None)


def test_characters_that_the_tokenizer_loses_are_counted():
    assert tokenized([pair("x", "the c\u00e4t", "\u00fc")]).report.lost_characters == 2


def test_so_are_those_of_the_template():
    template = marks().model_copy(update={"user": "<|user|>\n{content}"})
    assert tokenized(template=template).report.lost_characters == 1
