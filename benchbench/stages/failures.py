"""The record of a stage that an error ended: in words wherever a person can do something about it."""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.records import StageRecord
from benchbench.store.disk import disk_message


def failed(record: StageRecord, error: Exception, place: Path) -> StageRecord:
    """The record with what became of the stage.

    What the user or the disk has to mend is said in words, with the exit code that it stands for; of everything else
    the traceback is kept.

    Args:
        record: of the attempt.
        error: as it was raised.
        place: what was written, where an error of the disk does not say so.
    """
    if isinstance(error, BenchError):
        return _with_words(record, str(error), error.exit_code)
    message = disk_message(error, place)
    if message is not None:
        return _with_words(record, message, ExitCode.UNAVAILABLE)
    return replace(record, status="failed", message="".join(traceback.format_exception(error)))


def _with_words(record: StageRecord, message: str, code: ExitCode) -> StageRecord:
    return replace(record, status="failed", message=message, summary={"exit_code": int(code)})
