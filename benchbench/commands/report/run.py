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
from benchbench.store.files import write_bytes, write_text

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
        files += [path for name in chosen for path in FORMATS[name](page, stored, place)]
    return list(dict.fromkeys(files))


def _formats(names: Sequence[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(names)) or DEFAULT_FORMATS
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown:
        known = ", ".join(FORMATS)
        raise BenchError(f"--format: unknown '{unknown[0]}'.{suggestion(unknown[0], FORMATS)} Known: {known}.")
    return wanted


def _html(page: Page, stored: StoredComparison, folder: Path) -> list[Path]:
    return [_text(folder / "report.html", html_page(page))]


def _markdown(page: Page, stored: StoredComparison, folder: Path) -> list[Path]:
    return [_text(folder / "report.md", markdown_page(page)), *_figures(page, folder, "svg")]


def _tex(page: Page, stored: StoredComparison, folder: Path) -> list[Path]:
    return [_text(folder / "tables" / f"{table.name}.tex", tex_table(table)) for table in page.tables]


def _csv(page: Page, stored: StoredComparison, folder: Path) -> list[Path]:
    """What every table and figure is made of, the large tables too, which are stored in another form."""
    texts = {
        name: frame.rename(columns=csv_cell)
        .map(lambda value: csv_cell(value) if isinstance(value, str) else value)
        .to_csv(index=False, na_rep="nan", lineterminator="\n")
        for name, frame in stored.frames.items()
    }
    return [_text(folder / "csv" / f"{name}.csv", text) for name, text in texts.items()]


def _svg(page: Page, stored: StoredComparison, folder: Path) -> list[Path]:
    return _figures(page, folder, "svg")


def _pdf(page: Page, stored: StoredComparison, folder: Path) -> list[Path]:
    return _figures(page, folder, "pdf")


def _figures(page: Page, folder: Path, form: str) -> list[Path]:
    paths = {figure.name: folder / "figures" / f"{figure.name}.{form}" for figure in page.figures}
    for figure in page.figures:
        content = figure.svg if form == "svg" else as_bytes(figure.draw(), form, name=figure.name)
        write_bytes(paths[figure.name], content)
    return list(paths.values())


def _text(path: Path, text: str) -> Path:
    write_text(path, text)
    return path


FORMATS: Mapping[str, Callable[[Page, StoredComparison, Path], list[Path]]] = {
    "html": _html,
    "md": _markdown,
    "tex": _tex,
    "pdf": _pdf,
    "svg": _svg,
    "csv": _csv,
}
"""Name of a format -> what writes it into a folder, and returns the files."""
