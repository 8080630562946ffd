"""The chat judge against a server that answers well, badly, late, or not at all."""

from __future__ import annotations

import gzip
import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.judge import JudgeContext
from benchbench.judges.chat_endpoint.judge import ASKED_AGAIN, JUDGE, ChatOptions, identity
from benchbench.store.offline import offline

from .chat_server import ChatServer, Reply, prefers, replies, serving
from .contests import contest, contests, verdicts


def options(server: ChatServer, **changes: Any) -> ChatOptions:
    return replace(
        ChatOptions(server.url, "some-judge", backoff_seconds=0.01, max_retries=3, timeout_seconds=5), **changes
    )


def test_verdicts_follow_the_texts_through_the_slots():
    with serving(prefers("horse")) as server:
        given = [contest("the hare", "a horse"), contest("a horse", "the hare"), contest("a horse", "the horse")]
        found = verdicts(JUDGE, options(server), given)
    assert [verdict.first_wins for verdict in found] == [0.0, 1.0, 0.5]
    assert found[0].raw == "Because of the horse.\n[[B]]" and found[0].note == ""
    assert {verdict.answered_by for verdict in found} == {"some-judge-2026-01-01"}


def test_every_decoding_parameter_is_in_the_request_and_nothing_else():
    with serving(replies(Reply())) as server:
        verdicts(
            JUDGE, options(server, temperature=0.5, top_p=0.9, seed=7, max_tokens=33, system="Be fair."), contests(1)
        )
        plain = {"temperature": None, "top_p": None, "seed": None, "max_tokens_field": "max_completion_tokens"}
        verdicts(JUDGE, options(server, **plain, extra_body={"top_k": 5}), contests(1))
    first, second = (seen.body for seen in server.seen)
    messages = first.pop("messages")
    assert first == {"model": "some-judge", "temperature": 0.5, "top_p": 0.9, "seed": 7, "max_tokens": 33}
    assert [message["role"] for message in messages] == ["system", "user"]
    assert set(second) == {"model", "messages", "max_completion_tokens", "top_k"}
    assert server.seen[0].path == "/v1/chat/completions"


def test_an_answer_without_verdict_is_asked_for_once_more_with_the_same_prompt_and_the_next_seed():
    with serving(replies(Reply("Hard to say."), Reply("[[B]]"))) as server:
        (verdict,) = verdicts(JUDGE, options(server, seed=3), contests(1))
    assert verdict.first_wins == 0.0
    assert verdict.raw == f"Hard to say.{ASKED_AGAIN}[[B]]"
    assert [seen.body["seed"] for seen in server.seen] == [3, 4]
    assert server.seen[0].body["messages"] == server.seen[1].body["messages"]
    assert verdict.usage == {"requests": 2, "prompt_tokens": 200, "completion_tokens": 20}


@pytest.mark.parametrize("text", ["Hard to say.", "", None, ["no", "text"], "[[A]] and [[B]]"])
def test_nonsense_twice_is_missing_and_says_so(text: Any):
    with serving(replies(Reply(text))) as server:
        (verdict,) = verdicts(JUDGE, options(server), contests(1))
    assert verdict.first_wins is None and "asked twice" in verdict.note
    assert len(server.seen) == 2
    assert verdict.raw != ""


def test_an_answer_that_was_cut_has_no_verdict():
    with serving(replies(Reply("[[A]]", finish="length"))) as server:
        (verdict,) = verdicts(JUDGE, options(server), contests(1))
    assert verdict.first_wins is None and "max_tokens" in verdict.note


@pytest.mark.parametrize("bad", [Reply(status=429), Reply(status=500), Reply(status=503), Reply(hang_up=True)])
def test_what_may_pass_is_tried_again(bad: Reply):
    lines: list[str] = []
    with serving(replies(bad, bad, Reply())) as server:
        given = contests(1)
        (verdict,) = verdicts(JUDGE, options(server), given, JudgeContext(None, report=lines.append))  # type: ignore[arg-type]
    assert verdict.first_wins == 1.0 and verdict.usage["requests"] == 3
    assert len(lines) == 2 and "attempt 2 in 0.01 s" in lines[0] and "attempt 3 in 0.02 s" in lines[1]


