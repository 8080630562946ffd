"""Faulty requests: one message that names the place and the way out, an exit code, and nothing half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import MICRO, Ended, bench, leftovers

Write = Callable[..., Path]
ROW = {"prompt": "What is two and two?", "chosen": "four", "rejected": "five"}
FILES = "data: {source: local_files, options: {files: {train: pairs.jsonl, test: pairs.jsonl}}}\n"


def refused(tmp_path: Path, *args: object, code: int = 2) -> str:
    """Run a command that must be refused; returns its message."""
    ended: Ended = bench(*args, "--runs", tmp_path / "runs")
    assert ended.code == code, (ended.code, ended.err)
    assert ended.out == "" or ended.out.startswith("micro: test setting")
    assert "Traceback" not in ended.err
    assert leftovers(tmp_path / "runs") == []
    assert not (Path.cwd() / "results").exists()
    return ended.err


@pytest.fixture(autouse=True)
def _elsewhere(away: Path) -> None:
    """No test of this file may see or write the checkout's runs and results."""


def over_files(write_yaml: Write, rows: list[object], **swap: str) -> Path:
    """The micro setting over a file of pairs, with a tokenizer trained on them."""
    path = write_yaml(
        "files.yaml",
        swap={
            "data:\n  source: toy\n  options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, "
            "test_prompts: 40}\n": FILES,
            "split: sft\n": "split: train\n",
            "split: sft,": "split: train,",
            "split: reward\n": "split: train\n",
            **swap,
        },
    )
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (path.parent / "pairs.jsonl").write_text(text, encoding="utf-8")
    return path


# --- recipes and settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("preference: {lerning_rate: 1e-3}", "preference.lerning_rate: unknown key; did you mean 'learning_rate'?"),
        ("preference: {lr: 1e-3}", "preference.lr: unknown key; did you mean 'learning_rate'?"),
        ("method: {name: dpo, hyper: {betta: 0.1}}", "method.hyper.betta: unknown key; did you mean 'beta'?"),
        ("data: {options: {flip_rat: 0.1}}", "data.options.flip_rat: unknown key; did you mean 'flip_rate'?"),
        ("preference: {global_batch_size: '8'}", "expected a whole number, got the text '8'; remove the quotes"),
        ("preference: {global_batch_size: 8.5}", "preference.global_batch_size: expected a whole number"),
        ("preference: {learning_rate: '5e-7'}", "expected a number, got the text '5e-7'; remove the quotes"),
        ("sft: {bf16: 1}", "sft.bf16: expected true or false, got the number 1"),
        ("preference: {lr_scheduler_type: step}", "expected one of linear, cosine, constant, got the text 'step'"),
        ("preference: {learning_rate: 1, learning_rate: 2}", "'learning_rate' is written twice"),
        ("preference: [1, 2]", "preference: expected a mapping, got a list"),
        ("preference: {learning_rate: 0.1", "not valid YAML"),
        ("data: {options: {flip_rate: 7}}", "flip_rate: expected a number from 0 to 1, got 7"),
        ("seeds: {list: [1, 1]}", "expected distinct seeds"),
        ("method: {name: smipo}", "method 'smipo'. Did you mean 'simpo'?"),
    ],
)
def test_a_faulty_recipe_names_file_and_key(tmp_path: Path, write_yaml: Write, line: str, said: str):
    method = "" if line.startswith("method:") else "method: {name: dpo}\n"
    path = write_yaml("mine.yaml", f"name: mine\nsetting: {MICRO}\n{method}{line}\n")
    message = refused(tmp_path, "train", path)
    assert said in message
    assert str(path) in message


