"""What can go wrong between responses and a win rate, from the command line: one clear message, and nothing lost."""

from __future__ import annotations

import csv
import json
import re
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, Ended, bench, execute, finish, generate_section

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.identity import identity
from benchbench.core.records import StageRecord, StageSpec
from benchbench.store.verdict_cache import VerdictCache
from tests.judges.chat_server import Reply, prefers, serving

PROMPTS = 6
SECTIONS = (
    generate_section(prompts=PROMPTS, tokens=6)
    + """judge:
  name: gold
  against: [chosen]
"""
)
CONTESTS = 2 * PROMPTS
"""Of dpo and of sft, one seed."""
PATIENCE = {"timeout_seconds": 5, "max_retries": 1, "backoff_seconds": 0.05, "max_concurrency": 1}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finished stages with responses."""
    folder = tmp_path_factory.mktemp("judged")
    (folder / "mine.yaml").write_text(MICRO.read_text(encoding="utf-8") + SECTIONS, encoding="utf-8")
    assert set(finish(["dpo"], setting=folder / "mine.yaml", seeds=(1,), runs=folder / "runs").values()) == {"done"}
    return folder


@pytest.fixture
def world(drawn: Path, tmp_path: Path) -> Path:
    """A copy to work in."""
    shutil.copytree(drawn, tmp_path / "world")
    return tmp_path / "world"


def compare(world: Path, *words: object) -> Ended:
    where = ("--setting", world / "mine.yaml", "--runs", world / "runs", "--results", world / "results")
    return bench("compare", "dpo", "--seeds", 1, "--workers", 1, *where, *words)


def chat(url: str, **options: object) -> list[str]:
    given = {"base_url": url, "model": "some-judge", **PATIENCE, **options}
    sets = ("judge.name=chat_endpoint", *(f"judge.options.{name}={value}" for name, value in given.items()))
    return [word for one in sets for word in ("--set", one)]


def win_rates(world: Path) -> list[dict[str, str]]:
    with (world / "results" / "micro" / "win_rates.csv").open() as handle:
        return list(csv.DictReader(handle))


def refused(ended: Ended, code: int, *told: str) -> None:
    assert ended.code == code, ended.err
    for words in told:
        assert words in ended.err, ended.err
    assert "Traceback" not in ended.err


def test_a_server_that_dies_half_way_leaves_its_verdicts_and_is_asked_the_rest_only(world: Path):
    answered = 9

    def dying(number: int, body: dict[str, Any]) -> Reply:
        return prefers("answer")(number, body) if number < answered else Reply(hang_up=True)

    with serving(dying) as server:
        url, port = server.url, server.server_port
        refused(compare(world, *chat(url)), 5, "no answer in 2 attempts", "attempt 2 in 0.05 s")
    assert not (world / "results").exists(), "a comparison with holes is not written"
    with serving(prefers("answer"), port) as server:
        ended = compare(world, *chat(url))
        assert ended.code == 0, ended.err
        asked = len(server.seen)
    with serving(prefers("answer")) as fresh:
        assert compare(world, *chat(fresh.url)).code == 0
        assert asked == len(fresh.seen) - answered
    assert {row["missing"] for row in win_rates(world)} == {"0"}
    assert f"{answered} from the cache" in ended.err and "missing" not in ended.err


def test_a_server_that_is_not_there_and_one_that_is_too_slow(world: Path):
    refused(compare(world, *chat("http://127.0.0.1:9/v1")), 5, "127.0.0.1:9")
    with serving(lambda number, body: Reply(seconds=1.0)) as server:
        ended = compare(world, *chat(server.url, timeout_seconds=0.2))
    refused(ended, 5, "it did not answer within 0.2 s")


def test_a_judge_that_answers_nonsense_leaves_missing_verdicts_that_are_shown(world: Path):
    with serving(lambda number, body: Reply("As a language model I like both.")) as server:
        ended = compare(world, *chat(server.url))
        questions = Counter(seen.body["messages"][-1]["content"] for seen in server.seen)
    assert ended.code == 0, ended.err
    rows = [row for row in win_rates(world) if row["metric"] == "win_rate"]
    assert {(row["method"], row["value"]) for row in rows} == {("dpo", "nan"), ("sft", "nan")}
    assert all(int(row["missing"]) == 2 * PROMPTS for row in rows)
    assert set(questions.values()) == {2}, "each asked again once"
    assert len(questions) <= 2 * CONTESTS, "both orders; texts that both policies gave are asked of once"
    assert "n/a" in ended.out


def test_verdicts_that_are_missing_in_part_are_counted_beside_the_win_rate(world: Path):
    def moody(number: int, body: dict[str, Any]) -> Reply:
        unsure = len(body["messages"][-1]["content"]) % 3 == 0
        return Reply("Who knows?") if unsure else prefers("answer")(number, body)

    prices = {f"price_per_million_{kind}_tokens": 1000 for kind in ("prompt", "completion")}
    with serving(moody) as server:
        ended = compare(world, *chat(server.url, **prices))
    assert ended.code == 0, ended.err
    rows = [row for row in win_rates(world) if row["metric"] == "win_rate"]
    assert all(0 < int(row["missing"]) < 2 * PROMPTS for row in rows)
    assert all(0 <= float(row["value"]) <= 1 for row in rows)
    assert re.search(r"verdicts on dpo .* verdicts requested, \d+ from the cache, \d+ missing, cost \d", ended.err)


def test_a_verdict_file_for_other_texts_is_refused(world: Path):
    rows = "prompt_hash,first,second,first_wins\n" + "0" * 64 + ",one text,another,first\n"
    (world / "verdicts.csv").write_text(rows, encoding="utf-8")
    words = ("--set", "judge.name=human_file", "--set", f"judge.options.path={world / 'verdicts.csv'}")
    refused(compare(world, *words), 2, "verdicts.csv: expected a verdict on every contest, found none for 6 of 6")


def test_a_prompt_that_leaves_no_room_is_refused_not_cut(world: Path):
    ended = compare(world, "--set", "generate.max_new_tokens=126")
    refused(ended, 2, "leaves no room for max_new_tokens 126 in the model's context of 128")
    assert "failed: generation: 6 problems; example test-00003: a prompt of 17 tokens" in ended.err


def test_an_engine_that_is_missing_or_cannot_serve_the_model_is_refused(world: Path):
    ended = compare(world, "--set", "generate.engine=vllm")
    refused(ended, 2, "vllm")
    assert "head" in ended.err or "not installed" in ended.err


def test_duplicated_prompts_are_refused(world: Path):
    rows = [json.dumps({"id": name, "prompt": "x"}) + "\n" for name in "ab"]
    (world / "prompts.jsonl").write_text("".join(rows), encoding="utf-8")
    refused(compare(world, "--prompts", world / "prompts.jsonl"), 2, "row 2", "that of row 1 again")


def judge_stages(world: Path, words: list[str]) -> dict[str, StageSpec]:
    """The judge stages of the comparison, planned but not run."""
    sets = [word for word in words if word != "--set"]
    request = CompareRequest(["dpo"], str(world / "mine.yaml"), ["1"], overrides=sets)
    plan = prepare_comparison(request, RunOptions("cpu", runs=world / "runs")).session.plan
    return {key: spec for key, spec in plan.stages.items() if spec.kind == "judge"}


def judged(world: Path, spec: StageSpec, **more: Any) -> StageRecord:
    return execute(spec, RunOptions("cpu", runs=world / "runs").store, device="cpu", **more)


def test_a_template_that_is_edited_after_planning_is_not_filed_under_the_old_one(world: Path):
    template = world / "t.txt"
    template.write_text("GOOD {conversation} {first} {second}")
    with serving(lambda number, body: Reply()) as server:
        one, two = judge_stages(world, chat(server.url, template=template)).values()
        template.write_text("BAD {conversation} {first} {second}")
        record = judged(world, one)
        assert record.status == "failed" and not server.seen
        assert f"judge.options.template ({template}): expected the content that it had when this run" in record.message
        template.write_text("GOOD {conversation} {first} {second}")
        assert judged(world, one).status == "done"

    def edited(number: int, body: dict[str, Any]) -> Reply:
        template.write_text("BAD {conversation} {first} {second}")
        return Reply("[[B]]")

    with serving(edited, server.server_port) as server:
        record = judged(world, two)
    assert record.status == "failed" and "judge.options.template" in record.message
    assert server.seen and all(seen.body["messages"][-1]["content"].startswith("GOOD") for seen in server.seen)


def test_a_verdict_file_that_is_edited_after_planning_is_refused(world: Path):
    path = world / "verdicts.jsonl"
    path.write_text(json.dumps({"prompt": "p", "first": "a", "second": "b", "first_wins": 1}) + "\n")
    words = ["--set", "judge.name=human_file", "--set", f"judge.options.path={path}"]
    (one, _) = judge_stages(world, words).values()
    path.write_text(json.dumps({"prompt": "p", "first": "a", "second": "b", "first_wins": 0}) + "\n")
    assert f"judge.options.path ({path}): expected the content" in judged(world, one).message


def test_a_stage_that_is_stopped_while_a_server_hangs_ends_soon_and_keeps_what_came(world: Path):
    def reply(number: int, body: dict[str, Any]) -> Reply:
        return Reply(seconds=0.1 if number < 4 else 60.0)

    with serving(reply) as server:
        words = chat(server.url, max_concurrency=2, timeout_seconds=60)
        (one, _) = judge_stages(world, words).values()
        start = time.monotonic()
        record = judged(world, one, should_stop=lambda: len(server.seen) > 5)
        assert time.monotonic() - start < 10
        assert record.status == "interrupted" and len(server.seen) == 6
    assert len(VerdictCache.of(world / "runs", one.settings.judge)) == 4
    with serving(lambda number, body: Reply(), server.server_port) as again:
        record = judged(world, one)
    assert record.status == "done" and record.summary["cached"] == 4 and len(again.seen) == record.summary["calls"]


def test_what_becomes_of_refused_requests_is_part_of_a_finished_stage_and_not_of_a_verdict(world: Path):
    def picky(number: int, body: dict[str, Any]) -> Reply:
        return Reply() if number % 2 else Reply(status=400, raw="too long")

    with serving(picky) as server:
        (lenient, _) = judge_stages(world, chat(server.url, on_refused="missing")).values()
        (strict, _) = judge_stages(world, chat(server.url)).values()
        assert lenient.key != strict.key and lenient.settings.judge == strict.settings.judge
        assert set(identity(strict.settings)) == {"judge", "data", "stage_version"}, (
            "the default leaves finished stages finished"
        )
        record = judged(world, lenient)
        assert record.status == "done" and record.summary["missing"] > 0
        answered = len(server.seen) - record.summary["missing"]
        assert "refuses the request: 400 (too long)" in judged(world, strict).message
    with serving(lambda number, body: Reply(), server.server_port) as mended:
        assert judged(world, strict).status == "done"
        assert len(mended.seen) <= len(server.seen) - answered


def test_a_server_that_refuses_every_request_fails_the_stage(world: Path):
    with serving(lambda number, body: Reply(status=400, raw="Unsupported parameter: max_tokens")) as server:
        ended = compare(world, *chat(server.url, on_refused="missing"))
    refused(ended, 2, "none of", "questions was answered", "Unsupported parameter: max_tokens")
    assert not (world / "results").exists()


def test_chosen_is_refused_where_the_first_candidate_is_not_the_chosen_one(world: Path):
    before = {path for path in (world / "runs").rglob("*")}
    told = "judge.against: expected a preferred response; split 'train_candidates' has more than one candidate"
    refused(compare(world, "--set", "generate.split=train_candidates"), 2, told)
    assert {path.parts[len(world.parts) + 1] for path in {*(world / "runs").rglob("*")} - before} <= {
        "data",
        "leases",
        "hashes",
    }


def test_two_workers_ask_a_server_once_and_at_one_pace(world: Path):
    with serving(lambda number, body: Reply(seconds=0.05)) as server:
        where = ("--setting", world / "mine.yaml", "--runs", world / "runs", "--results", world / "results")
        ended = bench("compare", "dpo", "--seeds", 1, "--workers", 2, *where, *chat(server.url))
        assert ended.code == 0, ended.err
        asked = Counter(seen.body["messages"][-1]["content"] for seen in server.seen)
        assert set(asked.values()) == {1} and server.busiest == 1
