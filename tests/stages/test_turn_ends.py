"""Where responses end, with models that say what they are told to: nothing of a next turn is judged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, WIDE, bench, execute, finish, generate_section

from benchbench.commands.evaluate.responses import open_policies
from benchbench.commands.run_plan import RunOptions
from benchbench.core.generation import Generation, GenerationRequest, Sampling
from benchbench.data.prompt_files import read_prompt_file
from benchbench.generation.transformers_engine import TransformersEngine
from benchbench.plan.prompt_sets import prepare_prompts
from benchbench.plan.prompt_stages import prompt_stages
from benchbench.store.generations import read_engine, read_generations

from .artefacts import local_model
from .scripted import NO_TOKEN, scripted_model, word_tokenizer

QUICK = ("sft=null", "reward_model=null")
ENDLESS = {"assistant": "yes", "yes": "no", "no": "<|im_end|>"}
ENDLESS |= {"<|im_end|>": "<|im_start|>", "<|im_start|>": "assistant"}
"""It answers "yes no", ends its turn, and opens the next one, over and over."""


@pytest.fixture(scope="module", autouse=True)
def wide() -> Iterator[None]:
    """Every row and remark in one line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", WIDE)
        yield


def setting(folder: Path, model: Path, *, more: str = "", template: str = "") -> Path:
    """The micro setting on a model of one's own, with its chat template unless another template is given."""
    path = folder / "setting.yaml"
    path.write_text(MICRO.read_text(encoding="utf-8"), encoding="utf-8")
    local_model(path, model, generate_section(prompts=8, tokens=24) + more)
    text = path.read_text(encoding="utf-8")
    begin, end = text.index("  template:"), text.index("  add_bos")
    path.write_text(text[:begin] + template + text[end:], encoding="utf-8")
    return path


def answered(folder: Path, path: Path, *sets: str) -> tuple[pd.DataFrame, dict[str, object], dict[str, object]]:
    """Responses, engine.json and the settings of the one generate stage."""
    status = finish(["sft"], runs=folder / "runs", setting=path, sets=[*QUICK, *sets])
    (key,) = (key for key in status if key.startswith("generate/"))
    root = folder / "runs" / key
    record = json.loads((root / "status.json").read_text(encoding="utf-8"))
    assert record["status"] == "done", record["message"]
    return read_generations(root), read_engine(root), record["summary"]


def test_a_response_ends_where_the_template_ends_a_turn(tmp_path: Path):
    """`<|im_end|>` is not EOS: 8 of 8 ran to the limit, and the next turns were glued to what was judged."""
    frame, about, summary = answered(tmp_path, setting(tmp_path, scripted_model(tmp_path / "model", ENDLESS)))
    assert list(frame["text"]) == ["yes no"] * 8
    assert set(frame["finish"]) == {"stop"} and set(frame["end"]) == {3}
    assert about["sampling"]["stop_token_ids"] == [1, 3]
    assert about["stops"]["found"] == [
        {"id": 1, "token": "<|endoftext|>", "origins": ["EOS", "generation_config.json"]},
        {"id": 3, "token": "<|im_end|>", "origins": ["template"]},
    ]
    assert summary["stops"][1] == "<|im_end|> (3; template)"
    assert about["cut"] == {"control_token": 0, "no_token": 0, "at": {}, "tokens_cut_off": 0}
    assert about["spelled_out"] == {"prompts": 0, "responses": 0}


PLAIN = 'user: "<|im_start|> user {content} ", assistant: "<|im_start|> assistant {content}%s", generation_prompt: "%s"'
PROMPT = "<|im_start|> assistant"


def plain(end: str) -> str:
    return f"  template: {{{PLAIN % (end, PROMPT)}}}\n"


def test_a_plain_template_may_end_a_turn_in_a_token(tmp_path: Path):
    path = setting(tmp_path, scripted_model(tmp_path / "model", ENDLESS), template=plain(" <|im_end|> "))
    frame, about, _ = answered(tmp_path, path)
    assert list(frame["text"]) == ["yes no"] * 8 and set(frame["finish"]) == {"stop"}
    assert about["stops"]["found"][1]["origins"] == ["template"]


@pytest.mark.parametrize("eos", [3, [1, 3]], ids=["an id", "a list"])
def test_the_ids_of_generation_config_end_a_response(tmp_path: Path, eos: object):
    path = setting(tmp_path, scripted_model(tmp_path / "model", ENDLESS, eos=eos), template=plain(""))
    frame, about, _ = answered(tmp_path, path)
    assert list(frame["text"]) == ["yes no"] * 8 and set(frame["finish"]) == {"stop"}
    assert "generation_config.json" in about["stops"]["found"][1]["origins"]


