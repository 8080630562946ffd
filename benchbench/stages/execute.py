"""Run one stage: claim it, run it, record it."""

from __future__ import annotations

import shutil
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch

from benchbench.core.errors import BenchError, Interrupted
from benchbench.core.input import Input
from benchbench.core.records import StageRecord, StageSpec
from benchbench.generation.engine_cache import EngineCache
from benchbench.stages import read_spec, runner
from benchbench.stages.context import Report, Result, StageContext
from benchbench.stages.environment import environment
from benchbench.stages.memory import watch_memory
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
    engines: EngineCache | None = None,
) -> StageRecord:
    """Run a stage to its end, unless it is finished already; the record says how it went.

    A failure is recorded, not raised: other stages go on. The user's errors leave their message, ours the traceback.

    Args:
        spec: the stage; settings that are plain values become those of its kind.
        store: where it is filed.
        device: `cpu`, `cuda` or `cuda:N`.
        report: takes events of progress.
        should_stop: asked between steps.
        input_of: `benchbench.inputs.get`, which the stages cannot reach by themselves.
        engines: of the worker, which closes them; none opens an engine for this stage alone.
    """
    with store.claim(spec.key):
        before = store.record(spec.key)
        if before is not None and before.status == "done":
            return before
        record = store.begin(spec, environment(device))
        started, memory = time.monotonic(), watch_memory(device)
        with EngineCache() if engines is None else nullcontext(engines) as stage_engines:
            context = StageContext(
                spec=spec,
                folder=store.folder(spec.key),
                root=store.root,
                device=torch.device(device),
                report=_with_title(report, spec),
                should_stop=should_stop,
                input_of=input_of,
                engines=stage_engines,
            )
            ended = _run(context, record)
        seconds, peak = record.seconds + time.monotonic() - started, memory.peak()
        return store.write(replace(ended, seconds=seconds, peak_memory_gib=peak.gib, peak_memory_note=peak.note))


def _run(context: StageContext[Any], record: StageRecord) -> StageRecord:
    """Run the stage's own code; the record with how that went."""
    shutil.rmtree(context.folder / "model", ignore_errors=True)  # half a model of a killed attempt
    try:
        context = replace(context, spec=read_spec(context.spec.as_json()))
        result: Result = runner(context.spec.kind)(context)
    except Interrupted:
        return replace(record, status="interrupted", message="stopped on request; the next run resumes")
    except BenchError as error:
        return replace(record, status="failed", message=str(error), summary={"exit_code": int(error.exit_code)})
    except Exception:
        return replace(record, status="failed", message=traceback.format_exc())
    remove_checkpoint(context.folder / "checkpoint")
    return replace(record, status="done", tokens=result.tokens, summary=result.summary)


def _with_title(report: Report, spec: StageSpec) -> Report:
    def titled(event: Mapping[str, Any]) -> None:
        report({"key": spec.key, "title": spec.title, **event})

    return titled
