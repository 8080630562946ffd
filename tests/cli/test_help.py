"""Every command and option says what it does; help costs nothing."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer
from harness import BENCH, ROOT, bench

from benchbench.cli.app import app

HEAVY = ("torch", "transformers", "pandas", "scipy", "matplotlib", "ruamel", "rich", "numpy", "huggingface_hub")
"""typer itself imports pydantic for the help of some commands, so it is asked of `bench --help` only."""
HELP_SECONDS = 0.4


def commands() -> Iterator[tuple[tuple[str, ...], object]]:
    """Every command with the words that lead to it, groups included."""

    def walk(command: object, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
        yield words, command
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, (*words, name))

    yield from walk(typer.main.get_command(app), ())


COMMANDS = list(commands())


def test_all_verbs_are_there():
    verbs = {words[0] for words, _ in COMMANDS if words}
    assert verbs >= {"train", "eval", "compare", "tune", "recipes", "methods", "env"}
    assert {words for words, _ in COMMANDS if len(words) == 2} >= {
        *(("recipes", verb) for verb in ("ls", "show", "validate")),
        *(("methods", verb) for verb in ("ls", "show")),
    }


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[" ".join(words) or "bench" for words, _ in COMMANDS])
def test_every_command_and_option_has_help(words: tuple[str, ...], command: object):
    assert command.help, "the command says nothing"
    for option in command.params:
        assert getattr(option, "help", None), f"{option.name} says nothing"
    ended = bench(*words, "--help")
    assert ended.code == 0
    assert "Usage: bench" in ended.out
    for option in command.params:
        assert any(name in ended.out for name in (*option.opts, option.name, option.name.upper()))


def test_every_command_is_named_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for words, command in COMMANDS:
        if not hasattr(command, "commands"):
            assert f"bench {words[0]}" in readme
            assert words[-1] in readme


@pytest.mark.parametrize("words", [[], ["compare"], ["recipes"]], ids=["bench", "compare", "recipes"])
def test_help_imports_nothing_heavy(words: list[str]):
    heavy = (*HEAVY, "pydantic") if not words else HEAVY
    code = (
        "import sys; from benchbench.cli.main import main; code = main(sys.argv[1:]);"
        f"found = [name for name in {heavy} if name in sys.modules]; sys.exit(str(found) if found else code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: bench")


def test_help_is_there_at_once():
    """Processor time of the best of five, which other processes lengthen less than wall time."""

    def cost() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([BENCH, "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(cost() for _ in range(5)) < HELP_SECONDS


def test_the_version_is_printed():
    import benchbench

    assert bench("--version").out.strip() == f"benchbench {benchbench.__version__}"
