"""`make bench`: every section, or those that are named; prints tables and stores the numbers.

`python -m benchmarks feas` runs the sections whose names begin with `feas`; `--write` makes the tables of
docs/performance.md from the stored numbers and runs nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from benchmarks import grid, integrity, startup
from benchmarks.children import ROOT, Plan, answer_of
from benchmarks.machine import BUSY_CORES, cores_of_others, other_cores, read_load
from benchmarks.report import section_lines, write_page
from benchmarks.sections import Result, read, store
from benchmarks.training import ScoringCase, TokenisationCase, TrainingCase

NUMBERS = ROOT / "results" / "performance" / "cpu.json"
PAGE = ROOT / "docs" / "performance.md"
SHORT = Plan(one_thread=2, all_cores=1)
"""Rounds of what takes long and varies little."""


class Section(Protocol):
    """A benchmark."""

    def __call__(self, *, quick: bool) -> Result:
        """Run it, or show at a tiny size that it works."""
        ...


def shares(*, quick: bool) -> Result:
    """Where the time of our own loop goes."""
    before = read_load()
    size = "quick" if quick else "full"
    cases = {f"{mix}, {precision}": (mix, precision) for mix in ("feas", "bench") for precision in ("fp32", "bf16")}
    table = {name: answer_of("benchmarks.shares", *words, size) for name, words in cases.items()}
    what = "Shares of the time of an epoch of benchbench's loop, by kind of operation, one thread, under the profiler"
    return Result(what, table, {}, other_cores(before, read_load()))


def generation(*, quick: bool) -> Result:
    """Both engines beside each other, or transformers alone where vLLM is not installed."""
    from benchbench.generation.choose import installed_vllm

    before = read_load()
    names = ["transformers"] if quick or installed_vllm() is None else ["vllm", "transformers"]
    spinning = {"GOMP_SPINCOUNT": "1000"}  # as vLLM's process has it; torch's OpenMP reads it when imported
    answer = answer_of("benchmarks.generation", "quick" if quick else "full", *names, variables=spinning)
    table = {
        name: {"tokens a second": rate, "start, seconds": answer["start_seconds"][name] or 0.0}
        for name, rate in answer["tokens_per_second"].items()
    }
    rates = list(answer["tokens_per_second"].values())
    facts = {"first over second": rates[0] / rates[1], "identical responses": answer["alike"]} if rates[1:] else {}
    what = f"{answer['prompts']} prompts answered greedily, float32, all cores, the model of feas"
    return Result(what, table, facts, other_cores(before, read_load()))


def token_store(*, quick: bool) -> Result:
    """As many pairs as UltraFeedback has, by all cores into the store, and out of it."""
    before = read_load()
    answer = answer_of("benchmarks.token_store", "quick" if quick else "full")
    rows = answer.pop("rows")
    table = {
        step: {"CPU seconds": times["cpu_seconds"], "seconds, all cores": times["wall_seconds"]}
        for step, times in answer.items()
    }
    what = f"{rows:,} pairs of made-up words in the lengths of UltraFeedback's, as all stages share them"
    return Result(what, table, {}, other_cores(before, read_load()))


def _training() -> dict[str, Section]:
    plans = {"long": SHORT, "k4": SHORT, "k8": SHORT}
    once = {"long"}  # in one precision, since a step of it takes long
    return {
        f"{mix}-{precision}": TrainingCase(mix, precision == "bf16", plans.get(mix, Plan()))
        for mix in ("feas", "bench", "tiny", "long", "k4", "k8")
        for precision in (("fp32",) if mix in once else ("fp32", "bf16"))
    }


SECTIONS: Mapping[str, Section] = _training() | {
    "scoring-fp32": ScoringCase("feas"),
    "scoring-bf16": ScoringCase("feas", bf16=True),
    "tokenisation": TokenisationCase(),
    "token-store": token_store,
    "start-up": startup.measure,
    "grid": grid.measure,
    "integrity": integrity.measure,
    "generation": generation,
    "shares": shares,
}
"""Name -> benchmark, in the order in which they run."""


def selected(words: Sequence[str]) -> dict[str, Section]:
    """The sections whose names begin with one of the words; all where there are none.

    Raises:
        ValueError: a word that no name begins with.
    """
    unknown = [word for word in words if not any(name.startswith(word) for name in SECTIONS)]
    if unknown:
        raise ValueError(f"expected the beginning of one of {', '.join(SECTIONS)}, got {', '.join(unknown)}")
    return {name: section for name, section in SECTIONS.items() if not words or name.startswith(tuple(words))}


def run(sections: Mapping[str, Section], *, quick: bool, busy: bool, say: Callable[[str], object]) -> dict[str, Result]:
    """Run sections and print each; those that others disturbed are left out unless `busy`."""
    results = {}
    for name, section in sections.items():
        result = section(quick=quick)
        if result.is_busy and not busy:
            say(f"{name}: not reported, since others kept {result.other_cores} cores busy (at most {BUSY_CORES})\n")
            continue
        results[name] = result
        say("\n".join(section_lines(name, result.as_json(), heading="")) + "\n")
    return results


def main(words: Sequence[str]) -> int:
    """Parse, run, print, store; 1 where something was not reported."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="ONLY", help="beginnings of names of sections; default: all")
    parser.add_argument("--busy", action="store_true", help="report although others use the machine, marked as such")
    parser.add_argument("--quick", action="store_true", help="at a tiny size, to see that all of it works; not stored")
    parser.add_argument("--write", action="store_true", help="make the page's tables from the stored numbers, no more")
    parser.add_argument("--out", type=Path, default=NUMBERS, help="file of the numbers")
    options = parser.parse_args(words)
    if options.write:
        write_page(PAGE, read(options.out))
        return 0
    try:
        sections = selected(options.only)
    except ValueError as error:
        parser.error(str(error))
    others = cores_of_others()
    if others > BUSY_CORES and not options.busy:
        sys.stderr.write(
            f"benchmarks: expected an idle machine, found others keeping {others} cores busy (at most {BUSY_CORES}); "
            "wait, or say --busy, which marks every number\n"
        )
        return 1
    results = run(sections, quick=options.quick, busy=options.busy, say=_say)
    if not options.quick:
        store(options.out, results)
    return 0 if len(results) == len(sections) else 1


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
