"""The smallest end-to-end run, through the real script; `make smoke` runs this."""

from __future__ import annotations

from pathlib import Path

from harness import MICRO, bench_process


def test_one_command_goes_from_nothing_to_a_table(tmp_path: Path):
    ended = bench_process(
        "compare", "dpo", "ddo_rm", "--setting", MICRO, "--seeds", 1, "--workers", 2, "--metrics", "auc", cwd=tmp_path
    )
    assert ended.code == 0, ended.err
    table = ended.out.splitlines()
    assert table[0].startswith("micro: test setting, no evidence about anything")
    assert [word for line in table for word in line.split()[:1] if word in ("dpo", "ddo_rm", "sft")][:3] == [
        "dpo",
        "ddo_rm",
        "sft",
    ]
    for name in ("cells.jsonl", "measurements.csv", "comparisons.csv", "report.md"):
        assert (tmp_path / "results" / "micro" / name).stat().st_size > 0
    assert (tmp_path / "results" / "micro" / "figures" / "pair_accuracy_logp_mean.png").is_file()
    assert {path.name for path in (tmp_path / "runs").iterdir()} >= {"sft", "reward_model", "preference", "score"}
