"""`bench audit data`: a constructed leak, real files, and data that are not here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import MICRO, ROOT, bench
from scipy.stats import binomtest

from benchbench.commands.audit.data import length_finding
from benchbench.data.row_checks import Longer

EXAMPLES = ROOT / "docs" / "examples"
WORDS = ("amber", "birch", "cedar", "delta", "ember", "flint", "grove", "heath", "inlet", "juniper")


def prompt(place: int) -> str:
    """Twelve words that no other place has in this order."""
    rng = np.random.default_rng(place)
    return f"Question {place}: " + " ".join(str(word) for word in rng.choice(WORDS, 12))


def write(path: Path, places: list[int], *, name: str) -> None:
    lengths = (3, 5)
    rows = [
        {
            "id": f"{name}{at}",
            "prompt": prompt(p),
            "chosen": "x" * lengths[at % 2],
            "rejected": "y" * lengths[1 - at % 2],
        }
        for at, p in enumerate(places)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def setting(tmp_path: Path, write_yaml) -> Path:
    """The micro setting on 200 training rows and 100 held-out ones, of which 97 have prompts of training."""
    write(tmp_path / "train.jsonl", list(range(200)), name="train-")
    write(tmp_path / "test.jsonl", [*range(97), 500, 501, 502], name="test-")
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("data:\n"), text.index("tokenization:")
    data = "data:\n  source: local_files\n  options: {files: {train: train.jsonl, test: test.jsonl}}\n"
    text = text[:begin] + data + text[end:]
    for old, new in (("split: sft", "split: train"), ("split: reward", "split: train")):
        text = text.replace(old, new)
    return write_yaml("leaky.yaml", text)


def audit(setting: Path, *more: object, runs: Path) -> Any:
    return bench("audit", "data", "dpo", "--setting", setting, "--runs", runs, *more)


def by_check(ended: Any) -> dict[tuple[str, str], Any]:
    return {(each["check"], each["where"]): each for each in ended.json["findings"]}


def test_a_leak_of_97_percent_is_called_one_and_fails(setting: Path, tmp_path: Path):
    ended = audit(setting, "--json", runs=tmp_path / "runs")
    assert ended.code == 3
    assert "leaked_prompts, test in train: 97.0% above 1.0%" in ended.err
    leak = by_check(ended)["leaked_prompts", "test in train"]
    assert (leak["count"], leak["total"], leak["share"], leak["above"]) == (97, 100, 0.97, True)
    assert leak["examples"] == [f"test-{at}" for at in range(5)] and leak["advice"]
    shown = audit(setting, runs=tmp_path / "runs")
    assert shown.code == 3
    assert "97 of 100" in shown.out and "97.0%" in shown.out and "ABOVE" in shown.out
    assert "test-0, test-1, test-2, test-3, test-4, ..." in shown.out
    assert "What to do: remove them from the training split" in " ".join(shown.out.split())


def test_a_level_is_the_user_s(setting: Path, tmp_path: Path):
    ended = audit(setting, "--level", "leaked_prompts=0.97", runs=tmp_path / "runs")
    assert ended.code == 0, ended.err
    assert audit(setting, "--level", "leaked_prompts=0.96", runs=tmp_path / "runs").code == 3
    wrong = audit(setting, "--level", "leak=0.1", runs=tmp_path / "runs")
    assert wrong.code == 2 and "unknown check 'leak'" in wrong.err


def test_a_file_of_prompts_is_held_out_too(setting: Path, tmp_path: Path):
    rows = [{"id": f"q{at}", "prompt": [{"role": "user", "content": prompt(at)}]} for at in (3, 700, 701, 702)]
    file = tmp_path / "asked.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ended = audit(setting, "--prompts", file, "--level", "leaked_prompts=0.97", "--json", runs=tmp_path / "runs")
    leak = by_check(ended)["leaked_prompts", "asked.jsonl in train"]
    assert (leak["count"], leak["total"], leak["examples"]) == (1, 4, ["q3"])
    assert any("asked.jsonl (4 prompts)" in line for line in ended.json["assumptions"])


def test_without_data_the_plan_is_shown_and_nothing_passes(setting: Path, tmp_path: Path):
    (tmp_path / "test.jsonl").unlink()
    ended = audit(setting, runs=tmp_path / "runs")
    assert ended.code == 5
    assert "trained on: train (sft, reward_model, preference)" in ended.out
    assert "held out: test (score)" in ended.out and "128 tokens, truncation error" in ended.out
    assert "not audited" in ended.err and "test.jsonl" in ended.err
    as_json = audit(setting, "--json", runs=tmp_path / "runs")
    assert as_json.code == 5 and as_json.json["findings"] == [] and as_json.json["not_looked_at"]


def test_without_the_tokenizer_the_texts_are_looked_at_all_the_same(setting: Path, tmp_path: Path):
    text = setting.read_text(encoding="utf-8")
    begin, end = text.index("  train_tokenizer:"), text.index("  dtype: float32\ndata")
    hub = f"  tokenizer_name_or_path: nobody/nothing\n  tokenizer_revision: {'a' * 40}\n"
    setting.write_text(text[:begin] + hub + text[end:], encoding="utf-8")
    words = ("audit", "data", "dpo", "--setting", setting, "--json", "--runs", tmp_path / "runs")
    ended = bench("--offline", *words, "--level", "leaked_prompts=1")
    assert ended.code == 5, "what was not looked at has not passed"
    assert "nobody/nothing" in ended.err and "(cuts and templates)" in ended.err
    assert by_check(ended)["leaked_prompts", "test in train"]["count"] == 97
    assert not any(each["check"] == "cut" for each in ended.json["findings"])
    assert bench("--offline", *words).code == 3, "a finding that is too much comes first"


def test_the_toy_setting_is_clean(tmp_path: Path):
    ended = audit(MICRO, "--json", runs=tmp_path)
    assert ended.code == 0, ended.err
    assert by_check(ended)["leaked_prompts", "test in train"]["count"] == 0


def test_the_interval_of_length_bias_is_wilson_s_where_every_pair_has_its_prompt():
    """Against scipy with the same number of draws: the score interval widens by the t quantile alone."""
    longer = Longer(tuple(map(str, range(400))), tuple(map(str, range(400))), (True,) * 268 + (False,) * 132, 0, 0)
    each = length_finding("train", longer)
    expected = binomtest(268, 400).proportion_ci(method="wilson")
    assert each.share == 0.67 and each.interval is not None
    assert each.interval.low == pytest.approx(expected.low, abs=1e-3)
    assert each.interval.high == pytest.approx(expected.high, abs=1e-3)
    once = Longer(longer.ids, tuple(str(at // 4) for at in range(400)), longer.is_preferred, 0, 0)
    clustered = length_finding("train", once).interval
    assert clustered is not None and clustered.high - clustered.low > 1.5 * (expected.high - expected.low)


def real(tmp_path: Path, shared: Path, name: str, options: str, *, swap: tuple[tuple[str, str], ...] = ()) -> Path:
    """The example `own_tokenizer` on another real file."""
    (tmp_path / "tokenizer").symlink_to(shared / "tokenizers" / "neox_20b")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "pairs.jsonl.gz").symlink_to(shared / name)
    text = (EXAMPLES / "own_tokenizer.yaml").read_text(encoding="utf-8")
    for old, new in (("{path: data/pairs.jsonl.gz, split_column: split}", options), *swap):
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "real.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def real_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tokenizer of real files is prepared once: checking one of 50,000 tokens takes a second."""
    return tmp_path_factory.mktemp("real") / "runs"


