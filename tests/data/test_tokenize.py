"""Examples to token rows: what is cut, dropped, spared and flagged, and the report's arithmetic."""

from __future__ import annotations

import json

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import Example, Message, Span
from benchbench.data.tokenize import LONG_PROMPT, MASKED_WHOLE, NO_RESPONSE, OVER_LENGTH, tokenize_examples
from benchbench.recipe.training import MaskedSpanSection

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


# --- spans ----------------------------------------------------------------------------------------------------------

THINK = (MaskedSpanSection(start="<think>", end="</think>"),)


def span(text: str, part: str, value: float = 0.0) -> tuple[Span, ...]:
    """The span of a part of a text."""
    return (Span(text.index(part), text.index(part) + len(part), value),)


def open_tokens(tokenizer, candidate) -> list[str]:
    """Texts of the tokens that are scored, one by one."""
    holes = {t for start, stop in candidate.holes for t in range(start, stop)}
    return [tokenizer.decode([int(candidate.tokens[t])]) for t in range(*candidate.response) if t not in holes]


def test_a_hole_in_a_response_is_not_scored():
    example = pair("x", "a cat", "the dog sat", "a mat", spans={"mask": (span("the dog sat", "dog"), ())})
    (row,) = tokenized([example]).examples
    assert open_tokens(words(), row.candidates[0]) == ["the", "sat", "<|endoftext|>"]
    assert row.candidates[0].holes == ((5, 6),) and row.candidates[1].holes == ()
    bare = tokenized([pair("x", "a cat", "the dog sat", "a mat")])
    assert list(bare.examples[0].candidates[0].tokens) == list(row.candidates[0].tokens), "it is context all the same"
    report = tokenized([example]).report
    assert (report.masked, report.empty, report.empty_after_masking) == (1, 0, 0) and bare.report.masked == 0


def test_a_space_in_front_of_a_word_is_part_of_its_token():
    """So a span that ends after the space has the next word, too."""
    example = pair("x", "a cat", "the dog sat", "a mat", spans={"mask": (span("the dog sat", "dog "), ())})
    assert open_tokens(words(), tokenized([example]).examples[0].candidates[0]) == ["the", "<|endoftext|>"]


def test_spans_count_from_the_response_as_it_stands_in_the_data():
    """White space that the template strips is counted, though no token has it."""
    example = pair("x", "a cat", "  the dog", "a mat", spans={"weight": (span("  the dog", "dog", 2.5), ())})
    (row,) = tokenized([example]).examples
    assert row.candidates[0].weights == {"weight": ((5, 6, 2.5),)} and row.candidates[1].weights == {}


def test_text_between_markers_is_masked():
    texts = ("<think>abab</think>ab", "ab<think>abab")
    tokenizer = bytes_with()
    made = tokenized([pair("x", "ab", *texts)], tokenizer=tokenizer, template=plain(), masked_spans=THINK)
    first, second = made.examples[0].candidates
    assert open_tokens(tokenizer, first) == ["ab", "<|endoftext|>"] and first.holes == ()
    assert open_tokens(tokenizer, second) == ["ab", "<|endoftext|>"] and len(second.holes) == 1
    assert made.report.unclosed_spans == 1 and made.report.masked > 0
    assert (
        not tokenized([pair("x", "ab", *texts)], tokenizer=tokenizer, template=plain()).examples[0].candidates[0].holes
    )


def test_spans_in_a_chat_template_leave_what_it_writes():
    tokenizer = bytes_with(eos_token="<|im_end|>", chat_template=CHATML)
    texts = ("ab ab", "ab")
    made = tokenized(
        [pair("x", "ab", *texts, spans={"mask": ((Span(0, 5, 0.0),), ())})], tokenizer=tokenizer, template=None
    )
    assert made.report.dropped == {} and open_tokens(tokenizer, made.examples[0].candidates[0]) == ["<|im_end|>"]


def test_a_response_apart_from_its_prompt_has_its_spans_too():
    """A joint "ab" across the boundary is one token, so the response is tokenised by itself."""
    tokenizer = bytes_with()
    example = pair("x", "a", "b ab", "ab", spans={"mask": (span("b ab", " ab"), ())})
    made = tokenized([example], tokenizer=tokenizer, template=plain())
    assert made.report.boundary_retokenised >= 1
    assert open_tokens(tokenizer, made.examples[0].candidates[0]) == ["b", "<|endoftext|>"]


WHOLE = pair("x", "a cat", "the dog", "a mat", spans={"mask": ((Span(0, 7, 0.0),), ())})


