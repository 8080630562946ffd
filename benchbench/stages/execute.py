"""Run one stage: claim it, run it, record it."""

from __future__ import annotations

import shutil
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from benchbench.core.errors import BenchError, Interrupted
from benchbench.core.input import Input
from benchbench.core.records import StageRecord, StageSpec
from benchbench.stages import runner
from benchbench.stages.context import Report, Result, StageContext
from benchbench.stages.environment import environment, peak_memory_gib
from benchbench.store.runs import RunStore
from benchbench.training.checkpoint import remove_checkpoint


def execute(
    spec: StageSpec,
    store: RunStore,
    *,
    device: str,
    report: Report = lambda event: None,
    should_stop: Callable[[], bool] = lambda: False,
    input_of: Callable[[str], Input],
) -> StageRecord:
    """Run a stage to its end, unless it is finished already; the record says how it went.

    A failure is recorded, not raised: other stages go on. The user's errors leave their message, ours the traceback.

    Args:
        spec: the stage, with typed settings.
        store: where its folder is.
        device: `cpu`, `cuda` or `cuda:N`.
        report: told of progress.
        should_stop: asked between steps.
        input_of: `benchbench.inputs.get`, which the stages cannot reach by themselves.
    """
    with store.claim(spec.key):
        before = store.record(spec.key)
        if before is not None and before.status == "done":
            return before
        record = store.begin(spec, environment(device))
        started = time.monotonic()
        try:
            context = StageContext(
                spec=spec,
                folder=store.folder(spec.key),
                root=store.root,
                device=torch.device(device),
                report=_with_title(report, spec),
                should_stop=should_stop,
                input_of=input_of,
            )
            shutil.rmtree(context.folder / "model", ignore_errors=True)  # half a model of a killed attempt
            result: Result = runner(spec.kind)(context)
        except Interrupted:
            ended = replace(record, status="interrupted", message="stopped on request; the next run resumes")
        except BenchError as error:
            ended = replace(record, status="failed", message=str(error), summary={"exit_code": int(error.exit_code)})
        except Exception:
            ended = replace(record, status="failed", message=traceback.format_exc())
        else:
            remove_checkpoint(store.folder(spec.key) / "checkpoint")
            ended = replace(record, status="done", tokens=result.tokens, summary=result.summary)
        seconds = record.seconds + time.monotonic() - started
        return store.write(replace(ended, seconds=seconds, peak_memory_gib=peak_memory_gib(device)))


def _with_title(report: Report, spec: StageSpec) -> Report:
    def titled(event: Mapping[str, Any]) -> None:
        report({"key": spec.key, "title": spec.title, **event})

    return titled