def test_a_slow_server_is_given_up_on_and_asked_again():
    with serving(replies(Reply(seconds=1.5), Reply())) as server:
        (verdict,) = verdicts(JUDGE, options(server, timeout_seconds=0.3), contests(1))
    assert verdict.first_wins == 1.0 and len(server.seen) == 2


def test_the_server_may_ask_for_a_longer_wait():
    with serving(replies(Reply(status=429, headers={"Retry-After": "1"}), Reply())) as server:
        verdicts(JUDGE, options(server), contests(1))
    assert server.seen[1].at - server.seen[0].at >= 1.0


@pytest.mark.parametrize(("words", "least"), [("date", 1.0), ("Sat, 01 Jan 2000 00:00:00 GMT", 0.0), ("soon", 0.0)])
def test_the_wait_may_be_asked_for_as_a_date(words: str, least: float):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True) if words == "date" else words
    with serving(replies(Reply(status=429, headers={"Retry-After": date}), Reply())) as server:
        verdicts(JUDGE, options(server), contests(1))
    assert least <= server.seen[1].at - server.seen[0].at <= least + 4


def test_attempts_are_bounded():
    with serving(replies(Reply(status=500, raw="out of order"))) as server:
        with pytest.raises(
            BenchError, match=r"no answer in 4 attempts, the last time it answers 500 \(out of order\)"
        ) as e:
            verdicts(JUDGE, options(server), contests(1))
        assert e.value.exit_code == ExitCode.UNAVAILABLE
    assert len(server.seen) == 4


@pytest.mark.parametrize("raw", ["<html>hello</html>", "[]", "{}", '{"choices": []}', '{"choices": [{}]}', "3"])
def test_a_server_of_another_kind_is_an_error_and_no_missing_verdict(raw: str):
    with (
        serving(replies(Reply(raw=raw))) as server,
        pytest.raises(BenchError, match="something other than a chat completion"),
    ):
        verdicts(JUDGE, options(server, max_retries=1), contests(1))


@pytest.mark.parametrize(
    "bad",
    [
        Reply(raw="no gzip", headers={"Content-Encoding": "gzip"}),
        Reply(raw="{}", headers={"Content-Encoding": "br"}),
        Reply(raw="[" * 100_000),
    ],
    ids=["encoding", "another encoding", "nesting"],
)
def test_an_answer_that_cannot_be_read_is_tried_again(bad: Reply):
    with serving(replies(bad, Reply())) as server:
        (verdict,) = verdicts(JUDGE, options(server), contests(1))
    assert verdict.first_wins == 1.0 and len(server.seen) == 2


FOLDED = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    "bad",
    [Reply(raw=gzip.compress(bytes(1 << 26)), headers=FOLDED), Reply(raw=b" " * (1 << 25))],
    ids=["folded", "as it is"],
)
@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_without_end_is_not_read_to_its_end(bad: Reply, status: int):
    """64 MiB that are sent as 64 KiB, and 32 MiB, as an answer and as the words of an error."""
    with (
        serving(replies(replace(bad, status=status))) as server,
        pytest.raises(BenchError, match="its answer is larger than 16 MiB, which no completion is") as e,
    ):
        verdicts(JUDGE, options(server, max_retries=1), contests(1))
    assert e.value.exit_code == ExitCode.UNAVAILABLE and len(server.seen) == 2