def test_all_faults_are_reported_together(tmp_path: Path, write_yaml: Write):
    text = (
        f"name: mine\nsetting: {MICRO}\nmethod: {{name: dpo, hyper: {{betta: 1}}}}\nsft: {{lerning_rate: 1, bf16: 3}}\n"
    )
    message = refused(tmp_path, "train", write_yaml("mine.yaml", text))
    assert "3 problems" in message
    for key in ("method.hyper.betta", "sft.lerning_rate", "sft.bf16"):
        assert f"  {key}: " in message


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path):
    assert "nowhere.yaml: no such file; `bench recipes ls`" in refused(tmp_path, "train", "nowhere.yaml")
    assert "no such file" in refused(tmp_path, "compare", "dpo", "--setting", "nowhere.yaml")


def test_a_misspelt_setting_gets_a_suggestion(tmp_path: Path):
    assert "unknown setting 'tinny'. Did you mean 'tiny'?" in refused(tmp_path, "compare", "dpo", "--setting", "tinny")


def test_a_setting_given_as_a_recipe_is_explained(tmp_path: Path):
    message = refused(tmp_path, "train", MICRO)
    assert "this is a setting (it names no method), not a recipe" in message
    assert f"bench compare METHOD ... --setting {MICRO}" in message


@pytest.mark.parametrize("verb", ["train", "compare", "eval"])
def test_an_unknown_method_gets_a_suggestion(tmp_path: Path, verb: str):
    message = refused(tmp_path, verb, "smipo", "--setting", MICRO)
    assert "unknown method 'smipo'. Did you mean 'simpo'?" in message
    assert "Known: " in message


def test_an_unknown_variant_lists_those_there_are(tmp_path: Path):
    message = refused(tmp_path, "compare", "ipo@sums", "--setting", MICRO)
    assert "unknown variant 'sums' of method 'ipo'. Did you mean 'sum'? Known: default, mean, sum." in message


def test_two_recipes_for_one_method_are_an_error_that_names_both(tmp_path: Path, away: Path):
    for number in (1, 2):
        path = away / "recipes" / f"mine{number}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"name: mine{number}\nsetting: micro\nmethod: {{name: dpo, hyper: {{beta: 0.{number}}}}}\n")
    message = refused(tmp_path, "compare", "dpo", "--setting", MICRO)
    assert "two recipes" in message
    assert str(Path("recipes/mine1.yaml")) in message
    assert str(Path("recipes/mine2.yaml")) in message


def test_a_method_that_needs_rewards_is_refused_without_a_reward_stage(tmp_path: Path, write_yaml: Write):
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("reward_model:"), text.index("preference:\n")
    path = write_yaml("bare.yaml", text[:begin] + text[end:])
    message = refused(tmp_path, "compare", "ddo_rm", "--setting", path)
    assert "reward_model: required, not given: method 'ddo_rm' needs rewards" in message
    assert "preference.reward: {source: column, column: NAME}" in message


def test_a_reference_method_without_sft_must_name_the_base(tmp_path: Path):
    message = refused(tmp_path, "compare", "dpo", "--setting", MICRO, "--set", "sft=null")
    assert "preference.reference: expected base, since the recipe has no sft stage" in message


# --- the command line -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (["42", "x"], "expected whole numbers of 0 or more, got 'x'"),
        (["4.5"], "expected whole numbers of 0 or more, got '4.5'"),
        (["42", "13", "42"], "42 is given twice"),
        (["42", "042"], "given twice"),
        (["42", "dpo"], "put methods and recipes before --seeds"),
        (["42,13"], "got '42,13'; put a space between two seeds"),
    ],
)
@pytest.mark.parametrize("verb", ["train", "compare"])
def test_seeds_are_distinct_whole_numbers(tmp_path: Path, verb: str, seeds: list[str], said: str):
    message = refused(tmp_path, verb, "dpo", "--setting", MICRO, "--seeds", *seeds)
    assert said in message
    assert "--seeds" in message


def test_a_negative_seed_is_refused(tmp_path: Path):
    for seeds in (["--seeds", "-1"], ["--seeds", "1", "-1"], ["--seeds=-1"]):
        message = refused(tmp_path, "compare", "dpo", "--setting", MICRO, *seeds)
        assert "expected whole numbers of 0 or more, got '-1'" in message