def test_a_response_that_is_masked_whole_is_handled_as_an_empty_one():
    """Without EOS; with EOS that is left."""
    assert tokenized([WHOLE]).report.dropped == {} and tokenized([WHOLE]).report.masked == 2
    gone = tokenized([WHOLE], append_eos=False)
    assert gone.report.dropped == {MASKED_WHOLE: 1} and not gone.examples and gone.report.empty_after_masking == 1
    spared = tokenized([WHOLE], append_eos=False, keep_all=True).examples[0]
    assert spared.spared == MASKED_WHOLE and spared.candidates[0].empty and not spared.candidates[1].empty
    constant = tokenized([WHOLE], append_eos=False, on_empty="keep_constant").examples[0].candidates[0]
    assert constant.empty and constant.response[0] == constant.response[1] and constant.holes == ()
    with pytest.raises(BenchError, match="example x: of a candidate only masked tokens are left; choose on_empty"):
        tokenized([WHOLE], append_eos=False, on_empty="error")


def test_equal_texts_with_other_holes_are_not_identical():
    texts = ("the dog sat", "the dog sat")
    assert tokenized([pair("x", "a cat", *texts)]).examples[0].identical
    example = pair("x", "a cat", *texts, spans={"mask": (span("the dog sat", "dog"), ())})
    assert not tokenized([example]).examples[0].identical


def test_a_template_that_rewrites_responses_names_the_example():
    upper = CHATML.replace("m['content']", "m['content'] | upper")
    tokenizer = bytes_with(eos_token="<|im_end|>", chat_template=upper)
    example = pair("x", "ab", "ab", "b", spans={"mask": (span("ab", "a"), ())})
    with pytest.raises(BenchError, match="example x: expected the template to write a response with spans as it is"):
        tokenized([example], tokenizer=tokenizer, template=None)


# --- a prompt per candidate -----------------------------------------------------------------------------------------


def test_each_candidate_may_answer_a_prompt_of_its_own():
    prompts = ((Message("user", "the cat"),), (Message("user", "a dog and the mat"),))
    (row,) = tokenized([pair("x", "one", "a mat", "two", prompts=prompts)]).examples
    alone = tokenized([pair("a", "the cat", "a mat"), pair("b", "a dog and the mat", "two")]).examples
    assert [list(c.tokens) for c in row.candidates] == [list(other.candidates[0].tokens) for other in alone]
    assert [c.response for c in row.candidates] == [other.candidates[0].response for other in alone]
    report = tokenized([pair("x", "one", "a mat", "two", prompts=prompts)]).report
    assert report.prompt_tokens == (5.5, 7) and report.response_tokens == (2.5, 3)


def test_the_longest_of_the_prompts_counts():
    prompts = ((Message("user", "the cat"),), (Message("user", "a dog and the mat"),))
    example = pair("x", "one", "a mat", "two", prompts=prompts)
    assert tokenized([example], max_prompt_length=6).report.dropped == {LONG_PROMPT: 1}
    assert tokenized([example], max_length=8, truncation="drop").report.dropped == {OVER_LENGTH: 1}
    cut = tokenized([example], max_length=7).examples
    assert not cut, "the second candidate lost its response"


def test_spans_are_found_behind_a_prompt_of_its_own():
    prompts = ((Message("user", "the cat"),), (Message("user", "a dog and the mat"),))
    spans = {"mask": ((), span("two three", "three"))}
    (row,) = tokenized([pair("x", "one", "a mat", "two three", prompts=prompts, spans=spans)]).examples
    assert open_tokens(words(), row.candidates[1]) == ["two", "<|endoftext|>"]


def test_prompts_may_be_scored():
    (row,) = tokenized([EXAMPLES[0]], scored="all").examples
    assert [c.response for c in row.candidates] == [(1, 7), (1, 7)]
    (bos,) = tokenized([EXAMPLES[0]], scored="all", add_bos=True, tokenizer=bytes_with(bos_token="<s>")).examples
    assert bos.candidates[0].response[0] == 1, "BOS has no score"
    cut = tokenized([pair("x", "the cat and the dog", "a", "a")], scored="all", max_length=5, on_empty="keep_constant")
    assert all(c.empty and c.response[0] >= c.response[1] for c in cut.examples[0].candidates)


def test_roles_stay_with_the_example():
    assert tokenized([pair("x", "a cat", "the dog", "a mat", roles=("chosen", "gold"))]).examples[0].roles == (
        "chosen",
        "gold",
    )
