"""The command lines of README and docs and of the issue, letter by letter."""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path

import pytest
import typer
from harness import ROOT, bench, bench_process, leftovers

from benchbench.cli.app import app

DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
LINES = sorted(
    {
        line.strip()
        for path in DOCUMENTS
        for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        if line.startswith(("    bench ", "bench "))
    }
    | {"bench compare dpo simpo --seeds 42 13 3407", "bench train recipes/ddo_rm_pythia410m.yaml"}
)
ANSWER_SECONDS = 10


def parsed(line: str) -> tuple[str, dict[str, object]]:
    """Verb and parameters of a command line; nothing is run."""
    group = typer.main.get_command(app)
    context = group.context_class(group, info_name="bench", **group.context_settings)
    words = [word for word in shlex.split(line, comments=True)[1:] if word != "--offline"]
    while hasattr(group.commands[words[0]], "commands"):
        group, *words = group.commands[words[0]], *words[1:]
    verb, *words = words
    # click keeps the help option that a command had in its first context, and the tree is shared by all tests
    return verb, group.commands[verb].make_context(verb, words, parent=context).params


def test_the_comparison_of_the_readme_parses_as_written():
    _, params = parsed("bench compare dpo simpo --seeds 42 13 3407")
    assert params["targets"] == ["dpo", "simpo"]
    assert params["seeds"] == ["42", "13", "3407"]


def test_seeds_may_stand_before_other_options():
    _, params = parsed("bench compare dpo simpo --seeds 42 13 --setting tiny --metrics auc tie_rate --json")
    assert params["seeds"] == ["42", "13"]
    assert params["metrics"] == ["auc", "tie_rate"]
    assert params["setting"] == "tiny"
    assert params["as_json"] is True


@pytest.mark.parametrize("line", LINES)
def test_documented_lines_parse(line: str):
    verb, params = parsed(line)
    named = [word for word in shlex.split(line.partition(f" {verb} ")[2], comments=True) if not word.startswith("--")]
    named = named[1:] if "format" in params else named  # `export FORMAT TARGET ...`
    targets = [params["target"]] if "target" in params else params.get("targets") or []
    assert targets == named[: len(targets)], verb


def test_the_demo_plans_three_seeds_of_its_methods_and_sft(tmp_path: Path, away: Path):
    """`make demo`, which has the README's comparison in it."""
    (demo,) = re.findall(
        r"^demo: .*\n\t\$\(BIN\)/bench (.*)$", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE
    )
    ended = bench(*demo.replace("$(SEEDS)", "42 13 3407").split(), "--dry-run", "--json", "--runs", tmp_path / "runs")
    assert ended.code == 0, ended.err
    assert ended.json["cells"] == 12
    titles = [stage["stage"] for stage in ended.json["stages"]]
    for seed in (42, 13, 3407):
        for title in ("sft", "dpo", "simpo", "ddo_rm", "score dpo", "score simpo", "score ddo_rm", "score sft"):
            assert any(shown.startswith(f"{title} seed {seed}") for shown in titles), (title, seed)
    assert leftovers(tmp_path / "runs") == []


@pytest.mark.parametrize(
    "variables",
    [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}],
    ids=["told to stay offline", "no hub"],
)
def test_the_papers_recipe_answers_in_seconds_where_nothing_can_be_had(tmp_path: Path, variables: dict[str, str]):
    started = time.monotonic()
    ended = bench_process(
        "train", "recipes/ddo_rm_pythia410m.yaml", cwd=tmp_path, HF_HOME=str(tmp_path / "hf"), **variables
    )
    seconds = time.monotonic() - started
    assert ended.code == 5, ended.err
    assert "EleutherAI/pythia-410m" in ended.err
    assert "HuggingFaceH4/ultrafeedback_binarized" in ended.err
    assert "bench fetch" in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert leftovers(tmp_path / "runs") == []
    assert not (tmp_path / "results").exists()
    assert seconds < ANSWER_SECONDS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_flag_in_a_document_exists(document: Path):
    text = document.read_text(encoding="utf-8")
    group = typer.main.get_command(app)
    inner = [c for command in group.commands.values() for c in getattr(command, "commands", {}).values()]
    commands = (group, *group.commands.values(), *inner)
    known = {name for command in commands for option in command.params for name in option.opts} | {"--help"}
    text = re.sub(
        r"python -m benchmarks[^`]*|`--(busy|quick|write|fake)`", "", text
    )  # `make bench` has options of its own
    said = re.findall(r"`((?:bench |--)[^`]+)`", text) + [
        line for line in text.splitlines() if line.startswith("    bench")
    ]
    written = {flag for part in said for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", part)}
    assert written <= known, sorted(written - known)
