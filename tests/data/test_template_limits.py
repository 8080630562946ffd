"""Chat templates that loop, explode or raise end in one message."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Example, Message
from benchbench.data import template_limits
from benchbench.data.encode import Encoder
from benchbench.data.encoded_examples import encode_examples
from benchbench.data.render import Renderer, renderer

GOOD = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
GOOD += "{% if add_generation_prompt %}[assistant]{% endif %}"


def made(tmp_path: Path) -> tuple[Renderer, Any]:
    """The renderer of the template in `chat.jinja`, and a tokenizer without a word."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    section = SimpleNamespace(template=None, chat_template="chat.jinja", template_date=None)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()))
    return renderer(section, tokenizer, folder=tmp_path), tokenizer  # pyright: ignore[reportArgumentType]


def written(tmp_path: Path, template: str) -> str:
    """What a template's file makes of one conversation."""
    (tmp_path / "chat.jinja").write_text(template, encoding="utf-8")
    render, _ = made(tmp_path)
    return render([Message("user", "Hi")], ["Yo"]).prompt


def test_a_good_template_is_what_it_was(tmp_path: Path):
    limits = template_limits.resource.getrlimit(template_limits.resource.RLIMIT_AS)
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    handler, timer = signal.getsignal(signal.SIGALRM), signal.setitimer(signal.ITIMER_REAL, 200.0)
    try:
        assert written(tmp_path, GOOD) == "[user]Hi[assistant]"
        assert signal.getsignal(signal.SIGALRM) is handler
        assert 100.0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 200.0
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        assert written(tmp_path, GOOD) == "[user]Hi[assistant]"
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
    assert template_limits.resource.getrlimit(template_limits.resource.RLIMIT_AS) == limits


LOOP = "{% for i in range(99999) %}{% for j in range(99999) %}{% set x = j %}{% endfor %}{% endfor %}"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (LOOP, "expected a conversation within 0.3 s, it took longer"),
        ("{{ 'a' * 99999999999 }}", "expected less than 2 GiB of memory"),
        ("{{ 'a' * 30000000 }}", "expected at most 20000000 characters"),
        ("{% for i in range(10 ** 12) %}x{% endfor %}", "it refuses a conversation (Range too big"),
        ("{{ raise_exception('no system turns') }}", "it refuses a conversation (no system turns)"),
        ("{{ messages + 1 }}", "it refuses a conversation ("),
        ("{{ messages[99].content.x }}", "it refuses a conversation ("),
        ("{{ 1 / 0 }}", "it refuses a conversation (division by zero)"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "it refuses a conversation ("),
        ("{{ ().__class__.__mro__ }}", "it refuses a conversation ("),
        ("{{ messages ", "it refuses a conversation ("),
    ],
)
def test_a_hostile_template_ends_in_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str, message: str
):
    monkeypatch.setattr(template_limits, "SECONDS", 0.3 if template == LOOP else 30.0)
    with pytest.raises(BenchError) as refusal:
        written(tmp_path, f"{{# messages #}}{template}{GOOD}")
    assert str(refusal.value).startswith(f"chat template: {message}")


def test_a_split_whose_template_loops_ends_in_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Templates of a whole split run where the alarm rings."""
    monkeypatch.setattr(template_limits, "SECONDS", 0.3)
    (tmp_path / "chat.jinja").write_text(f"{{# messages #}}{LOOP}{GOOD}", encoding="utf-8")
    render, tokenizer = made(tmp_path)
    encoder = Encoder.of(tokenizer, add_bos=False, append_eos=False)
    examples = [Example(f"e{n}", (Message("user", "Hi"),), ("Yo",)) for n in range(2)]
    with pytest.raises(BenchError, match=r"^example e0: chat template: expected a conversation within 0.3 s"):
        list(encode_examples(examples, encoder, render))


def test_in_another_thread_there_is_no_alarm_and_the_errors_are_the_same(tmp_path: Path):
    said: list[str] = []

    def run() -> None:
        said.append(written(tmp_path, GOOD))
        try:
            written(tmp_path, "{# messages #}{{ 1 / 0 }}")
        except BenchError as error:
            said.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert said == ["[user]Hi[assistant]", "chat template: it refuses a conversation (division by zero)"]


def test_a_file_that_is_no_template_is_not_quoted(tmp_path: Path):
    with pytest.raises(BenchError, match="expected a Jinja template that writes `messages`, found none") as refusal:
        written(tmp_path, "hf_secret")
    assert "hf_secret" not in str(refusal.value)
