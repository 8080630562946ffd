"""Progress on stderr: a bar of each stage and of the grid on a terminal, plain lines at intervals otherwise."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from benchbench.core.records import StageRecord, StageSpec
from benchbench.run.grid_clock import GridClock, duration

LINE_SECONDS = 10.0
"""Seconds between two plain lines of one stage."""
GRID_SECONDS = 60.0
"""Seconds between two plain lines of the whole grid."""
BAR_SECONDS = 1.0
"""Seconds between two estimates of the grid's end while stages move on; each goes through all that wait."""


class ProgressView:
    """A listener (`run.scheduler`) that shows people what becomes of the stages."""

    def __init__(
        self, console: Console, stages: Mapping[str, StageSpec], *, seconds: Mapping[str, float] | None = None
    ) -> None:
        """Nothing is shown yet.

        Args:
            console: to print to.
            stages: key -> stage, of everything that is to run.
            seconds: kind -> how long a finished stage of the same plan took.
        """
        self.console = console
        self.total = len(stages)
        self.finished = 0
        self._clock = GridClock(stages, now=time.monotonic(), seconds=seconds)
        self._tasks: dict[str, TaskID] = {}
        self._lines: dict[str, float] = {}
        self._grid_line = time.monotonic()
        self._estimated = -math.inf
        self._printed_once: set[str] = set()
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._grid = self._bars.add_task("grid", total=self.total, note="")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def started(self, spec: StageSpec) -> None:
        """A worker took the stage."""
        self._clock.started(spec, time.monotonic())
        self._tasks[spec.key] = self._bars.add_task(spec.title, total=None, note="loading")

    def progress(self, event: Mapping[str, Any]) -> None:
        """A stage moved on, or has a line for people."""
        if "message" in event:
            self._print_message(event)
            return
        key, now = event["key"], time.monotonic()
        stage = self._clock.progress(key, event["step"], event["steps"], event["tokens"], now)
        rate, left = stage.rate(), stage.left(now)
        parts = [
            f"loss {event['loss']:.4f}" if "loss" in event else "",
            f"{rate:,.0f} tokens/s" if rate else "",
            f"about {duration(left)} left" if left is not None else "",
        ]
        note = ", ".join(filter(None, parts))
        self._bars.update(self._tasks[key], completed=event["step"], total=event["steps"], note=note)
        if not self.console.is_terminal and now - self._lines.setdefault(key, now) >= LINE_SECONDS:
            self._lines[key] = now
            self._print(f"{event['title']}: step {event['step']}/{event['steps']}{', ' * bool(note)}{note}")
        if now - self._estimated >= BAR_SECONDS:
            self._show_grid(now)

    def _show_grid(self, now: float) -> None:
        """The whole grid, on its bar or in a line."""
        self._estimated = now
        text = self._clock.in_words(now)
        self._bars.update(self._grid, completed=self.finished, note=text.partition(", ")[2])
        if not self.console.is_terminal and now - self._grid_line >= GRID_SECONDS:
            self._grid_line = now
            self._print(f"grid: {text}")

    def _print(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False, emoji=False)

    def _print_message(self, event: Mapping[str, Any]) -> None:
        """A line for people; one of a whole grid (`once`) is printed once, without the stage."""
        if not event.get("once"):
            self._print(f"{event['title']}: {event['message']}")
        elif event["message"] not in self._printed_once:
            self._printed_once.add(event["message"])
            self._print(event["message"])

    def ended(self, spec: StageSpec, record: StageRecord) -> None:
        """A stage ended, one way or another."""
        task = self._tasks.pop(spec.key, None)
        if task is not None:
            self._bars.remove_task(task)
        self.finished += 1
        if record.status == "done":
            rate = f", {record.tokens / record.seconds:,.0f} tokens/s" if record.seconds and record.tokens else ""
            facts = f"{record.seconds:.1f} s{rate}{_tokenization(record)}{_response_cuts(record)}{_judge_calls(record)}"
            text = f"[{self.finished}/{self.total}] {spec.title}: done in {facts}"
        else:
            text = f"[{self.finished}/{self.total}] {spec.title}: {record.status}: {record.message.strip()}"
        self._print(text)
        self._clock.ended(spec, record.seconds, is_done=record.status == "done")
        self._show_grid(time.monotonic())


def _judge_calls(record: StageRecord) -> str:
    """What a judge was asked, what was known already, what stayed missing, and what it cost."""
    summary = record.summary
    if "calls" not in summary:
        return ""
    parts = [f"{summary['calls']} verdicts requested", f"{summary['cached']} from the cache"]
    parts += [f"{summary['missing']} missing"] if summary["missing"] else []
    parts += [f"cost {summary['cost']:.4g}"] if summary["cost"] else []
    return f"; {', '.join(parts)}"


def _response_cuts(record: StageRecord) -> str:
    """How many responses went on past a control token, or into ids without a token, where any did."""
    cut = record.summary.get("cut", {})
    named = {"control_token": "at a control token", "no_token": "at an id without a token"}
    parts = [f"{cut[name]} cut {where}" for name, where in named.items() if cut.get(name)]
    return f"; responses: {', '.join(parts)}" if parts else ""


def _tokenization(record: StageRecord) -> str:
    """What tokenisation dropped, cut or flagged, where it did."""
    report = record.summary.get("tokenization", {})
    parts = [f"{count} dropped ({reason})" for reason, count in report.get("dropped", {}).items()]
    named = ("truncated", "empty", "empty_after_truncation", "cut_to_the_same_tokens", "identical", "overlong")
    named += ("boundary_retokenised", "control_in_text", "lost_characters", "changed_characters")
    parts += [f"{report[name]} {name.replace('_', ' ')}" for name in named if report.get(name)]
    return f"; tokenisation: {', '.join(parts)}" if parts else ""
