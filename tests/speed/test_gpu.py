"""Every part of the card's benchmark runs where there is none, in a toy's size; on a card alone its numbers count."""

from __future__ import annotations

import json
import time

import pytest
import torch

from benchbench.models.varlen import written_out
from benchmarks import gpu
from benchmarks.gpu import PARTS, at_most, measure
from benchmarks.gpu_parts import golden_check, kernel_correctness
from benchmarks.gpu_setup import PYTHIA_410M, TOY, Bench, pairs_of

FAKE = Bench(TOY, torch.device("cpu"), torch.float32, fake=True)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name == "training" else ()) for name in PARTS]
)
def test_a_part_runs(name):
    report = measure(FAKE, {name: (PARTS[name][0], 300)})[name]
    assert "failed" not in report, report["failed"]
    failed = {key: value for key, value in report["numbers"].items() if key.endswith("failed")}
    assert not failed and report["numbers"]
    json.dumps(report)


def test_the_checks_hold_for_kernels_that_are_written_out():
    assert kernel_correctness(FAKE)["as good as masked"]
    assert golden_check(FAKE)["holds"]


def test_a_wrong_kernel_is_found(monkeypatch):
    """One that aligns the first query with the first key where it should align the last ones."""

    def wrong(q, k, v, ends_q, ends_k, longest_q, longest_k, *, scale, window_size):
        rows = zip(ends_k.diff().tolist(), ends_q.diff().tolist(), strict=True)
        kept = torch.cat([torch.arange(keys) < queries for keys, queries in rows])
        return written_out(
            q, k[kept], v[kept], ends_q, ends_q, longest_q, longest_q, scale=scale, window_size=window_size
        )

    monkeypatch.setattr(Bench, "kernel", property(lambda bench: wrong))
    assert not kernel_correctness(FAKE)["as good as masked"]


def test_a_part_that_fails_or_takes_too_long_does_not_end_the_run():
    def breaks(bench: Bench) -> dict[str, float]:
        raise RuntimeError("out of\nluck")

    def sleeps(bench: Bench) -> dict[str, float]:
        time.sleep(30)
        return {}

    report = measure(FAKE, {"a": (breaks, 5), "b": (sleeps, 1), "c": (lambda bench: {"x": 1.0}, 5)})
    assert report["a"]["failed"] == "RuntimeError: out of luck"
    assert report["b"]["failed"] == "OutOfTimeError: not done after 1 seconds" and report["b"]["seconds"] < 5
    assert report["c"]["numbers"] == {"x": 1.0}


def test_time_is_given_back():
    with at_most(60):
        pass
    time.sleep(0.01)


def test_all_parts_together_end_in_eight_minutes():
    assert sum(seconds for _, seconds in PARTS.values()) < 480


def test_lengths_are_those_of_the_data():
    """Means of UltraFeedback, cut at 1 024 tokens: prompt 179, chosen 275, rejected 244."""
    pairs = pairs_of(PYTHIA_410M, 2000)
    prompts = [pair.candidates[0].response[0] for pair in pairs]
    chosen, rejected = (
        [row.response[1] - row.response[0] for row in rows]
        for rows in zip(*(pair.candidates for pair in pairs), strict=True)
    )
    for lengths, mean in ((prompts, 179), (chosen, 275), (rejected, 244)):
        assert sum(lengths) / len(lengths) == pytest.approx(mean, rel=0.1)
    assert max(len(row.tokens) for pair in pairs for row in pair.candidates) <= 1024
    assert pairs_of(PYTHIA_410M, 3) == pairs_of(PYTHIA_410M, 3)


def test_without_a_card_it_says_so_in_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main([str(tmp_path / "gpu.json")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1 and not (tmp_path / "gpu.json").exists()


def test_the_report_names_machine_and_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "measure", lambda bench: {"a": {"numbers": {}}})
    assert gpu.main(["--fake", str(tmp_path / "gpu.json")]) == 0
    report = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
    assert report["fake"] and report["machine"]["torch"] and report["size"]["layers"] == 2
