"""docs/scale.md: what a grid on Ray survives, from the committed file of `benchmarks.ray_queue`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

MEASURED = Path(__file__).resolve().parents[2] / "results" / "performance" / "ray.json"


def ray_section(table: Callable[[Sequence[str], Sequence[Sequence[str]]], str]) -> Iterator[str]:
    """The section.

    Args:
        table: (heads, rows) -> a table in Markdown.
    """
    known = json.loads(MEASURED.read_text(encoding="utf-8"))
    hardware, packages = known["hardware"], known["versions"]
    yield (
        "## A grid on Ray\n\nMeasured by `python -m benchmarks.ray_queue results/performance/ray.json` on "
        f"{known['date']}: processor {hardware['processor']}, {hardware['cores']} cores, {hardware['system']}; ray "
        f"{packages['ray']}, python {packages['python']}, torch {packages['torch']}, transformers "
        f"{packages['transformers']}. Others kept {known['cores_of_others']:g} cores busy when it began, so the times "
        "say what was waited for and not how fast Ray is. Four methods and three seeds of the tests' micro setting "
        f"({known['stages']} stages, two at a time), on a cluster of one host that the command starts; an actor is "
        "killed (SIGKILL) in a preference stage, then the command itself in another one, and the same command "
        "finishes the grid.\n"
    )
    yield table(["", "seconds"], [[name, f"{value:g}"] for name, value in known["seconds"].items()])
    files, others = set(known["files of the tables"]), set(known["files of the tables"]) - set(known["alike"])
    attempts = ", ".join(f"{stages} had {count}" for count, stages in known["attempts"].items())
    yield (
        f"{known['done when the driver was killed']} stages were done when the command was killed, and "
        f"{len(known['done again'])} of them ran again. In the end {known['done']} of {known['stages']} are done; "
        f"stages by their number of attempts: {attempts}. Of {len(files)} files of results {len(files - others)} are "
        f"those of the local queue, to the byte. The others ({', '.join(sorted(others))}) hold times, places or "
        "hashes of such files; what in them differs was not looked at one by one.\n\n"
        "Two hosts as processes of one machine, one of which is lost, are in `tests/run/test_ray_nodes.py` (`make "
        "test-slow` with Ray installed). Not tried: machines of their own, and cards.\n"
    )
