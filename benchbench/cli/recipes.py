"""`bench recipes ls | show | validate | schema`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from benchbench.cli import arguments
from benchbench.cli.output import cell, print_json, print_note, print_rows, stderr

app = typer.Typer(help="List, show and check recipes; their schema for editors.", no_args_is_help=True)


@app.command("ls")
def list_recipes(as_json: arguments.Json = False) -> None:
    """List all recipes by setting and method."""
    from benchbench.commands.recipes import list_recipes as command
    from benchbench.commands.recipes import unread_files

    rows = command()
    for line in unread_files():
        stderr().print(f"not read: {line}", highlight=False)
    if as_json:
        print_json(rows)
    else:
        _print_by_setting(rows)


def _print_by_setting(rows: Sequence[Mapping[str, str]]) -> None:
    """A table of each setting's recipes."""
    for place, (setting, group) in enumerate(groupby(rows, key=lambda row: row["setting"])):
        if place:
            print_note("")
        print_rows(
            [{"method": _label(row), "recipe": row["recipe"], "description": row["description"]} for row in group],
            title=f"setting {setting}",
        )


def _label(row: Mapping[str, str]) -> str:
    """A method as commands name it: METHOD, or METHOD@VARIANT."""
    return row["method"] if row["variant"] == "default" else f"{row['method']}@{row['variant']}"


@app.command("show")
def show(
    target: Annotated[str, typer.Argument(help="Recipe file, or METHOD or METHOD@VARIANT in a setting.")],
    setting: arguments.Setting = None,
    overrides: arguments.Set = None,
    as_json: arguments.Json = False,
) -> None:
    """Print a resolved recipe with the origin of every value.

    Below it are the numbers that were reported for the recipe, and the quirks of the published protocol: each field
    with its published value, its good value and the effect of the published one.
    """
    from benchbench.commands.recipes import claims, quirks
    from benchbench.commands.recipes import show as command
    from benchbench.recipe.memory import moving_keys

    loaded, rows = command(target, setting=setting, overrides=overrides or [])
    if as_json:
        print_json(
            {
                "recipe": loaded.values(),
                "recipe_hash": loaded.recipe_hash,
                "comparability_hash": loaded.comparability_hash,
                "origins": {key: origin for key, _, origin in rows},
                "quirks": quirks(loaded),
            }
        )
        return
    print_rows(
        [
            {"key": key, "value # origin": f"{cell(value)} # {origin}".replace("\n", "\\n")}
            for key, value, origin in rows
        ]
    )
    changed = f"; changes the setting: {', '.join(loaded.setting_overrides)}" if loaded.setting_overrides else ""
    reason = "its values were not chosen" if loaded.has_file else "no recipe for this method in this setting"
    untuned = f"; untuned: {reason}" if loaded.untuned else ""
    print_note(f"recipe {loaded.recipe_hash}, comparability {loaded.comparability_hash}{changed}{untuned}")
    if moving := moving_keys(loaded.values()):
        print_note(f"memory settings that are part of the result here: {', '.join(moving)}")
    for title, table in (("reported numbers", claims(loaded)), ("quirks of the published protocol", quirks(loaded))):
        if table:
            print_note("")
            print_rows(table, title=title)


@app.command("validate")
def validate(
    targets: Annotated[list[str] | None, typer.Argument(help="Recipe or setting files. Default: all.")] = None,
    as_json: arguments.Json = False,
) -> None:
    """Check recipes and settings; every fault of every file is listed."""
    from benchbench.commands.recipes import validate as command

    lines = command(targets or [])
    if as_json:
        print_json(lines)
        return
    for line in lines:
        print_note(line)


@app.command("schema")
def schema(
    write: Annotated[Path | None, typer.Option("--write", help="File that gets it, instead of stdout.")] = None,
    as_json: arguments.Json = False,
) -> None:
    """Print the JSON Schema of recipes and settings.

    With it an editor completes keys, shows what they mean, and marks what is not known. A YAML file names it in its
    first line: `# yaml-language-server: $schema=recipe.schema.json`. `bench init` writes both.

    Example: bench recipes schema --write recipe.schema.json
    """
    from benchbench.commands.recipe_schema import schema_text, write_schema

    if write is None:
        typer.echo(schema_text(), nl=False)
        return
    write_schema(write)
    if as_json:
        print_json({"schema": str(write)})
        return
    stderr().print(f"written: {write}", highlight=False, markup=False)
