"""docs/scale.md: what a grid on Ray survives, from the committed file of `benchmarks.ray_queue`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.ray_differences import beyond_circumstances

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
        "killed (SIGKILL) in a preference stage, the command is asked to stop (SIGTERM) in another one, and, begun "
        "again, is killed in a third; the same command finishes the grid.\n"
    )
    yield table(["", "seconds"], [[name, f"{value:g}"] for name, value in known["seconds"].items()])
    files, fields = set(known["files of the tables"]), known["fields that differ"]
    attempts = ", ".join(f"{stages} had {count}" for count, stages in known["attempts"].items())
    rest = "; ".join(f"`{name}`: {', '.join(each)}" for name, each in fields.items())
    yield (
        f"{known['done when the driver was killed']} stages were done when the command was killed, and "
        f"{len(known['done again'])} of them ran again. In the end {known['done']} of {known['stages']} are done; "
        f"stages by their number of attempts: {attempts}.\n\n"
        f"**The local queue's tables.** Of {len(files)} files of results {len(files - set(fields))} are those of the "
        f"local queue, to the byte. In the others these fields differ, and no other one: {rest}. They say who ran a "
        "stage, when, how long and with how much memory, or are hashes of what says so.\n\n"
        "**A request to stop** took far longer before: on a busy machine most of the time went by after the last "
        "checkpoint, while the interpreters of command and workers looked through all that they had imported, or "
        "while a worker imported that had no stage yet. Neither is waited for any more. Where the command is killed, "
        "its workers leave their checkpoints and end within seconds; what is left for a minute are two of Ray's own "
        "agents (looked at once, process by process).\n\n"
    )
    yield _of_hosts(known["hosts"])


def _of_hosts(known: Mapping[str, Any]) -> str:
    """What the same grid came to on two hosts in namespaces."""
    files, fields = set(known["files of the tables"]), known["fields that differ"]
    attempts = ", ".join(f"{stages} had {count}" for count, stages in known["attempts"].items())
    hosts = " and ".join(str(count) for count in known["stages that ended on each host"].values())
    beyond = beyond_circumstances(fields)
    return (
        f"**Two hosts.** The same grid, with {known['steps']} steps of each training, on two hosts with networks, "
        "names and process numbers of their own (namespaces of one machine) and one folder, by "
        f"`python -m benchmarks.ray_hosts results/performance/ray.json` on "
        f"{known['date']}: an actor is killed in a preference stage on the second host, then that whole host, then the "
        f"command with its driver on the first; the host comes back, and the same command finishes the grid. "
        f"{known['done when the driver was killed']} stages were done when the driver was killed, and "
        f"{len(known['done again'])} of them ran again. In the end {known['done']} of {known['stages']} are done, "
        f"{hosts} of them on the one host and the other; stages by their number of attempts: "
        f"{attempts}. Of {len(files)} files "
        f"of results {len(files - set(fields))} are those of the local queue to the byte, and in the others "
        f"{'; '.join(beyond) or 'nothing but such fields'} differs. With two methods and two seeds it is "
        "`tests/run/test_ray_hosts.py`; hosts as processes of one machine, one of which is lost, are in "
        "`tests/run/test_ray_nodes.py`. Both run with `make test-slow` where Ray is installed. Not tried: machines of "
        "their own, and cards.\n"
    )