def test_seeds_without_a_value_are_refused(tmp_path: Path):
    assert "--seeds: expected one or more values, got none" in refused(
        tmp_path, "compare", "dpo", "--setting", MICRO, "--seeds"
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--metrics", "acuracy"], "unknown metric 'acuracy'. Did you mean 'pair_accuracy'?"),
        (["--metrics", "auc/logp_men"], "unknown scoring 'logp_men'. Did you mean 'logp_mean'?"),
        (["--baseline", "simpo"], "unknown baseline 'simpo'. Known: dpo, sft."),
        (["--set", "preference.lerning_rate=1"], "preference.lerning_rate: unknown key; did you mean 'learning_rate'?"),
        (["--set", "learning_rate"], "expected dotted.key=value"),
        (["--set", "preference.learning_rate=fast"], "expected a number, got the text 'fast'"),
        (["--set", "sft.max_steps=1", "--set", "sft.max_steps=2"], "'sft.max_steps' is set twice"),
        (["--device", "gpu"], "--device: expected auto, cpu, cuda or cuda:N, got 'gpu'"),
        (["--workers", "0"], "--workers: expected 1 or more, got 0"),
        (["--workers", "two"], "Invalid value for '--workers'"),
        (["--no-such-option"], "No such option: --no-such-option"),
        (["simpo", "dpo"], "dpo: named twice"),
    ],
)
def test_faulty_options_are_named(tmp_path: Path, args: list[str], said: str):
    message = refused(tmp_path, "compare", "dpo", *args, "--setting", MICRO)
    assert said in message


@pytest.mark.parametrize("verb", ["train", "compare"])
def test_cuda_that_is_not_there_is_refused(tmp_path: Path, verb: str):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    message = refused(tmp_path, verb, "dpo", "--setting", MICRO, "--device", "cuda")
    assert "--device cuda: this machine has no CUDA device" in message
    assert "--device cpu" in message


def test_eval_of_cells_that_are_not_finished_names_them(tmp_path: Path):
    message = refused(tmp_path, "eval", "dpo", "--setting", MICRO, "--seeds", 4, 5, code=4)
    assert "dpo: no finished run for seeds 4, 5" in message


def test_eval_of_a_hub_id_asks_for_its_revision(tmp_path: Path):
    message = refused(tmp_path, "eval", "EleutherAI/pythia-410m", "--setting", MICRO)
    assert "EleutherAI/pythia-410m@COMMIT" in message


def test_eval_of_a_folder_that_is_no_model(tmp_path: Path, away: Path):
    (away / "empty").mkdir()
    assert "a folder without config.json" in refused(tmp_path, "eval", "./empty", "--setting", MICRO)


def test_tuning_on_the_reported_split_is_refused(tmp_path: Path):
    grid = ["--grid", "preference.learning_rate=1e-4,1e-3"]
    message = refused(tmp_path, "tune", "dpo", "--setting", MICRO, "--split", "test", *grid)
    assert "'test' is the split that results are reported on" in message
    assert "expected key=v1,v2,..." in refused(tmp_path, "tune", "dpo", "--setting", MICRO, "--grid", "sft.max_steps=1")


def test_an_unknown_verb_or_none_is_a_usage_error():
    assert bench("compair").code == 2
    assert "No such command" in bench("compair").err
    assert bench().code == 2
    assert "expected methods or recipes, or files of other tools" in bench("compare").err


# --- comparing what is not comparable -------------------------------------------------------------------------------


