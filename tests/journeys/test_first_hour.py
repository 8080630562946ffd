"""From a model folder and pairs to a table, a page and a paper; then a model that a stub of a judge evaluates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import bench, finish

from tests.commands.init.models import CHAT, model_folder
from tests.judges.chat_server import prefers, serving

SEED = 42


@dataclass(frozen=True)
class Desk:
    """A working folder with a model, pairs, the setting that `bench init` wrote, and a finished comparison."""

    folder: Path
    seen: list[str]

    @property
    def setting(self) -> Path:
        """The setting."""
        return self.folder / "mine.yaml"

    @property
    def where(self) -> list[object]:
        """Where everything is, as options."""
        return ["--seeds", SEED, "--runs", self.folder / "runs", "--results", self.folder / "results"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    model_folder(folder / "my_model", chat_template=CHAT)
    rows = [{"prompt": f"what is {n}?", "chosen": f"it is {n} yes", "rejected": f"no {n}"} for n in range(60)]
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        ended = bench("init", "mine.yaml", "--model", "my_model", "--data", "pairs.jsonl", "--json")
    assert ended.code == 0, ended.err
    status = finish(["dpo"], runs=folder / "runs", setting=folder / "mine.yaml", seeds=[SEED])
    assert set(status.values()) == {"done"}, status
    yield Desk(folder, ended.json["seen"])


def test_what_was_seen_is_said(desk: Desk):
    said = "\n".join(desk.seen)
    assert "with a chat template; assumed: an instruct model, so no SFT" in said
    assert "columns prompt, chosen, rejected; examples: " in said and "lengths: up to " in said


def test_the_setting_is_compared_as_it_was_written(desk: Desk):
    ended = bench("compare", "dpo", "--setting", desk.setting, *desk.where)
    assert ended.code == 0, ended.err
    assert "all 4 stages are finished already" in ended.err
    assert {line.split()[0] for line in ended.out.splitlines() if line.strip()} >= {"dpo", "base"}
    assert "untuned: its hyper-parameters were not chosen on a validation split" in ended.text
    assert (desk.folder / "results" / "mine").is_dir()


def test_its_page_and_its_tables_for_a_paper_follow(desk: Desk):
    assert bench("compare", "dpo", "--setting", desk.setting, *desk.where).code == 0
    paper = desk.folder / "paper"
    folders = ("--results", desk.folder / "results", "--runs", desk.folder / "runs")
    ended = bench("report", "mine", *folders, "--no-audit", "--format", "html", "tex", "--out", paper)
    assert ended.code == 0, ended.err
    table = (paper / "tables" / "pair_accuracy_logp_mean.tex").read_text(encoding="utf-8")
    assert "\\toprule" in table and "\ndpo & " in table and "\nbase & " in table
    page = (paper / "report.html").read_text(encoding="utf-8")
    assert "Does base differ from dpo in pair_accuracy under logp_mean, in the setting mine" in page


def test_the_model_from_elsewhere_has_the_numbers_of_the_base_row(desk: Desk):
    """Evaluating the folder that methods started from is the same measurement, so nothing runs again."""
    document = bench("compare", "dpo", "--setting", desk.setting, *desk.where, "--json").json
    (base,) = [
        row["mean"]
        for row in document["comparisons"]
        if (row["candidate"], row["metric"], row["scoring"]) == ("base", "pair_accuracy", "logp_mean")
    ]
    line = ("eval", desk.folder / "my_model", "--setting", desk.setting, "--runs", desk.folder / "runs", "--json")
    ended = bench(*line)
    assert ended.code == 0 and "finished already" in ended.err, ended.err
    (value,) = [r["value"] for r in ended.json if (r["metric"], r["scoring"]) == ("pair_accuracy", "logp_mean")]
    assert value == base


def test_a_model_is_only_evaluated_by_a_judge(desk: Desk):
    """Nothing is trained: the base row's responses against the data's chosen ones, and a stub says which is better."""
    with serving(prefers("yes")) as server:
        text = desk.setting.read_text(encoding="utf-8").replace("name: mine", "name: judged", 1)
        judged = desk.folder / "judged.yaml"
        judged.write_text(f"{text}{RESPONSES}  options: {{base_url: '{server.url}', model: stub}}\n", encoding="utf-8")
        status = finish(["base"], runs=desk.folder / "runs", setting=judged, seeds=[SEED])
        assert set(status.values()) == {"done"}, status
        assert {key.split("/")[0] for key in status} == {"score", "generate", "judge"}
        assert server.seen, "the stub was asked"
        ended = bench("compare", "base", "--setting", judged, *desk.where)
        drawn = bench("compare", "base", "--setting", judged, *desk.where, "--json").json
    assert ended.code == 0, ended.err
    assert "win rate against the data's chosen response, judge chat_endpoint stub" in ended.text
    (run,) = drawn["win_rates"][0]["raw"]["runs"]
    assert (run["wins"], run["losses"] > 0) == (0, True), "the chosen responses have the word that the stub prefers"


RESPONSES = """
generate: {split: test, num_prompts: 4, engine: transformers, dtype: float32, max_new_tokens: 4, temperature: 1.0,
  top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0}
judge:
  name: chat_endpoint
  against: [chosen]
"""
