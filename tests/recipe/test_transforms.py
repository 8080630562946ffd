"""`data.transforms` in recipes: inherited, replaced as a whole, part of an identity where there are some."""

from __future__ import annotations

from pathlib import Path

from harness import MICRO

from .toys import HEAD, load, write

PAIRS = "{name: pairs_best_worst, splits: [train_candidates], options: {score: gold}}"
FLIPS = "{name: flip_labels, splits: [train], options: {rate: 0.2}}"


def setting(folder: Path, *transforms: str) -> Path:
    """A setting that extends the shipped one."""
    text = f"name: mine\nextends: tiny\ndata: {{transforms: [{', '.join(transforms)}]}}\n"
    return write(folder, text, "mine.yaml")


def recipe(folder: Path, more: str = "") -> Path:
    return write(folder, HEAD.replace("setting: tiny", "setting: mine.yaml") + more)


def names(loaded) -> list[str]:
    return [transform.name for transform in loaded.recipe.data.transforms]


def test_a_recipe_inherits_the_transforms_of_its_setting_and_may_replace_them(tmp_path: Path):
    setting(tmp_path, PAIRS)
    inherited = load(recipe(tmp_path))
    assert names(inherited) == ["pairs_best_worst"] and inherited.setting_overrides == ()
    replaced = load(recipe(tmp_path, f"data: {{transforms: [{FLIPS}]}}\n"))
    assert names(replaced) == ["flip_labels"] and replaced.setting_overrides == (), "its own training data"
    none = load(recipe(tmp_path), sets=["data.transforms=[]"])
    assert names(none) == [] and none.setting_overrides == ()
    scored = load(recipe(tmp_path, f"data: {{transforms: [{FLIPS.replace('train', 'test')}]}}\n"))
    assert scored.setting_overrides == ("data.transforms",)


def test_transforms_make_another_recipe_and_those_of_shared_splits_break_a_comparison(tmp_path: Path):
    plain = load(write(tmp_path, HEAD))
    for same in ([], ["data.transforms=[]"]):
        loaded = load(write(tmp_path, HEAD), sets=same)
        assert (loaded.recipe_hash, loaded.comparability_hash) == (plain.recipe_hash, plain.comparability_hash)
    lines = (FLIPS, FLIPS.replace("0.2", "0.3"), FLIPS[:-1] + ", draw_seed: 1}", PAIRS, f"{PAIRS}, {FLIPS}")
    others = [load(write(tmp_path, HEAD), sets=[f"data.transforms=[{line}]"]) for line in lines]
    assert len({plain.recipe_hash, *(other.recipe_hash for other in others)}) == 6
    assert {other.comparability_hash for other in others} == {plain.comparability_hash}, "a method's own training data"
    shared = [line.replace("train_candidates", "test").replace("train", "test") for line in lines]
    others = [load(write(tmp_path, HEAD), sets=[f"data.transforms=[{line}]"]) for line in shared]
    assert len({plain.comparability_hash, *(other.comparability_hash for other in others)}) == 6


def test_defaults_are_shown_and_how_they_are_written_changes_no_identity(tmp_path: Path):
    short = load(write(tmp_path, HEAD), sets=[f"data.transforms=[{PAIRS}]"])
    spelled = PAIRS.replace("score: gold", "score: gold, min_gap: 0.0")
    full = load(write(tmp_path, HEAD), sets=[f"data.transforms=[{spelled}]"])
    assert short.values()["data"]["transforms"][0]["options"] == {"score": "gold", "min_gap": 0.0}
    assert short.recipe_hash == full.recipe_hash
    seeded = load(write(tmp_path, HEAD), sets=[f"data.transforms=[{FLIPS[:-1]}, draw_seed: 0}}]"])
    assert seeded.recipe_hash == load(write(tmp_path, HEAD), sets=[f"data.transforms=[{FLIPS}]"]).recipe_hash


def test_a_recipe_that_changes_only_the_transforms_leaves_paths_beside_the_setting(tmp_path: Path):
    """The files are named by the setting, in its own folder."""
    options = "options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, test_prompts: 40}"
    text = MICRO.read_text(encoding="utf-8").replace("source: toy", "source: local_files")
    write(tmp_path, text.replace(options, "options: {files: {train: a.jsonl}}"), "settings/mine.yaml")
    text = HEAD.replace("setting: tiny", "setting: ../settings/mine.yaml") + f"data: {{transforms: [{FLIPS}]}}\n"
    loaded = load(write(tmp_path, text, "recipes/toy.yaml"))
    assert loaded.recipe.data.options["files"] == {"train": "a.jsonl"}
    assert loaded.folders.data == tmp_path / "recipes" / ".." / "settings"