def test_recipes_of_different_settings_are_refused_by_key(tmp_path: Path, write_yaml: Write):
    mine = write_yaml("mine.yaml", f"name: mine\nsetting: {MICRO}\nmethod: {{name: dpo}}\nsft: {{max_steps: 2}}\n")
    message = refused(tmp_path, "compare", "simpo", mine, "--setting", MICRO)
    assert "not comparable with simpo" in message
    assert "dpo: sft.max_steps is 2, not 4" in message
    assert "--allow-different" in message


# --- data -----------------------------------------------------------------------------------------------------------


def test_data_without_the_needed_columns_names_those_found(tmp_path: Path, write_yaml: Write):
    path = over_files(write_yaml, [{"question": "a", "good": "b", "bad": "c"}])
    message = refused(tmp_path, "compare", "dpo", "--setting", path)
    assert "pairs.jsonl" in message
    assert "chosen, rejected" in message
    assert "found bad, good, question" in message
    assert "rename" in message


def test_a_split_without_rows_is_refused(tmp_path: Path, write_yaml: Write):
    path = over_files(write_yaml, [])
    message = refused(tmp_path, "compare", "dpo", "--setting", path)
    assert "pairs.jsonl" in message
    assert "expected rows" in message


def test_a_split_that_is_not_in_the_data_is_named_with_those_that_are(tmp_path: Path):
    message = refused(tmp_path, "compare", "dpo", "--setting", MICRO, "--set", "score.split=held_out")
    assert "score.split: the data has no split 'held_out'; it has" in message
    assert "test, train" in message


def test_data_that_is_not_there_ends_with_the_code_for_it(tmp_path: Path, write_yaml: Write):
    path = over_files(write_yaml, [ROW])
    (path.parent / "pairs.jsonl").unlink()
    message = refused(tmp_path, "compare", "dpo", "--setting", path, code=5)
    assert "pairs.jsonl: no such file or folder; put the data there" in message


def test_weights_that_are_not_there_end_with_the_code_for_it(tmp_path: Path, write_yaml: Write):
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("  from_config:"), text.index("  dtype: float32\ndata")
    path = write_yaml("local.yaml", text[:begin] + "  model_name_or_path: ./my_model\n" + text[end:])
    message = refused(tmp_path, "compare", "dpo", "--setting", path, code=5)
    assert "my_model" in message


def test_pairs_are_asked_of_a_pairwise_method(tmp_path: Path):
    message = refused(tmp_path, "compare", "dpo", "--setting", MICRO, "--set", "preference.split=train_candidates")
    assert "preference.split: 'dpo' takes pairs, split 'train_candidates' has 4 candidates" in message


def test_a_reward_column_that_the_data_lacks_is_named(tmp_path: Path):
    reward = "preference.reward={source: column, column: helpfulness}"
    message = refused(tmp_path, "compare", "ddo_rm", "--setting", MICRO, "--set", reward)
    assert "preference.reward.column: expected a column with one number per candidate" in message
    assert "gold" in message


# --- lengths --------------------------------------------------------------------------------------------------------


def test_lengths_that_the_model_cannot_read_are_refused_before_anything_runs(tmp_path: Path):
    message = refused(tmp_path, "compare", "dpo", "--setting", MICRO, "--set", "tokenization.max_length=512")
    assert "tokenization.max_length: expected at most 128" in message
    assert "got 512" in message


def test_a_stage_of_its_own_length_is_named(tmp_path: Path):
    message = refused(tmp_path, "compare", "dpo", "--setting", MICRO, "--set", "score.max_length=129")
    assert "score.max_length: expected at most 128" in message


def test_a_local_model_says_what_it_reads(tmp_path: Path, write_yaml: Write, finished):
    folder = next((finished.runs / "sft").iterdir()) / "model"
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("  from_config:"), text.index("  dtype: float32\ndata")
    path = write_yaml("local.yaml", text[:begin] + f"  model_name_or_path: {folder}\n" + text[end:])
    message = refused(tmp_path, "compare", "dpo", "--setting", path, "--set", "sft.max_length=300")
    assert "sft.max_length: expected at most 128" in message
