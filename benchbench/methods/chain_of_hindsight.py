"""Chain of hindsight: the likelihood of both responses of a pair, each behind a phrase that says how good it is.

Liu et al. 2023, arXiv:2302.02676. The transform `hindsight` writes both responses of a pair into one text, each after
its phrase, and masks the phrases, so that the loss is that of `sft` on the tokens of the two responses:

    loss = -sum of log pi(t | all before t) over tokens t of responses in the step / number of such tokens

Answers are asked for behind the better phrase.
"""

from __future__ import annotations

from benchbench.core.method import Candidates, Family, Method, Paper
from benchbench.methods._demonstration import Hyper, loss, reward

METHOD = Method(
    name="chain_of_hindsight",
    paper=Paper(
        "Liu et al.", 2023, arxiv="2302.02676", title="Chain of Hindsight Aligns Language Models with Feedback"
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    candidates=Candidates.ONE,
    family=Family.LIKELIHOOD,
    equation="loss = -sum of log pi over the responses' tokens in the step / their number",
    differs={"`sft` here": "the same loss; the text and its masked phrases are the transform `hindsight`'s"},
    open_question="The paper's random masking of tokens that are read is not built, and its phrases were not compared.",
)
