"""A server that repeats the key, in any of the usual forms, leaves no trace of it."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from benchbench.core.errors import BenchError
from benchbench.judges.chat_endpoint.judge import JUDGE
from benchbench.judges.chat_endpoint.secret import without_key

from .chat_server import Reply, replies, serving
from .contests import contests, verdicts
from .test_chat_endpoint import options

KEY = "sk-proj/4f+9_Q7zT2mB8xW1"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS = [
    KEY,
    f"Authorization: Bearer {KEY}.",
    quote(KEY, safe=""),
    KEY.encode().hex(),
    b64(KEY),
    base64.urlsafe_b64encode(KEY.encode()).decode(),
    *(b64(f"{before}{KEY}{after}") for before in ("", "x", "Bearer ", "Bearer: ") for after in ("", "y", "\n--")),
]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_key_is_masked(form: str):
    masked = without_key(f"You sent {form}!", KEY)
    assert masked.startswith("You sent ") and masked.endswith("!") and "***" in masked
    assert KEY not in masked and b64(KEY)[2:20] not in masked


PARTS = [KEY[:12], KEY[-12:], KEY[5:18], KEY[:15], KEY[::-1], KEY[::-1][3:16], KEY[:14].encode().hex(), b64(KEY[3:18])]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_key_is_masked(part: str):
    """Twelve characters of it; servers shorten keys in their messages."""
    masked = without_key(f"no such key: {part}...{part[:6]}, sorry", KEY)
    assert masked.startswith("no such key: ") and masked.endswith(", sorry") and "***" in masked
    assert not any(masked[at : at + 12] in part for at in range(len(masked) - 11))


def test_less_than_twelve_characters_of_a_key_may_be_words():
    assert without_key(f"{KEY[:11]} {KEY[-11:]}", KEY) == f"{KEY[:11]} {KEY[-11:]}"
    assert without_key("short-key1 is short-key", "short-key1") == "*** is short-key"


def test_a_word_in_the_place_of_a_key_is_no_secret():
    assert without_key("an EMPTY answer [[A]]", "EMPTY") == "an EMPTY answer [[A]]"
    assert without_key("text", None) == "text"


@pytest.mark.parametrize("form", [KEY, b64(f"Bearer {KEY}")])
def test_a_verdict_holds_no_key(monkeypatch: pytest.MonkeyPatch, form: str):
    monkeypatch.setenv("JUDGE_API_KEY", KEY)
    with serving(replies(Reply(f"I saw {form}.\n[[A]]"))) as server:
        (verdict,) = verdicts(JUDGE, options(server, api_key_env="JUDGE_API_KEY"), contests(1))
    assert verdict.first_wins is not None
    assert verdict.raw.endswith("\n[[A]]") and "***" in verdict.raw and form not in verdict.raw


def test_an_error_holds_no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("JUDGE_API_KEY", KEY)
    with serving(replies(Reply(status=401, raw=f"no such key: {b64(KEY)}"))) as server, pytest.raises(BenchError) as e:
        verdicts(JUDGE, options(server, api_key_env="JUDGE_API_KEY"), contests(1))
    assert b64(KEY) not in str(e.value) and "no such key: ***" in str(e.value)
