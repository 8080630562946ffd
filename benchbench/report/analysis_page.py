"""One analysis for a reader at a terminal, as lines of at most 80 columns; its results as files."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchbench.core.analysis import Analysed, LineChart, ResultTable
from benchbench.core.shown_text import csv_cell
from benchbench.report import markdown, numbers
from benchbench.report.prose import INDENT, prose, wrapped


def analysis_lines(described: Mapping[str, Any]) -> list[str]:
    """Everything that is known of an analysis.

    Args:
        described: what `commands.analyse.describe.describe_analysis` gives.
    """
    return [
        *wrapped(f"{described['analysis']}: {described['what it asks']}"),
        *wrapped(f"{described['paper']}. {described['title']}"),
        *(wrapped(f"form unverified: {described['open_question']}") if described["open_question"] else []),
        *(wrapped(described["note"]) if described["note"] else []),
        "",
        *prose(described["description"]),
        "",
        *wrapped(f"result: {' '.join(described['result'].split())}"),
        "",
        *_inputs(described["inputs"]),
        *_options(described["options"]),
    ]


def _inputs(inputs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not inputs:
        yield "inputs: none"
    for wanted in inputs:
        may = " (may be left out)" if wanted["optional"] else ""
        yield from wrapped(f"input {wanted['name']}{may}: {wanted['meaning']}")
        for field in wanted["columns"]:
            may = ", may be missing" if field["optional"] else ""
            yield from wrapped(f"{field['name']} ({field['kind']}{may}): {field['meaning']}", INDENT)
    yield ""


def _options(options: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not options:
        yield "options: none"
    for option in options:
        yield f"{option['name']} = {option['default']}"
        yield from wrapped(option["meaning"], INDENT)


def csv_text(table: ResultTable) -> str:
    """A table of results as CSV, numbers in full."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(table.rows[0]) if table.rows else [], lineterminator="\n")
    writer.writeheader()
    for row in table.rows:
        writer.writerow({k: csv_cell(v) if isinstance(v, str) else v for k, v in row.items()})
    return file.getvalue()


def analysis_document(title: str, paper: str, command: str, analysed: Analysed) -> str:
    """The results in Markdown: the command that makes them again, tables, charts, notes."""
    parts = [f"# {title}", "", f"{paper}. Made by `{command}`.", ""]
    for table in analysed.tables:
        rows = [{name: _cell(value) for name, value in row.items()} for row in table.rows]
        parts += markdown.titled(table.title, rows) if rows else [f"**{table.title}**", "", "None.", ""]
    parts += [f"![{chart.title}]({chart.name}.svg)\n" for chart in analysed.charts]
    parts += [f"- {note}" for note in analysed.notes]
    return "\n".join(parts).rstrip() + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return numbers.NOT_AVAILABLE if math.isnan(value) else f"{value:.4g}"
    return str(value)


def chart_svg(chart: LineChart) -> str:
    """A chart as SVG; equal charts give equal text."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.subplots()
    for line, style in zip(chart.lines, _styles(), strict=False):
        axes.plot(line.x, line.y, label=line.label, linewidth=1.6, **style)
    axes.set(title=chart.title, xlabel=chart.x, ylabel=chart.y)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False)
    text = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": chart.name, "svg.fonttype": "none"}):
        FigureCanvasSVG(figure).print_svg(text, metadata={"Date": None})
    return text.getvalue().decode("utf-8")


def _styles() -> Iterator[dict[str, Any]]:
    """Colours that the colour-blind tell apart (Okabe and Ito 2008), with dashes; 28 lines before one comes again."""
    colours = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
    dashes = ("-", "--", "-.", ":")
    for place in range(10_000):
        yield {"color": colours[place % len(colours)], "linestyle": dashes[place % len(dashes)]}
