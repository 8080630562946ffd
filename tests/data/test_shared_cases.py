"""Small files whose prompts once lost a part: what is read of them now, and what a real model says of it."""

from __future__ import annotations

import pytest
from harness import SHARED_DATA

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.data.tokenize import tokenize_examples
from benchbench.data.tokenizer import load_tokenizer
from benchbench.recipe.schema import PlainTemplate, TokenizationSection
from benchbench.sources import local_files

pytestmark = pytest.mark.shared_data
CASES = SHARED_DATA.parent / "cases"
STORIES = SHARED_DATA / "models" / "stories260K"
SECTION = TokenizationSection(
    template=PlainTemplate(user="Q: {content}\n", assistant="A: {content}\n", generation_prompt="A: "),
    add_bos=True,
    append_eos=True,
    max_length=512,
    truncation="right",
)


def load(name, **options):
    if not CASES.is_dir():
        pytest.skip(f"{CASES} is not there")
    return local_files.load(local_files.LocalFilesOptions(files={"test": f"{name}.jsonl"}, **options), CASES)


@pytest.fixture(scope="module")
def margins():
    """The margin of each pair under `logp_sum` of the pretrained model, after reading and tokenising."""
    import torch
    from transformers import AutoModelForCausalLM

    from benchbench.batches.padded import collate
    from benchbench.models.logps import token_logps

    tokenizer = load_tokenizer(str(STORIES), revision=None, pad_token=None, folder=CASES)
    model = AutoModelForCausalLM.from_pretrained(STORIES, use_safetensors=True).eval()

    def of(examples):
        tokenized = tokenize_examples(examples, tokenizer, SECTION, on_empty="error")
        batch = collate(tokenized.examples, pad=tokenizer.pad_token_id, device=torch.device("cpu"))
        with torch.no_grad():
            sums = token_logps(model, batch).token.double().sum(dim=-1)  # [B, 2]
        return (sums[:, 0] - sums[:, 1]).tolist()

    return of


@pytest.mark.parametrize("options", [{}, {"rename": {"prompt": "instruction"}}])
def test_instruction_and_input_are_one_prompt(margins, options):
    """Without the input, 4 of the 6 pairs are in the right order; with it 5."""
    examples = load("prompt_in_two_columns", **options)["test"]
    assert examples[0].prompt == (Message("user", "Copy the words.\n\nthe big red ball"),)
    assert sum(margin > 0 for margin in margins(examples)) / 6 == pytest.approx(0.8333, abs=1e-4)
    alone = load("prompt_in_two_columns", **options, ignore_columns=["input"])["test"]
    assert sum(margin > 0 for margin in margins(alone)) / 6 == pytest.approx(0.6667, abs=1e-4)


def test_a_system_column_is_a_system_turn(margins):
    """Without it the mean margin is +0.69, with it -0.28."""
    examples = load("system_column")["test"]
    assert [message.role for message in examples[0].prompt] == ["system", "user"]
    assert sum(margins(examples)) / 6 == pytest.approx(-0.28, abs=0.005)
    assert sum(margins(load("system_column", ignore_columns=["system"])["test"])) / 6 == pytest.approx(0.69, abs=0.005)


def test_earlier_turns_in_a_column_stand_before_the_prompt():
    (example,) = load("history_column")["test"]
    assert [(m.role, m.content) for m in example.prompt] == [
        ("user", "Weather in Oslo?"),
        ("assistant", "Rain."),
        ("user", "And in Rome?"),
    ]


def test_tool_calls_are_refused_or_left_out_and_counted_and_never_empty_texts():
    with pytest.raises(BenchError, match="tool calls: 6 rows .*`on_tool_calls: drop`"):
        load("tool_calls")
    with pytest.raises(BenchError, match="no row of split 'test' is an example; tool calls: 6"):
        load("tool_calls", on_tool_calls="drop")


def test_two_dialogues_as_texts_are_turns():
    (example,) = load("dialogue_as_one_string")["test"]
    assert example.prompt == (Message("user", "Is rain wet?"),)
    assert example.candidates == ("Yes, it is water.", "Yes, but who cares.")
