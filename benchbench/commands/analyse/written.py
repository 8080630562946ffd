"""The results of an analysis as files of a folder."""

from __future__ import annotations

from pathlib import Path

from benchbench import analyses
from benchbench.core.analysis import Analysed
from benchbench.core.errors import BenchError
from benchbench.report.analysis_page import analysis_document, chart_svg, csv_text
from benchbench.store.files import write_files


def write_analysis(name: str, command: str, analysed: Analysed, folder: Path) -> list[Path]:
    """Write `report.md`, a CSV per table, an SVG per chart and what else the analysis gives; older ones are replaced.

    Args:
        name: of the analysis.
        command: line that made the results.
        analysed: the results.
        folder: is made where it is not there.

    Raises:
        BenchError: the folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise BenchError(f"--out {folder}: expected a folder, found a file; name another")
    analysis = analyses.get(name)
    texts = {
        "report.md": analysis_document(analysis.title, str(analysis.paper), command, analysed),
        **{f"{table.name}.csv": csv_text(table) for table in analysed.tables},
        **{f"{chart.name}.svg": chart_svg(chart) for chart in analysed.charts},
        **analysed.files,
    }
    write_files({folder / path: text for path, text in texts.items()})
    return [folder / path for path in texts]