@pytest.mark.shared_data
def test_ultrafeedback_has_what_its_readme_counts(tmp_path: Path, shared: Path, real_runs: Path):
    """812 rows: 83 tied scores, 3 identical pairs, 2 with an empty side."""
    options = "{path: data/pairs.jsonl.gz, split_column: split}"
    setting = real(tmp_path, shared, "pairs/ultrafeedback_binarized.jsonl.gz", options)
    ended = audit(setting, "--json", "--level", "tied_scores=0.05", runs=real_runs)
    findings = by_check(ended)

    def both(check: str) -> int:
        return sum(findings[check, split]["count"] for split in ("train", "test"))

    assert (both("tied_scores"), both("identical_candidates"), both("empty_responses")) == (83, 3, 2)
    assert findings["tied_scores", "train"]["total"] + findings["tied_scores", "test"]["total"] == 812
    assert ended.code == 3 and "tied_scores, train: 10.1% above 5.0%" in ended.err
    assert findings["leaked_prompts", "test in train"]["count"] == 0, "the source was split by prompt"
    assert findings["cut", "train, chosen"]["above"], "512 tokens are too few for these data"


@pytest.mark.shared_data
def test_ultrafeedback_ratings_prefer_the_longer_one_as_their_readme_says(
    tmp_path: Path, shared: Path, real_runs: Path
):
    """660 rows, chosen is longer in 67%, 1 identical pair; one split for both, which is a leak of all."""
    setting = real(
        tmp_path,
        shared,
        "pairs/ultrafeedback_ratings.jsonl.gz",
        "{files: {train: data/pairs.jsonl.gz}}",
        swap=(("split: test", "split: train"),),
    )
    ended = audit(setting, "--json", runs=real_runs)
    findings = by_check(ended)
    bias = findings["length_bias", "train"]
    assert bias["share"] == pytest.approx(0.67, abs=0.01)
    assert bias["interval"][0] > 0.6 and not bias["above"]
    assert findings["identical_candidates", "train"]["count"] == 1
    leak = findings["leaked_prompts", "train in train"]
    assert leak["share"] == 1.0 and leak["above"] and ended.code == 3
