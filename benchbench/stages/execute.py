"""Run one stage: claim it, run it, record it."""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from benchbench.batches.microbatches import is_out_of_memory
from benchbench.core.errors import BenchError, ExitCode, Interrupted
from benchbench.core.input import Input
from benchbench.core.records import CONTENT, READ, StageRecord, StageSpec
from benchbench.generation.engine_cache import EngineCache
from benchbench.stages import read_spec, runner, settings_class
from benchbench.stages.context import Report, Result, StageContext
from benchbench.stages.environment import environment
from benchbench.stages.failures import failed
from benchbench.stages.memory import limit_memory, watch_memory
from benchbench.stages.resumption import resumption
from benchbench.store.damage import listening
from benchbench.store.disk import disk_error
from benchbench.store.drafts import remove_drafts
from benchbench.store.leases import LeaseLostError, check
from benchbench.store.runs import RunStore
from benchbench.training.ranks import ALONE, Ranks

MODEL = "model"
"""Folder that a stage leaves a model in, if it leaves one."""
HEARTBEAT_SECONDS = 10.0
"""Between two notes of how far a stage is, in its folder; a shorter stage leaves none."""
RESUMES = "stopped on request; the next run resumes"


def execute(
    spec: StageSpec,
    store: RunStore,
    *,
    device: str,
    report: Report = lambda event: None,
    should_stop: Callable[[], bool] = lambda: False,
    input_of: Callable[[str], Input],
    engines: EngineCache | None = None,
    ranks: Ranks = ALONE,
    executor: str = "local",
    begin: Callable[[], None] = lambda: None,
    device_share: float = 1.0,
) -> StageRecord:
    """Run a stage to its end, unless it is finished already; the record says how it went.

    A failure is recorded, not raised: other stages go on. The user's errors leave their message, ours the traceback.
    Where another process took the stage over, what was done of it here is dropped, and the other one waited for.

    Args:
        spec: the stage; settings that are plain values become those of its kind.
        store: where it is filed.
        device: `cpu`, `cuda` or `cuda:N`.
        report: takes events of progress.
        should_stop: asked between steps.
        input_of: `benchbench.inputs.get`, which the stages cannot reach by themselves.
        engines: of the worker, which closes them; none opens an engine for this stage alone.
        ranks: this process, the first, and those that train the stage with it (`follow`).
        executor: what runs the stage, for the record.
        begin: called when the stage's own code is about to run, which the other processes then follow.
        device_share: part of the device that the stage may have, in one process; more than that fails the stage, and
            moves no number.
    """
    report, device_share = _with_title(report, spec), min(1.0, device_share)
    world = max(ranks.world, 1 if engines is None else len(engines.devices))
    here = partial(environment, device, executor=executor, world_size=world, device_share=device_share)
    while True:
        try:
            return _execute_claimed(
                spec,
                store,
                device,
                report,
                should_stop,
                input_of,
                engines,
                ranks,
                here=here,
                begin=begin,
                device_share=device_share,
            )
        except LeaseLostError as error:
            if ranks.world > 1:  # the other processes are in the middle of a step, and end with this one
                raise
            report({"message": str(error)})
        except OSError as error:
            if ranks.world > 1 or disk_error(error) is None:
                raise
            return failed(StageRecord(spec.key, "failed", here()), error, store.folder(spec.key))  # nobody can write it


def _execute_claimed(
    spec: StageSpec,
    store: RunStore,
    device: str,
    report: Report,
    should_stop: Callable[[], bool],
    input_of: Callable[[str], Input],
    engines: EngineCache | None,
    ranks: Ranks,
    *,
    here: Callable[[], dict[str, Any]],
    begin: Callable[[], None],
    device_share: float,
) -> StageRecord:
    with store.claim(spec.key, should_stop, lambda line: report({"message": line})) as is_ours:
        if not is_ours:  # what is on disk is the other process's
            return StageRecord(spec.key, "interrupted", here(), message=RESUMES)
        before = store.record(spec.key)
        if before is not None and before.status == "done":
            store.remove_checkpoint(spec.key)
            return before
        _make_room(spec, device, engines)
        record = _begin(spec, store, here(), report)
        started, memory = time.monotonic(), watch_memory(device)
        with EngineCache() if engines is None else nullcontext(engines) as stage_engines:
            context = StageContext(
                spec=spec,
                folder=store.folder(spec.key),
                root=store.root,
                device=torch.device(device),
                report=_noted(report, spec, store),
                should_stop=lambda: store.has_lost(spec.key) or should_stop(),
                input_of=input_of,
                engines=stage_engines,
                ranks=ranks,
                device_share=device_share,
            )
            begin()
            with listening(lambda line: report({"message": line})):
                ended = _run(context, record)
        peak = memory.peak()
        _give_back(device)
        if ended.status == "done":
            ended = _sealed(ended, store)
        if ended.status == "done" and (read := contents_read(spec, store)):
            ended = replace(ended, summary={**ended.summary, READ: read})
        seconds = record.seconds + time.monotonic() - started
        written = store.write(replace(ended, seconds=seconds, peak_memory_gib=peak.gib, peak_memory_note=peak.note))
        if written.status == "done":  # not a moment before the record says so
            store.remove_checkpoint(spec.key)
        return written