def test_an_answer_in_gzip_is_read_and_no_other_encoding_is_asked_for():
    message = {"role": "assistant", "content": "[[A]]"}
    body = {"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    folded = Reply(raw=gzip.compress(json.dumps(body).encode()), headers=FOLDED)
    with serving(replies(folded)) as server:
        (verdict,) = verdicts(JUDGE, options(server), contests(1))
    assert verdict.first_wins == 1.0 and {seen.headers["Accept-Encoding"] for seen in server.seen} == {"gzip, deflate"}


def test_the_time_limit_is_one_of_the_whole_request():
    """Five seconds of blanks, each well within the limit."""
    start = time.monotonic()
    with (
        serving(replies(Reply(drips=50))) as server,
        pytest.raises(BenchError, match=r"it did not answer within 0\.5 s"),
    ):
        verdicts(JUDGE, options(server, timeout_seconds=0.5, max_retries=0), contests(1))
    assert time.monotonic() - start < 4.5


def test_text_in_parts_is_read():
    parts = [{"type": "text", "text": "It is larger.\n"}, {"type": "text", "text": "[[B]]"}, {"type": "image"}, 3]
    with serving(replies(Reply(parts))) as server:
        (verdict,) = verdicts(JUDGE, options(server), contests(1))
    assert verdict.first_wins == 0.0 and verdict.raw == "It is larger.\n[[B]]"


def test_half_a_surrogate_pair_is_a_missing_verdict():
    with serving(replies(Reply())) as server:
        broken, whole = verdicts(JUDGE, options(server), [contest("a \ud83d", "b"), contest("a", "b")])
    assert broken.first_wins is None and "half of a surrogate pair" in broken.note
    assert whole.first_wins == 1.0
    with serving(replies(Reply("a \ud83d horse\n[[A]]"))) as server:
        (answered,) = verdicts(JUDGE, options(server), contests(1))
    assert answered.raw == "a ? horse\n[[A]]" and answered.first_wins == 1.0


@pytest.mark.parametrize("status", [301, 401, 403, 404])
def test_what_waiting_cannot_mend_ends_at_once(status: int):
    with serving(replies(Reply(status=status, raw="no"))) as server:
        with pytest.raises(BenchError, match=f"got {status} \\(no\\); check base_url, model and the key"):
            verdicts(JUDGE, options(server, max_concurrency=1), contests(5))
        assert len(server.seen) == 1


def test_a_refused_request_names_its_example_or_is_missing_on_demand():
    def reply(number: int, body: dict[str, Any]) -> Reply:
        long = "hare 1" in body["messages"][0]["content"]
        return Reply(status=400, raw="longer than the context") if long else Reply()

    with serving(reply) as server:
        with pytest.raises(
            BenchError, match=r"example e1: .*refuses the request: 400 \(longer than the context\); set"
        ):
            verdicts(JUDGE, options(server), contests(3))
        found = verdicts(JUDGE, options(server, on_refused="missing"), contests(3))
    assert [verdict.first_wins for verdict in found] == [1.0, None, 1.0]
    assert "longer than the context" in found[1].note and found[1].raw == ""


def test_a_server_that_refuses_everything_is_an_error_even_where_refusals_are_missing():
    with serving(replies(Reply(status=400, raw="Unsupported parameter: max_tokens"))) as server:
        lenient = options(server, on_refused="missing")
        with pytest.raises(BenchError, match=r"none of 3 questions was answered: .*Unsupported parameter: max_tokens"):
            verdicts(JUDGE, lenient, contests(3))
        rest = verdicts(JUDGE, lenient, contests(3), JudgeContext(Path(), known=1))
    assert all(verdict.first_wins is None for verdict in rest), "others of the run were answered before"


def test_a_template_that_was_edited_since_is_not_asked_with(tmp_path):
    with serving(replies(Reply())) as server:
        (tmp_path / "t.txt").write_text("{conversation} {first} {second}")
        given = options(server, template="t.txt")
        where = JudgeContext(tmp_path, pins=identity(given, tmp_path))
        verdicts(JUDGE, given, contests(1), where)
        (tmp_path / "t.txt").write_text("The worse wins: {conversation} {first} {second}")
        with pytest.raises(BenchError, match=r"judge.options.template \(t.txt\): expected the content that it had"):
            verdicts(JUDGE, given, contests(1), where)
        assert len(server.seen) == 1


def test_a_request_to_stop_gives_what_is_under_way_and_waits_for_nobody_who_does_not_answer():
    def reply(number: int, body: dict[str, Any]) -> Reply:
        question = body["messages"][0]["content"]
        return Reply(seconds=60.0 if "hare 3" in question else 0.1)

    with serving(reply) as server:
        given = options(server, max_concurrency=4, timeout_seconds=60)
        where = JudgeContext(Path(), should_stop=lambda: len(server.seen) >= 4)
        start = time.monotonic()
        found = dict(JUDGE.judge(given, contests(20), where))
        assert time.monotonic() - start < 20, "far less than the minute that nobody answers"
    assert {0, 1, 2} <= set(found) and 3 not in found
    assert len(found) == len(server.seen) - 1 < 8, "what the server answered, and no more"
    assert all(verdict.first_wins == 1.0 for verdict in found.values())


def test_a_request_to_stop_is_heard_between_two_attempts():
    with serving(replies(Reply(status=503))) as server:
        given = options(server, backoff_seconds=50)
        start = time.monotonic()
        assert list(JUDGE.judge(given, contests(3), JudgeContext(Path(), should_stop=lambda: bool(server.seen)))) == []
        assert time.monotonic() - start < 20


def test_a_server_that_dies_half_way_has_given_what_it_had():
    """Nothing that was answered is lost, whatever the order, and the error comes once."""
    with serving(lambda number, body: Reply() if number < 7 else Reply(hang_up=True)) as server:
        came: list[int] = []
        with pytest.raises(BenchError, match="no answer in 4 attempts, the last time the connection broke"):
            for place, verdict in JUDGE.judge(options(server), contests(20), JudgeContext(None)):  # type: ignore[arg-type]
                assert verdict.first_wins == 1.0
                came.append(place)
    assert len(set(came)) == len(came) == 7


def test_a_server_that_is_not_there_is_said_at_once():
    with serving(replies(Reply())) as server:
        gone = options(server, backoff_seconds=20)
    start = time.monotonic()
    with pytest.raises(BenchError, match="cannot be reached"):
        verdicts(JUDGE, gone, contests(3))
    assert time.monotonic() - start < 15


def test_requests_keep_the_pace_and_the_number_at_a_time():
    with serving(replies(Reply(seconds=0.05))) as server:
        verdicts(JUDGE, options(server, requests_per_minute=600, max_concurrency=3), contests(6))
        times = [seen.at for seen in server.seen]
        assert times[-1] - times[0] >= 0.45
        assert server.busiest <= 3
    with serving(replies(Reply(seconds=0.2))) as server:
        verdicts(JUDGE, options(server, max_concurrency=3), contests(9))
        assert server.busiest == 3


def test_whoever_stops_listening_ends_the_judge():
    with serving(replies(Reply(seconds=0.05))) as server:
        judging = JUDGE.judge(options(server, max_concurrency=2), contests(200), JudgeContext(None))  # type: ignore[arg-type]
        next(judging)
        judging.close()  # type: ignore[attr-defined]
        assert len(server.seen) < 10


def test_the_cost_is_that_of_the_tokens():
    prices = {"price_per_million_prompt_tokens": 2.0, "price_per_million_completion_tokens": 8.0}
    with serving(replies(Reply(), Reply(usage=None))) as server:
        first, second = verdicts(JUDGE, options(server, **prices, max_concurrency=1), contests(2))
    assert first.usage["cost"] == pytest.approx((100 * 2 + 10 * 8) / 1e6)
    assert second.usage == {"requests": 1, "uncounted": 1}, "unknown, not free"


def test_tokens_that_nobody_counted_are_said_and_whole_numbers_with_a_point_are_counted():
    prices = {"price_per_million_prompt_tokens": 2.0, "price_per_million_completion_tokens": 8.0}
    lines: list[str] = []
    usages = ({"prompt_tokens": 100.0, "completion_tokens": 10.0}, {"prompt_tokens": 0.5}, None)
    with serving(replies(*(Reply(usage=usage) for usage in usages))) as server:
        where = JudgeContext(Path(), report=lines.append)
        found = verdicts(JUDGE, options(server, **prices, max_concurrency=1), contests(3), where)
    assert found[0].usage == {"requests": 1, "prompt_tokens": 100, "completion_tokens": 10, "cost": 280 / 1e6}
    assert [one.usage.get("cost") for one in found[1:]] == [None, None]
    assert lines == [f"{server.url}: tokens of 2 answers were not counted; the cost is unknown"]
    with serving(replies(Reply(usage=None))) as server:
        (plain,) = verdicts(JUDGE, options(server), contests(1))
    assert plain.usage == {"requests": 1}, "without prices nobody asks what it cost"


def test_the_key_comes_from_the_variable_and_stands_in_no_message(monkeypatch):
    monkeypatch.setenv("SOME_JUDGE_KEY", "very-secret-4711")
    with serving(replies(Reply())) as server:
        verdicts(JUDGE, options(server, api_key_env="SOME_JUDGE_KEY"), contests(1))
        verdicts(JUDGE, options(server), contests(1))
    assert server.seen[0].headers["Authorization"] == "Bearer very-secret-4711"
    assert "Authorization" not in server.seen[1].headers
    repeats = Reply(status=401, raw="wrong key very-secret-4711")
    with serving(replies(repeats)) as server, pytest.raises(BenchError) as refused:
        verdicts(JUDGE, options(server, api_key_env="SOME_JUDGE_KEY"), contests(1))
    assert "very-secret" not in str(refused.value) and "wrong key ***" in str(refused.value)
    monkeypatch.delenv("SOME_JUDGE_KEY")
    with pytest.raises(BenchError, match="the environment variable SOME_JUDGE_KEY, found none"):
        verdicts(JUDGE, options(server, api_key_env="SOME_JUDGE_KEY"), contests(1))


@pytest.mark.parametrize("key", ["sk-\u043a\u043b\u044e\u0447", "sk-ab\ncd", "sk ab", "sk\u2019x", "sk\x00x"])
def test_a_key_that_no_header_can_hold_is_said_without_it(key: str, monkeypatch):
    monkeypatch.setattr("os.environ", {**os.environ, "SOME_JUDGE_KEY": key})
    with serving(replies(Reply())) as server, pytest.raises(BenchError, match="SOME_JUDGE_KEY, found one with") as e:
        verdicts(JUDGE, options(server, api_key_env="SOME_JUDGE_KEY"), contests(1))
    assert key not in str(e.value) and server.seen == []


@pytest.mark.parametrize(
    "key",
    [
        "hf_abcDEF0123456789abcDEF0123456789ab",
        "gsk_AbC123def456",
        "sk_live_abc",
        "deadbeef0123",
        "SK-PROJ-ABC",
        "HF_ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "AKIAIOSFODNN7EXAMPLE",
        "0123456789ABCDEF0123456789ABCDEF",
        "DEADBEEF0123456789ABCDEF",
        "some_key",
    ],
)
def test_a_key_in_the_place_of_a_variables_name_is_refused_and_not_repeated(key: str):
    with pytest.raises(ValueError, match="expected the name of an environment variable, not a key") as refused:
        ChatOptions("http://localhost:8000/v1", "m", api_key_env=key)
    assert key not in str(refused.value)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_TOKEN", "GSK_KEY", "_KEY2", "MY_OPENAI_COMPATIBLE_KEY_3"])
def test_usual_names_of_variables_are_taken(name: str):
    assert ChatOptions("http://localhost:8000/v1", "m", api_key_env=name).api_key_env == name


def test_offline_forbids_other_machines_and_allows_this_one():
    with offline(), serving(replies(Reply())) as server:
        assert verdicts(JUDGE, options(server), contests(1))[0].first_wins == 1.0
        away = options(server, base_url="http://judge.example.com/v1")
        with pytest.raises(BenchError, match="--offline forbids the network"):
            verdicts(JUDGE, away, contests(1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base_url": "judge.example.com/v1"}, "base_url: expected http"),
        ({"base_url": "https://me:secret@judge.example.com/v1"}, "base_url: expected http"),
        ({"base_url": "https://judge.example.com/v1?key=1"}, "base_url: expected http"),
        ({"model": ""}, "model: expected a name"),
        ({"api_key_env": "sk-123-456"}, "expected the name of an environment variable, not a key"),
        ({"temperature": -1.0}, "temperature: expected 0 or more"),
        ({"top_p": 0.0}, "top_p: expected"),
        ({"max_tokens": 0}, "max_tokens, max_concurrency: expected 1 or more"),
        ({"max_retries": 21}, "max_retries: expected 0 to 20"),
        ({"timeout_seconds": 0.0}, "expected more than 0"),
        ({"price_per_million_prompt_tokens": 1.0}, "prices: expected both"),
        ({"extra_body": {"temperature": 1}}, "extra_body: expected none of"),
    ],
)
def test_options_that_cannot_be_are_refused(changes: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        ChatOptions(**{"base_url": "http://localhost:8000/v1", "model": "m", **changes})


def test_the_template_is_part_of_the_identity_and_its_place_is_not(tmp_path):
    plain = ChatOptions("http://localhost:8000/v1", "m")
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text("{conversation} {first} {second}")
    one, two = (replace(plain, template=name) for name in ("one.txt", "two.txt"))
    assert identity(one, tmp_path) == identity(two, tmp_path) != identity(plain, tmp_path)
    with serving(replies(Reply())) as server:
        found = verdicts(JUDGE, options(server, template="one.txt"), [contest("x", "y")], JudgeContext(tmp_path))
    assert found[0].first_wins == 1.0
    assert server.seen[0].body["messages"][0]["content"].endswith("horse? x y")
