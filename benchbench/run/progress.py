"""Progress on stderr: bars on a terminal, one plain line per interval otherwise."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from benchbench.core.records import StageRecord, StageSpec

LINE_SECONDS = 10.0
"""Seconds between two plain lines of one stage."""


class ProgressView:
    """A listener (`run.scheduler`) that shows people what becomes of the stages."""

    def __init__(self, console: Console, *, total: int) -> None:
        self.console = console
        self.total = total
        self.finished = 0
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}
        self._lines: dict[str, float] = {}
        self._printed_once: set[str] = set()
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def started(self, spec: StageSpec) -> None:
        """A worker took the stage."""
        self._tasks[spec.key] = self._bars.add_task(spec.title, total=None, note="loading")

    def progress(self, event: Mapping[str, Any]) -> None:
        """A stage moved on, or has a line for people."""
        if "message" in event:
            self._print_message(event)
            return
        key, now = event["key"], time.monotonic()
        first = self._started.setdefault(key, now)
        rate = event["tokens"] / (now - first) if now > first else 0.0
        loss = f"loss {event['loss']:.4f}, " if "loss" in event else ""
        note = f"{loss}{rate:,.0f} tokens/s" if rate else loss.rstrip(", ")
        self._bars.update(self._tasks[key], completed=event["step"], total=event["steps"], note=note)
        if not self.console.is_terminal and now - self._lines.setdefault(key, now) >= LINE_SECONDS:
            self._lines[key] = now
            left = (now - first) * (event["steps"] - event["step"]) / max(1, event["step"])
            self.console.print(
                f"{event['title']}: step {event['step']}/{event['steps']}, {note}, about {left:.0f} s left",
                highlight=False,
                markup=False,
                emoji=False,
            )

    def _print_message(self, event: Mapping[str, Any]) -> None:
        """A line for people; one of a whole grid (`once`) is printed once, without the stage."""
        if not event.get("once"):
            self.console.print(f"{event['title']}: {event['message']}", highlight=False, markup=False, emoji=False)
        elif event["message"] not in self._printed_once:
            self._printed_once.add(event["message"])
            self.console.print(event["message"], highlight=False, markup=False, emoji=False)

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
        self.console.print(text, highlight=False, markup=False, emoji=False)


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
