"""SFT: negative log-likelihood of the demonstrated response.

The objective of Ouyang et al. 2022, arXiv:2203.02155, step 1, summed over the response tokens of the first candidate
and averaged over all such tokens of the step, as TRL 1.16.0 does with prompt-completion data
(trl/trainer/sft_trainer.py; run against it in tests/conformance). Prompt tokens carry no loss. Of a preference pair the
chosen response is the demonstration.
"""

from __future__ import annotations

from benchbench.core.method import Candidates, Family, Method, Paper
from benchbench.methods._demonstration import Hyper, loss, reward

METHOD = Method(
    name="sft",
    paper=Paper(
        "Ouyang et al.",
        2022,
        arxiv="2203.02155",
        title="Training language models to follow instructions with human feedback",
        note="Checked against TRL 1.16.0, SFTTrainer with a completion mask.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    candidates=Candidates.ONE,
    family=Family.LIKELIHOOD,
    equation=("-log pi(y|x) / N\ny the first candidate, N the response tokens of all of the step's"),
    differs={
        "TRL 1.16.0, SFTTrainer with completion-only loss": "the same",
    },
)
