"""`bench --offline`: given before the verb or as a variable, answered in words, undone afterwards."""

from __future__ import annotations

import os
import socket

import pytest
from harness import bench

from benchbench.commands.fetch import run as fetch
from benchbench.store.offline import VARIABLES, OfflineError, forbidden_by


@pytest.fixture
def asked(monkeypatch) -> list[dict[str, object]]:
    """`bench fetch` that looks up a host first, and notes what it was given."""
    seen: list[dict[str, object]] = []

    def reach_out(*_: object, **__: object) -> list[dict[str, object]]:
        seen.append({"given": forbidden_by(), **{name: os.environ.get(name) for name in VARIABLES}})
        if forbidden_by() is not None:
            socket.getaddrinfo("hub.example", 443)
        return []

    for name in (*VARIABLES, "BENCH_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(fetch, "fetch", reach_out)
    return seen


@pytest.mark.parametrize("given", ["--offline", "BENCH_OFFLINE"])
def test_the_network_is_refused_in_words_and_only_for_this_command(asked, monkeypatch, given: str):
    line = ["fetch", "dpo"]
    if given == "--offline":
        line = [given, *line]
    else:
        monkeypatch.setenv(given, "1")
    ended = bench(*line)
    assert (ended.code, ended.out) == (5, "")
    assert ended.err.startswith(f"bench: hub.example: {given} forbids the network")
    assert asked == [{"given": given, **dict.fromkeys(VARIABLES, "1")}]
    assert forbidden_by() is None
    assert not set(VARIABLES) & set(os.environ)
    try:
        socket.getaddrinfo("192.0.2.1", 443, flags=socket.AI_NUMERICHOST)
    except OfflineError:
        pytest.fail("still blocked")


def test_without_it_nothing_is_forbidden(asked):
    assert bench("fetch", "dpo").code == 0
    assert asked == [{"given": None, **dict.fromkeys(VARIABLES)}]


def test_help_says_how_it_is_given():
    ended = bench("--offline", "--help")
    assert ended.code == 0
    assert "--offline" in ended.out and "BENCH_OFFLINE" in ended.out
    assert forbidden_by() is None
