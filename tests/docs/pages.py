"""`make docs`: the pages of docs/ that are made from the code, written anew.

`python -m tests.docs.pages` says which are not current; with `--write` it writes them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from benchbench.cli.app import app
from benchbench.commands.recipe_schema import FILE_NAME, schema_text
from tests.docs.analyses_page import analyses_page
from tests.docs.methods_page import methods_page
from tests.docs.recipe_page import recipe_page
from tests.docs.scale_page import scale_page
from tests.docs.systems_page import systems_page
from tests.docs.tuning_page import tuning_page

DOCS = Path(__file__).resolve().parents[2] / "docs"
COLUMNS = 80
HEAD = f"""# Commands

What `bench COMMAND --help` says, at {COLUMNS} columns; made by `make docs`, and checked by a test.

Most commands have `--seeds 42 13 3407`, `--setting NAME_OR_FILE`, `--set key=value` (marks the rows), `--device
auto|cpu|cuda`, `--workers N`, `--dry-run` (prints the plan, what is finished and an estimate), `--json` (stdout is
one JSON document). Results go to stdout, progress to stderr. A *cell* is one seed of one recipe.

| exit code | when |
| ---: | --- |
| 0 | done |
| 1 | failed |
| 2 | the command line or a recipe is wrong; the message says what to do |
| 3 | a reported number was not reproduced, or a committed number moved |
| 4 | some cells failed, so a comparison is incomplete; or a claim was not run |
| 5 | data, weights or a server are unavailable or damaged, or a disk is full or may not be written to |
| 130, 143 | stopped by Ctrl-C or SIGTERM; a stage that ran has left a checkpoint |
"""


def commands(command: Any = None, words: tuple[str, ...] = ("bench",), parent: Any = None) -> Iterator[tuple[str, str]]:
    """(words, help) of every command, groups included, in the order of `bench --help`."""
    command = command or typer.main.get_command(app)
    context = command.context_class(
        command, info_name=words[-1], parent=parent, terminal_width=COLUMNS - 2, **command.context_settings
    )  # click leaves two columns free
    yield " ".join(words), command.get_help(context)
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name), context)


def cli_page() -> str:
    """docs/cli.md."""
    parts = [f"## {words}\n\n```text\n{text.rstrip()}\n```\n" for words, text in commands()]
    return "\n".join([HEAD, *parts])


PAGES: Mapping[str, Callable[[], str]] = {
    "recipe.md": recipe_page,
    "cli.md": cli_page,
    "methods.md": methods_page,
    "analyses.md": analyses_page,
    "systems.md": systems_page,
    "tuning.md": tuning_page,
    "scale.md": scale_page,
    FILE_NAME: schema_text,
}


def _text(name: str) -> str:
    path = DOCS / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def main(words: list[str]) -> str | None:
    """Write the pages, or name those that are not current."""
    if words == ["--write"]:
        for name, make in PAGES.items():
            (DOCS / name).write_text(make(), encoding="utf-8")
        return None
    stale = [f"docs/{name}" for name, make in PAGES.items() if _text(name) != make()]
    return f"not current: {', '.join(stale)}; run `make docs`" if stale else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
