"""Imitation of the General Language Assistant: the likelihood of the good response, nothing of the bad one.

Askell et al. 2021, arXiv:2112.00861, which compares it with preference models on ranked and on binary data; a policy so
trained ranks responses by its own log-probability. It is the loss of `sft`, run as a preference stage after it. In the
recipe continued_sft_tiny it is the control of golden-against-self training (SpeechAlign, arXiv:2404.05600).
"""

from __future__ import annotations

from benchbench.core.method import Candidates, Family, Method, Paper
from benchbench.methods._demonstration import Hyper, loss, reward

METHOD = Method(
    name="imitation",
    paper=Paper(
        "Askell et al.",
        2021,
        arxiv="2112.00861",
        title="A General Language Assistant as a Laboratory for Alignment",
        note="Written from the description of the comparison.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    candidates=Candidates.ONE,
    family=Family.LIKELIHOOD,
    equation="loss = -sum of lp_w over the step / number of chosen tokens in the step",
    differs={"`sft` here": "the same loss, as the stage before preference training"},
    open_question="Written from the description; how the paper averages tokens and ranks responses was not verified.",
)