def test_the_recipes_own_tokens_are_all_there_is_beside_eos(tmp_path: Path):
    path = setting(tmp_path, scripted_model(tmp_path / "model", ENDLESS, eos=[1, 3]))
    frame, about, _ = answered(tmp_path, path, 'generate.stop_tokens=["no"]')
    assert list(frame["text"]) == ["yes"] * 8 and set(frame["end"]) == {8}
    assert [stop["origins"] for stop in about["stops"]["found"]] == [["EOS"], ["recipe"]]


def test_what_follows_a_control_token_is_never_judged(tmp_path: Path):
    """The recipe stops at EOS alone, so the model goes on into the next turn; the answer is cut there and counted."""
    path = setting(tmp_path, scripted_model(tmp_path / "model", ENDLESS))
    frame, about, summary = answered(tmp_path, path, 'generate.stop_tokens=["<|endoftext|>"]')
    assert list(frame["text"]) == ["yes no"] * 8
    assert set(frame["finish"]) == {"control_token"} and set(frame["end"]) == {3}
    assert about["cut"] == {
        "control_token": 8, "no_token": 0, "at": {"<|im_end|> (3)": 8}, "tokens_cut_off": 8 * (24 - 3)
    }  # fmt: skip
    assert summary["cut"] == about["cut"]
    assert frame["logp_sum"].notna().all(), "the tokens that are kept and the one that it was cut at"


def test_an_id_without_a_token_ends_a_response_and_is_counted(tmp_path: Path):
    """The model's embedding is padded: its last ids decode to nothing, as if they had not been drawn."""
    script = {"assistant": "yes", "yes": NO_TOKEN, NO_TOKEN: "maybe"}
    frame, about, _ = answered(tmp_path, setting(tmp_path, scripted_model(tmp_path / "model", script)))
    assert list(frame["text"]) == ["yes"] * 8
    assert set(frame["finish"]) == {"no_token"} and set(frame["end"]) == {NO_TOKEN}
    assert about["cut"]["no_token"] == 8 and about["cut"]["at"] == {f"no token ({NO_TOKEN})": 8}


def test_a_response_that_runs_to_the_limit_is_still_distinguished(tmp_path: Path):
    model = scripted_model(tmp_path / "model", {"assistant": "yes", "yes": "yes"})
    frame, _, _ = answered(tmp_path, setting(tmp_path, model))
    assert set(frame["finish"]) == {"length"} and frame["end"].isna().all()


def test_the_plan_says_where_responses_end_before_any_is_drawn(tmp_path: Path):
    path = setting(tmp_path, scripted_model(tmp_path / "model", ENDLESS))
    line = ["compare", "dpo", "--setting", path, "--runs", tmp_path / "runs", "--dry-run", "--set", "reward_model=null"]
    told = "responses end at <|endoftext|> (1; EOS, generation_config.json), <|im_end|> (3; template)"
    assert told in bench(*line).out.replace("\n", " ")
    assert bench(*line, "--json").json["responses_end_at"] == [told]


def test_a_second_turn_reads_the_first_answer_without_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """MT-Bench's second turn: the conversation holds one end of the assistant's turn, the template's."""
    path = setting(tmp_path, scripted_model(tmp_path / "model", ENDLESS))
    rows = [{"question_id": 81 + i, "category": "x", "turns": [word, "maybe"]} for i, word in enumerate(("yes", "no"))]
    (tmp_path / "asked.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    options = RunOptions("cpu", runs=tmp_path / "runs")
    policies = open_policies(str(tmp_path / "model"), setting=str(path), seeds=None, overrides=(), options=options)
    prompts = prepare_prompts(read_prompt_file(tmp_path / "asked.jsonl"), options.store.root)
    stages = prompt_stages(policies.session.plan, policies.session.cells[0], prompts)
    asked: list[tuple[int, ...]] = []
    generate = TransformersEngine.generate

    def spied(
        engine: TransformersEngine, requests: Sequence[GenerationRequest], sampling: Sampling
    ) -> list[Generation]:
        asked.extend(request.prompt for request in requests)
        return generate(engine, requests, sampling)

    monkeypatch.setattr(TransformersEngine, "generate", spied)
    for spec in stages:
        asked.clear()
        record = execute(spec, options.store, device="cpu")
        assert record.status == "done", record.message
        assert list(read_generations(options.store.folder(spec.key))["text"]) == ["yes no"] * 2
    texts = {word_tokenizer().decode(prompt) for prompt in asked}
    begin, end = "<|im_start|> user", "<|im_end|> <|im_start|> assistant yes no <|im_end|> <|im_start|> user maybe"
    assert texts == {f"{begin} {word} {end} <|im_end|> <|im_start|> assistant" for word in ("yes", "no")}
