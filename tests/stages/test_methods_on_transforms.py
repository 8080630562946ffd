"""Methods that read more than a pair, on data that a transform makes for them: from a recipe to a finished cell.

One method for each kind of what may be read: prompts of candidates, scored prompts, token weights, a head, holes,
labels with a reward, a value on the frozen reference.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .artefacts import run

GOLD = "preference.reward={source: column, column: gold}"
CASES = {
    "sami": ["crossed_contexts"],
    "dpo_joint": ["joint_pairs"],
    "bmc": ["diff_spans"],
    "spo_degree": ["degrade"],
    "sft": ["hindsight"],
    "oreo_step": ["unpaired_from_pairs", "step_spans"],
}
OPTIONS = {
    "crossed_contexts": "{role: user}",
    "degrade": "{form: candidates, how: words}",
    "step_spans": '{separator: " "}',
}


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the methods' stages are filed, so that those which are the same for several run once."""
    return tmp_path_factory.mktemp("shared")


@pytest.mark.parametrize("method", CASES)
def test_a_method_trains_on_what_its_transform_makes(shared_folder: Path, method: str):
    lines = [f"{{name: {name}, splits: [train], options: {OPTIONS.get(name, '{}')}}}" for name in CASES[method]]
    sets = [f"data.transforms=[{', '.join(lines)}]", "reward_model=null", "preference.max_steps=2"]
    done = run(shared_folder, [method], *sets, *([GOLD] if method == "oreo_step" else []))
    assert done.done()
    log = done.log(f"{method} seed 1")
    assert len(log) >= 2 and log[0]["grad_norm"] > 0
