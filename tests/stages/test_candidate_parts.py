"""Roles, prompts of candidates, holes and token weights from a file to the numbers that stages leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchbench import methods
from benchbench.core.method import Candidates
from benchbench.core.scores import Scores, log_ratio
from tests.plan.test_data_checks import OPTIONS, PAIRS

from .artefacts import Artefacts, run

ROLES = ("rejected", "gold", "chosen")
TEXTS = {"chosen": "four <think>two and two</think> is it", "rejected": "five is not", "gold": "it is four"}


def row(number: int) -> dict:
    """A triple in the order in which nobody wants it, with a prompt for each candidate and spans of one."""
    roles = ("gold", "chosen", "rejected")
    return {
        "id": f"e{number}",
        "prompt": f"What is {number} and {number}?",
        "candidates": [TEXTS[role] for role in roles],
        "roles": roles,
        "prompts": [f"What is {number}?", f"What is {number} and {number}?", f"Two and {number}?"],
        "spans": {"importance": [[], [[0, 4, 3.0]], [[0, 4, 0.5]]]},
    }


@pytest.fixture
def trained(tmp_path: Path, write_yaml: Callable[..., Path]) -> Callable[..., Artefacts]:
    """A finished comparison of dpo on triples."""

    def finished(name: str, *sets: str) -> Artefacts:
        shown = {"prompt": "Two and two?", "chosen": TEXTS["chosen"], "rejected": "five is not it"}  # for the tokenizer
        pairs = "".join(f"{json.dumps(pair)}\n" for pair in [*PAIRS, shown])
        (tmp_path / "pairs.jsonl").write_text(pairs, encoding="utf-8")
        rows = [row(number) for number in range(6)]
        (tmp_path / "train.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in rows), encoding="utf-8")
        files = "sft: pairs.jsonl, test: pairs.jsonl, train: train.jsonl"
        swap = {"source: toy": "source: local_files", OPTIONS: f"options: {{files: {{{files}}}}}"}
        setting = write_yaml("mine.yaml", swap=swap)
        done = run(tmp_path / name, ["dpo"], "reward_model=null", *sets, setting=setting)
        assert done.done()
        return done

    return finished


def test_a_hole_is_scored_nowhere_and_moves_no_other_token(trained: Callable[..., Artefacts]):
    """The reference's rows have every candidate in the data's order; DPO starts at the reference, holes or not."""
    title = "reference log-probabilities seed 1"
    plain, masked = trained("plain"), trained("masked", "preference.masked_spans=[{start: <think>, end: </think>}]")
    before, after = (done.rows(title).set_index(["example", "candidate"]) for done in (plain, masked))
    assert len(before) == len(after) == 18
    for number in range(6):
        for k in (0, 2):
            assert (
                after.loc[(f"e{number}", k), "token_logps"].tolist()
                == before.loc[(f"e{number}", k), "token_logps"].tolist()
            )
        whole, rest = (frame.loc[(f"e{number}", 1), "token_logps"].tolist() for frame in (before, after))
        count = len(whole) - len(rest)
        assert count > 0 and any(whole[:at] + whole[at + count :] == rest for at in range(len(rest)))
        assert after.loc[(f"e{number}", 1), "logp_sum"] == pytest.approx(sum(rest), rel=1e-5)
        assert after.loc[(f"e{number}", 1), "n_tokens"] == len(rest)
    report = masked.record("dpo seed 1")["summary"]["tokenization"]
    assert report["masked"] > 0 and report["unclosed_spans"] == 0 and report["examples"] == 6
    for done in (plain, masked):
        assert done.log("dpo seed 1")[0]["rewards/margins"] == pytest.approx(0, abs=1e-5)
    assert plain.log("dpo seed 1")[-1]["loss"] != masked.log("dpo seed 1")[-1]["loss"]


def test_a_loss_reads_roles_in_its_own_order_and_token_weights(
    trained: Callable[..., Artefacts], monkeypatch: pytest.MonkeyPatch
):
    """The reference is shared by methods of any order, and still belongs to the candidates that the loss sees."""
    seen: list[tuple[Tensor, Tensor, Tensor]] = []

    def loss(scores: Scores, hyper: object) -> Tensor:
        ratios = log_ratio(scores)
        weighted = (scores.policy.token * scores.token_weights("importance")).sum(dim=-1)
        seen.append((ratios.detach(), weighted.detach() - scores.policy.sum().detach(), scores.policy.length()))
        return -(ratios[:, 2] - ratios[:, 0] + weighted[:, 1])

    changes = {"candidates": Candidates.ANY, "roles": ROLES, "token_weights": ("importance",), "loss": loss}
    monkeypatch.setattr("benchbench.methods.dpo.METHOD", replace(methods.get("dpo"), **changes))
    done = trained("mine")
    ratios, weights, lengths = seen[0]
    torch.testing.assert_close(ratios, torch.zeros_like(ratios), atol=1e-5, rtol=0)
    assert (weights[:, 0] > 0).all() and (weights[:, 2] < 0).all(), "0.5 of a negative number, and 3 times"
    torch.testing.assert_close(weights[:, 1], torch.zeros(len(weights)), atol=1e-5, rtol=0)
    rows = done.rows("reference log-probabilities seed 1").set_index(["example", "candidate"])["n_tokens"]
    assert lengths[0].tolist() == [rows["e0", 2], rows["e0", 0], rows["e0", 1]]


def test_scored_prompts_reach_reference_and_loss(trained: Callable[..., Artefacts], monkeypatch: pytest.MonkeyPatch):
    title = "reference log-probabilities seed 1"
    plain = trained("plain").rows(title).set_index(["example", "candidate"])["n_tokens"]
    monkeypatch.setattr("benchbench.methods.dpo.METHOD", replace(methods.get("dpo"), scored="all"))
    joint = trained("joint")
    counts = joint.rows(title).set_index(["example", "candidate"])["n_tokens"]
    assert (counts.to_numpy() > plain.to_numpy()).all()
    assert joint.log("dpo seed 1")[0]["rewards/margins"] == pytest.approx(0, abs=1e-5)