def follow(
    spec: StageSpec,
    store: RunStore,
    *,
    device: str,
    ranks: Ranks,
    input_of: Callable[[str], Input],
    engines: EngineCache | None = None,
) -> None:
    """Run a stage's own code as one of the processes that are not the first: claim, record and files are the first's.

    Args:
        spec: as in `execute`.
        store: as in `execute`.
        device: of this process.
        ranks: this process and the others.
        input_of: as in `execute`.
        engines: as in `execute`.

    Raises:
        Interrupted: the first process was asked to stop.
        BenchError: as the first process's own.
    """
    _make_room(spec, device, engines)
    with EngineCache() if engines is None else nullcontext(engines) as stage_engines:
        context = StageContext(
            spec=read_spec(spec.as_json()),
            folder=store.folder(spec.key),
            root=store.root,
            device=torch.device(device),
            report=lambda event: None,
            should_stop=lambda: False,
            input_of=input_of,
            engines=stage_engines,
            ranks=ranks,
        )
        try:
            runner(spec.kind)(context)
        finally:
            _give_back(device)


def _make_room(spec: StageSpec, device: str, engines: EngineCache | None) -> None:
    """Close an engine that would hold most of the card; on the CPU it may stay for the next stage that draws."""
    if _is_card(device) and engines is not None and not settings_class(spec.kind).USES_ENGINE:
        engines.close()


def _give_back(device: str) -> None:
    """Free what torch keeps of a card that it once had, and that an engine's process would find taken."""
    if _is_card(device):
        gc.collect()
        torch.cuda.empty_cache()


def contents_read(spec: StageSpec, store: RunStore) -> dict[str, str]:
    """Input -> content hash of what the stage read of it, of those inputs that record one.

    An input that is removed and made again may have other content under the same key, where another machine draws
    other tokens; its readers are known by this.
    """
    records = {name: store.record(key) for name, key in spec.inputs.items()}
    return {name: str(r.summary[CONTENT]) for name, r in records.items() if r is not None and CONTENT in r.summary}


def _begin(spec: StageSpec, store: RunStore, here: Mapping[str, Any], report: Report) -> StageRecord:
    """The record of a new attempt, which goes on from a checkpoint where there is one that fits."""
    remove_drafts(store.folder(spec.key))
    position = resumption(store, spec.key, here["device_kind"], report)
    record = store.begin(spec, here, resumes=position is not None)
    # a killed attempt wrote no seconds, but its tokens count, so its seconds up to the checkpoint do, too
    return record if position is None else replace(record, seconds=max(record.seconds, position.seconds))


def _is_card(device: str) -> bool:
    return torch.device(device).type == "cuda"


def _run(context: StageContext[Any], record: StageRecord) -> StageRecord:
    """Run the stage's own code; the record with how that went."""
    check(context.folder)
    shutil.rmtree(context.folder / MODEL, ignore_errors=True)  # half a model of a killed attempt
    try:
        limit_memory(str(context.device), context.device_share)
        context = replace(context, spec=read_spec(context.spec.as_json()))
        result: Result = runner(context.spec.kind)(context)
        if (folder := context.folder / MODEL).is_dir():
            from benchbench.stages.card import write_card  # numbers and cards are not for workers that only score

            write_card(context, folder, record, result)
    except Interrupted:
        return replace(record, status="interrupted", message=RESUMES)
    except LeaseLostError:
        raise
    except Exception as error:
        if not context.has_whole_device and is_out_of_memory(error):
            error = BenchError(_too_small(context, error), exit_code=ExitCode.FAILED)
        return failed(record, error, context.folder)
    return replace(record, status="done", tokens=result.tokens, summary=result.summary)


def _sealed(record: StageRecord, store: RunStore) -> StageRecord:
    """The record with the hashes of what the stage left, or of a stage whose files did not come to the disk."""
    try:
        return replace(record, files=store.seal(record.key))
    except OSError as error:
        return failed(record, error, store.folder(record.key))


def _too_small(context: StageContext[Any], error: Exception) -> str:
    """What is said of a stage whose part of a card is too small: on another part its numbers would be the same."""
    reason = str(error).partition("\n")[0][:120]
    return (
        f"{context.spec.title}: expected room in {context.device_share:g} of {context.device}, ran out of memory "
        f"({reason}); give larger parts with --device-share, or leave it out"
    )


def _noted(report: Report, spec: StageSpec, store: RunStore) -> Report:
    """Notes the step in the stage's folder, too, now and then."""
    last = time.perf_counter()

    def noted(event: Mapping[str, Any]) -> None:
        nonlocal last
        if "step" in event and time.perf_counter() - last >= HEARTBEAT_SECONDS:
            last = time.perf_counter()
            store.note_progress(spec.key, step=event["step"], steps=event["steps"])
        report(event)

    return noted


def _with_title(report: Report, spec: StageSpec) -> Report:
    def titled(event: Mapping[str, Any]) -> None:
        report({"key": spec.key, "title": spec.title, **event})

    return titled
