"""`bench analyse NAME`: files in, tables, charts and further files out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchbench import analyses
from benchbench.commands.analyse.rows import input_rows
from benchbench.core.analysis import Analysed, Analysis, RowsInput
from benchbench.core.errors import BenchError, Fault, suggestion
from benchbench.recipe.binding import bind
from benchbench.recipe.overrides import parse_overrides


@dataclass(frozen=True)
class AnalysisRequest:
    """What a command line asks for."""

    name: str
    files: Sequence[str] = ()
    """Paths in the order of the analysis's inputs, or `input=path`."""
    sets: Sequence[str] = ()
    """`option=value`."""


def run_analysis(request: AnalysisRequest) -> Analysed:
    """The results of an analysis, with notes of what was not read.

    Raises:
        BenchError: no such analysis, option or file; files or rows that are not what it reads.
    """
    analysis = analyses.get(request.name)
    options = _options(analysis, request.sets)
    paths = input_files(analysis, request.files)
    inputs, notes = {}, []
    for wanted in analysis.inputs:
        if wanted.name in paths:
            inputs[wanted.name], unread = input_rows(paths[wanted.name], wanted)
            notes += unread
    analysed = analysis.analyse(inputs, options)
    return replace(analysed, notes=[*analysed.notes, *notes])


def input_files(analysis: Analysis, words: Sequence[str]) -> Mapping[str, Path]:
    """Name of each input that is given -> its file.

    Raises:
        BenchError: more files than inputs, an input twice, or a required one missing.
    """
    paths: dict[str, Path] = {}
    faults: list[Fault] = []
    names = [wanted.name for wanted in analysis.inputs]
    for word in words:
        name, equals, path = word.partition("=")
        free = next((name for name in names if name not in paths), None)
        if equals and name in names:
            if name in paths:
                faults.append(Fault(name, "given twice; keep one"))
            paths[name] = Path(path)
        elif free is None:
            faults.append(Fault(word, f"expected {len(names)} files ({', '.join(names) or 'none'}), found one more"))
        else:
            paths[free] = Path(word)
    faults += [_missing(wanted) for wanted in analysis.inputs if not wanted.optional and wanted.name not in paths]
    if faults:
        raise BenchError.of_faults(f"bench analyse {analysis.name}", faults)
    return paths


def _missing(wanted: RowsInput) -> Fault:
    columns = ", ".join(field.name for field in wanted.fields if not field.optional)
    return Fault(
        wanted.name, f"expected a file (.jsonl, .json, .parquet, .csv or .tsv) with columns {columns}, got none"
    )


def _options(analysis: Analysis, sets: Sequence[str]) -> Any:
    values = {override.key: override.value for override in parse_overrides(sets)}
    known = list(analysis.options.__dataclass_fields__)
    unknown = [
        Fault(f"--set {key}", f"no such option.{suggestion(key, known)} There are: {', '.join(known) or 'none'}")
        for key in values
        if key not in known
    ]
    options, faults = bind(analysis.options, values, where="--set") if not unknown else (None, unknown)
    if faults:
        raise BenchError.of_faults(f"bench analyse {analysis.name}", faults)
    return options
