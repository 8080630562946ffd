"""`bench report`: pages, tables and figures of a stored comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchbench.commands.report.audits import data_audit
from benchbench.commands.report.targets import comparison_folder
from benchbench.core.errors import BenchError, suggestion
from benchbench.core.shown_text import csv_cell
from benchbench.report.figures.style import as_bytes
from benchbench.report.page.blocks import Page
from benchbench.report.page.document import markdown_page
from benchbench.report.page.html import html_page
from benchbench.report.page.make import make_page
from benchbench.report.page.tex import tex_table
from benchbench.store.comparison_folders import StoredComparison, read_comparison_folder
from benchbench.store.files import write_files

DEFAULT_FORMATS = ("html", "md")


def report(
    targets: Sequence[str],
    *,
    formats: Sequence[str],
    results: Path,
    runs: Path,
    out: Path | None = None,
    with_audit: bool = True,
) -> list[Path]:
    """Write what was asked for of every target; returns the files, the pages first.

    Args:
        targets: as `comparison_folder` takes them; none means the newest comparison.
        formats: names of `FORMATS`; none means a page in HTML and in Markdown.
        results: the `results/` folder.
        runs: the `runs/` folder, where the data to be audited are.
        out: folder that is written to; with several targets a folder of each below it. By default that of each
            comparison.
        with_audit: audit the data of a comparison that has no audit yet.

    Raises:
        BenchError: an unknown format, or what a target names is not there or was changed.
    """
    chosen = _formats(formats)
    folders = list(dict.fromkeys(comparison_folder(target, results) for target in targets or [None]))
    files: list[Path] = []
    for folder in folders:
        stored = read_comparison_folder(folder)
        audit = data_audit(stored, folder, runs, make=with_audit)
        stored = replace(stored, about={**stored.about, "data_audit": audit})
        place = folder if out is None else out if len(folders) == 1 else out / folder.name
        page = make_page(stored)
        contents = {place / path: content for name in chosen for path, content in FORMATS[name](page, stored).items()}
        write_files(contents)  # all of them or none, since a page shows figures
        files += contents
    return list(dict.fromkeys(files))


def _formats(names: Sequence[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(names)) or DEFAULT_FORMATS
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown:
        known = ", ".join(FORMATS)
        raise BenchError(f"--format: unknown '{unknown[0]}'.{suggestion(unknown[0], FORMATS)} Known: {known}.")
    return wanted


def _html(page: Page, stored: StoredComparison) -> dict[str, str | bytes]:
    return {"report.html": html_page(page)}


def _markdown(page: Page, stored: StoredComparison) -> dict[str, str | bytes]:
    return {"report.md": markdown_page(page), **_svg(page, stored)}


def _tex(page: Page, stored: StoredComparison) -> dict[str, str | bytes]:
    return {f"tables/{table.name}.tex": tex_table(table) for table in page.tables}


def _csv(page: Page, stored: StoredComparison) -> dict[str, str | bytes]:
    """What every table and figure is made of, the large tables too, which are stored in another form."""
    return {
        f"csv/{name}.csv": frame.rename(columns=csv_cell)
        .map(lambda value: csv_cell(value) if isinstance(value, str) else value)
        .to_csv(index=False, na_rep="nan", lineterminator="\n")
        for name, frame in stored.frames.items()
    }


def _svg(page: Page, stored: StoredComparison) -> dict[str, str | bytes]:
    return {f"figures/{figure.name}.svg": figure.svg for figure in page.figures}


def _pdf(page: Page, stored: StoredComparison) -> dict[str, str | bytes]:
    return {f"figures/{figure.name}.pdf": as_bytes(figure.draw(), "pdf", name=figure.name) for figure in page.figures}


FORMATS: Mapping[str, Callable[[Page, StoredComparison], dict[str, str | bytes]]] = {
    "html": _html,
    "md": _markdown,
    "tex": _tex,
    "pdf": _pdf,
    "svg": _svg,
    "csv": _csv,
}
"""Name of a format -> its files: path within the folder -> content."""
