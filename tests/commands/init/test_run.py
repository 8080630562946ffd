"""`bench init`: a setting that validates, from nothing or from what is there; nothing is overwritten."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from harness import bench, tree

from benchbench.commands.init.run import InitRequest, init, next_commands
from benchbench.commands.recipe_schema import schema_text

from .models import CHAT, model_folder
from .test_seen_data import pairs, write


def test_from_nothing_it_writes_a_setting_that_validates_and_the_schema_beside_it(away: Path):
    ended = bench("init")
    assert ended.code == 0, ended.err
    assert sorted(tree(away)) == ["my_setting.yaml", "recipe.schema.json"]
    assert (away / "recipe.schema.json").read_text() == schema_text()
    assert bench("recipes", "validate", "my_setting.yaml").out == "my_setting.yaml: valid (setting)\n"
    assert "data: none given; the file names `pairs.jsonl`" in ended.text
    assert [line.strip() for line in ended.out.splitlines()[-4:]] == next_commands(Path("my_setting.yaml"))


@pytest.mark.parametrize("chat_template", ["", CHAT, "{{ strftime_now('%Y') }}" + CHAT], ids=["base", "chat", "date"])
def test_from_model_and_data_it_plans_a_whole_comparison(away: Path, chat_template: str):
    model_folder(away / "my_model", chat_template=chat_template)
    write(away / "pairs.jsonl", pairs(60, remark="x"))
    ended = bench("init", "mine.yaml", "--model", "my_model", "--data", "pairs.jsonl", "--no-schema", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["schema"] is None and ended.json["setting"] == "mine.yaml"
    assert not (away / "recipe.schema.json").exists()
    assert any(line.startswith("lengths: up to ") for line in ended.json["seen"])
    planned = bench("compare", "dpo", "simpo", "--setting", "mine.yaml", "--dry-run", "--json")
    assert planned.code == 0, planned.err
    kinds = [stage["kind"] for stage in planned.json["stages"]]
    assert planned.json["cells"] == 9 and kinds.count("sft") == (0 if chat_template else 3)
    assert any("base" in stage["stage"] for stage in planned.json["stages"]) == bool(chat_template)


def test_the_date_is_that_of_the_day(tmp_path: Path):
    model = model_folder(tmp_path / "m", chat_template="{{ strftime_now('%Y') }}" + CHAT)
    init(InitRequest(tmp_path / "a.yaml", str(model), with_schema=False), today=date(2026, 2, 3))
    assert "template_date: 2026-02-03" in (tmp_path / "a.yaml").read_text()


def test_nothing_is_overwritten_and_a_refusal_leaves_nothing(away: Path):
    (away / "mine.yaml").write_text("mine")
    ended = bench("init", "mine.yaml")
    assert ended.code == 2 and "expected no file, found one, which is never overwritten" in ended.err
    write(away / "one.jsonl", [{"prompt": f"p {i}", "response": "a"} for i in range(40)])
    for words in (("a.yaml", "--data", "one.jsonl"), ("a.yaml", "--model", "nowhere"), ("a.txt",)):
        ended = bench("init", *words)
        assert ended.code == 2, words
    assert sorted(tree(away)) == ["mine.yaml", "one.jsonl"] and (away / "mine.yaml").read_text() == "mine"
    missing = bench("init", "a.yaml", "--data", "none.jsonl")
    assert missing.code == 5 and "without --data" not in missing.err


def test_data_that_need_options_are_refused_with_the_way_out(away: Path):
    write(away / "strange.jsonl", [{"first": "a", "second": "b"}])
    ended = bench("init", "--data", "strange.jsonl")
    assert ended.code == 2 and "`rename` says which column is which" in ended.err
    assert "`bench init` without --data writes a setting whose data.options you can fill in yourself" in ended.err
