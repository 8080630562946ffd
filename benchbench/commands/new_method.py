"""`bench methods new`: a method that works, and its test, to begin with."""

from __future__ import annotations

from pathlib import Path

from benchbench import methods
from benchbench.core.errors import BenchError
from benchbench.store.files import write_files

METHOD = '''"""NAME: logistic loss on the difference of the two responses' mean log-probabilities; say what yours is.

Author YEAR, arXiv:NUMBER, equation; the code it was checked against, at a commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of NAME."""

    beta: float = 2.0
    """Reward per nat-per-token, > 0; 2 is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * mean log-probability."""
    return hyper.beta * scores.policy.mean()


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin; reads the policy alone, so METHOD declares no needs."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="NAME",
    paper=Paper("Your name", 2026, title="Not published", note="Not on arXiv."),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    family=Family.PAIRWISE,
    equation="-log sigmoid(beta (m_w - m_l)),  m = log pi(y|x) / |y|",
)
'''
TEST = '''"""NAME: the contract of a loss, and a value by hand."""

from __future__ import annotations

import math
from pathlib import Path

import torch

from benchbench import methods
from benchbench.contract.run import breaches
from benchbench.core.scores import Logps, Scores

METHOD = methods.get("NAME", file=str(Path(__file__).with_name("NAME.py")))


def test_it_keeps_the_contract():
    assert [f"{check}: {breach}" for check, breach in breaches(METHOD)] == []


def test_by_hand():
    """Mean log-probabilities -1 and -2 at beta 2: a margin of 2, so log(1 + exp(-2))."""
    token = torch.tensor([[[-1.0, -1.0], [-2.0, -2.0]]], dtype=torch.float64)
    scores = Scores(Logps(token, torch.ones_like(token, dtype=torch.bool)))
    value = METHOD.loss(scores, METHOD.hyper(beta=2.0))
    assert math.isclose(value.item(), math.log1p(math.exp(-2)), rel_tol=1e-12)
'''


def new_method(name: str, folder: Path) -> list[Path]:
    """Write NAME.py and test_NAME.py into a folder; returns their paths.

    Args:
        name: a Python name that no built-in method has.
        folder: made where it is not there.

    Raises:
        BenchError: a name that a method cannot have, or a file that is there already; then nothing is written.
    """
    methods.refuse_name(name)
    texts = {folder / f"{name}.py": METHOD, folder / f"test_{name}.py": TEST}
    present = [str(path) for path in texts if path.exists()]
    if present:
        raise BenchError(f"{', '.join(present)}: there already, and never overwritten; take another name or --folder")
    write_files({path: text.replace("NAME", name) for path, text in texts.items()})
    return list(texts)
