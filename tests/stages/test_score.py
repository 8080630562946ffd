"""Score rows: one per response, flagged and never dropped, with sums that are the tokens' sums."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from harness import Finished

from .artefacts import Artefacts, local_pairs, run

FLAGS = ["truncated", "empty", "overlong", "identical"]
COLUMNS = ["example", "candidate", "n_tokens", "logp_sum", "logp_mean", *FLAGS, "scorer_version"]
PAIRS = [
    {"id": "plain", "prompt": "Say one!", "chosen": "one", "rejected": "two"},
    {"id": "same", "prompt": "Say two!", "chosen": "two", "rejected": "two"},
    {"id": "bare", "prompt": "Say nothing!", "chosen": "nothing", "rejected": ""},
    {"id": "long", "prompt": "Say much!", "chosen": "much", "rejected": "word by word " * 20},
    *({"id": f"more-{i}", "prompt": f"Say {i}!", "chosen": f"{i}", "rejected": "no"} for i in range(12)),
]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Artefacts:
    """Pairs with everything that training would drop or cut, at a limit of 64 tokens."""
    from harness import MICRO

    folder = tmp_path_factory.mktemp("odd")
    setting = folder / "setting.yaml"
    setting.write_text(MICRO.read_text(encoding="utf-8"))
    local_pairs(setting, PAIRS)
    text = setting.read_text().replace("max_length: 128\n  truncation: error", "max_length: 64\n  truncation: right")
    setting.write_text(text)
    done = run(folder, ["dpo"], setting=setting)
    assert done.done(), done.status
    return done


def test_there_is_one_row_per_response_and_none_is_dropped(odd: Artefacts):
    rows = odd.rows("score dpo seed 1 on train")
    assert list(rows.columns) == COLUMNS
    assert sorted(zip(rows["example"], rows["candidate"], strict=True)) == sorted(
        (pair["id"], k) for pair in PAIRS for k in (0, 1)
    )
    assert rows.equals(rows.sort_values(["example", "candidate"], ignore_index=True))


def test_what_is_odd_is_flagged(odd: Artefacts):
    rows = odd.rows("score dpo seed 1 on train").set_index(["example", "candidate"])
    flagged = {flag: set(rows.index[rows[flag]]) for flag in FLAGS}
    assert flagged == {
        "truncated": {("long", 1)},
        "empty": {("bare", 1)},
        "overlong": set(),
        "identical": {("same", 0), ("same", 1)},
    }


def test_an_empty_response_is_scored_on_its_end_token_alone(odd: Artefacts):
    rows = odd.rows("score dpo seed 1 on train").set_index(["example", "candidate"])
    assert rows.loc[("bare", 1), "n_tokens"] == 1
    assert rows.loc[("bare", 1), "logp_sum"] < 0


def test_a_cut_response_ends_at_the_limit(odd: Artefacts):
    rows = odd.rows("score dpo seed 1 on train").set_index(["example", "candidate"])
    assert rows.loc[("long", 1), "n_tokens"] < 64
    assert rows.loc[("long", 1), "n_tokens"] > 40


def test_equal_responses_have_equal_scores(odd: Artefacts):
    rows = odd.rows("score dpo seed 1 on train").set_index(["example", "candidate"])["logp_sum"]
    assert rows[("same", 0)] == pytest.approx(rows[("same", 1)], rel=1e-6)


def test_every_number_is_finite_and_no_log_probability_is_positive(odd: Artefacts):
    rows = odd.rows("score dpo seed 1 on train")
    assert np.isfinite(rows["logp_sum"]).all()
    assert (rows["logp_sum"] < 0).all()
    assert (rows["n_tokens"] >= 1).all()


def test_sums_are_the_sums_of_the_tokens(odd: Artefacts):
    rows = odd.rows("reference log-probabilities seed 1")
    assert len(rows) > 20
    for row in rows.itertuples():
        assert len(row.token_logps) == row.n_tokens
        assert row.logp_sum == pytest.approx(float(np.sum(row.token_logps, dtype=np.float64)), rel=1e-9)
        assert row.logp_mean == pytest.approx(row.logp_sum / row.n_tokens, rel=1e-9)


def test_the_reference_has_the_examples_that_training_sees(odd: Artefacts):
    """Nothing is kept for its sake: the anchor's cache drops what the policy's training drops."""
    rows = odd.rows("reference log-probabilities seed 1")
    assert len(rows) == 2 * odd.record("dpo seed 1")["summary"]["examples"]


def test_the_report_of_tokenisation_is_kept_with_the_stage(odd: Artefacts):
    report = odd.record("score dpo seed 1 on train")["summary"]["tokenization"]
    assert (report["examples"], report["identical"], report["truncated"], report["empty"]) == (16, 1, 1, 1)


def test_columns_of_the_data_are_carried_along(finished: Finished):
    rows = pd.read_parquet(next((finished.runs / "score").glob("*/rows.parquet")))
    assert {"column_gold", "column_p_chosen"} <= set(rows.columns)
    assert rows.groupby("example")["column_gold"].nunique().max() == 2


def test_the_batch_of_scoring_changes_nothing_but_rounding(tmp_path: Path):
    one = run(tmp_path / "one", ["sft"], "score.per_device_eval_batch_size=1").rows("score sft seed 1 on test")
    many = run(tmp_path / "many", ["sft"], "score.per_device_eval_batch_size=64").rows("score sft seed 1 on test")
    keys = ["example", "candidate", "n_tokens", *FLAGS]
    assert one[keys].equals(many[keys])
    np.testing.assert_allclose(one["logp_sum"], many["logp_sum"], rtol=1e-5)


def test_a_chat_template_shapes_the_rows(tmp_path: Path, write_yaml: Callable[..., Path]):
    """The same pairs under a plain template and under a Jinja file that writes the same text."""
    jinja = (
        "{% for message in messages %}{% if message['role'] == 'user' %}<|user|> {{ message['content'].strip() }} "
        "{% else %}<|assistant|>{{ message['content'].strip() }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    (tmp_path / "chat.jinja").write_text(jinja)
    plain = write_yaml("plain.yaml")
    text = plain.read_text()
    begin, end = text.index("  template:"), text.index("  add_bos")
    chat = write_yaml("chat.yaml", text[:begin] + "  chat_template: chat.jinja\n" + text[end:])
    keys = ["example", "candidate", "n_tokens"]
    frames = []
    for setting in (plain, chat):
        done = run(tmp_path / setting.stem, ["sft"], setting=setting)
        assert done.done()
        frames.append(done.rows("score sft seed 1 on test"))
    assert frames[0][keys].equals(frames[1][keys])
    np.testing.assert_allclose(frames[0]["logp_sum"], frames[1]["logp_sum"], rtol=1e-9)


def test_another_chat_template_is_another_stage(tmp_path: Path, write_yaml: Callable[..., Path]):
    from harness import bench

    keys = set()
    for number, mark in enumerate(("<|assistant|>", "<|assistant|> answer:")):
        text = write_yaml("plain.yaml").read_text()
        begin, end = text.index("  template:"), text.index("  add_bos")
        chat = write_yaml(f"chat{number}.yaml", text[:begin] + "  chat_template: chat.jinja\n" + text[end:])
        (tmp_path / "chat.jinja").write_text(
            "{% for m in messages %}{{ '" + mark + "' if m['role'] == 'assistant' else '' }}{{ m['content'] }}"
            "{% endfor %}{% if add_generation_prompt %}" + mark + "{% endif %}"
        )
        plan = bench(
            "compare", "sft", "--setting", chat, "--seeds", 1, "--runs", tmp_path / "r", "--dry-run", "--json"
        ).json
        keys.add(json.dumps([stage["key"] for stage in plan["stages"]]))
    assert len(keys) == 2
