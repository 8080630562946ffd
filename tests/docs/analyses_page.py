"""docs/analyses.md: every analysis with what it asks, its paper, inputs, options and results, from the room itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchbench import analyses
from benchbench.commands.analyse.describe import describe_analysis, list_analyses
from benchbench.report import markdown

HEAD = """# Analyses

Made from the analyses by `make docs`, and checked by a test; `bench analyse show NAME` prints one of them.

    bench analyse drift results/reference/tiny/rows.parquet
    bench analyse coverage_list docs/systems.tsv --set kind=survey
    bench analyse annotator_population --set share=0.2
    bench analyse hitchhiker_sweep results/leaderboard/tuning.csv --set methods=dpo,dpo_lengthnorm,simpo
    bench analyse logic_table
    bench analyse pairs_rank verdicts.jsonl gold=scores.csv --set beam=4 --out ranked

The first five run in a checkout. Files are `.jsonl`, `.json`, `.parquet`, `.csv` or `.tsv`; every fault of a file is in
one message, and columns that are not read are named. `--out` writes `report.md`, a CSV per table, charts as SVG, and
what else an analysis gives. An analysis is one file of `benchbench/analyses/` with an `ANALYSIS`, found by its name: a
pure function of rows.
"""


def analyses_page() -> str:
    """The whole document."""
    index = [{**row, "analysis": f"[`{row['analysis']}`](#{row['analysis']})"} for row in list_analyses()]
    return "\n".join([HEAD, markdown.records(index), "", *map(_section, analyses.names())]).rstrip() + "\n"


def _section(name: str) -> str:
    said = describe_analysis(name)
    mark = " (form unverified)" if said["open_question"] else ""
    title = f"{said['title']}. {said['paper']}" if said["title"] else said["paper"]
    lines = [f"## {name}", "", f"{said['what it asks']}{mark}. {title}.", "", said["description"], ""]
    lines += [f"Unverified: {said['open_question']}", ""] if said["open_question"] else []
    lines += [said["note"], ""] if said["note"] else []
    lines += [f"Result: {' '.join(said['result'].split())}", ""]
    return "\n".join([*lines, *_inputs(said["inputs"]), *_options(said["options"])])


def _inputs(inputs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for wanted in inputs:
        may = ", which may be left out" if wanted["optional"] else ""
        yield f"Input `{wanted['name']}`{may}. {wanted['meaning']}\n"
        yield markdown.records(
            [
                {
                    "column": f"`{field['name']}`",
                    "holds": field["kind"] + (", may be missing" if field["optional"] else ""),
                    "meaning": field["meaning"],
                }
                for field in wanted["columns"]
            ]
        )
        yield ""


def _options(options: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if options:
        rows = [{"option": f"`{o['name']}`", "default": f"`{o['default']}`", "meaning": o["meaning"]} for o in options]
        yield markdown.records(rows)
        yield ""
