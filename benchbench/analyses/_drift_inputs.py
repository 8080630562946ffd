"""What `drift` reads: score rows, those of where training began, and a training's log."""

from __future__ import annotations

from benchbench.core.analysis import RowField, RowsInput

SCORES = RowsInput(
    "scores",
    "A scored response: a score stage's rows.parquet, or that of `bench reference` with its methods and seeds.",
    (
        RowField("method", "label", "Which policy; one where it is missing.", optional=True),
        RowField("seed", "label", "Of which run; one where it is missing.", optional=True),
        RowField("example", "label", "Which example."),
        RowField("candidate", "number", "Place of the response in its example, from 0."),
        RowField("logp_sum", "number", "Summed log-probability under the policy, nats."),
        RowField("ref_logp_sum", "number", "The same where training began; else give `start`.", optional=True),
        RowField("prompt", "label", "Examples of one prompt are one cluster; else each by itself.", optional=True),
        RowField("role", "label", "`chosen`, `rejected` or `unseen`.", optional=True),
        RowField("step", "number", "Optimizer step of the checkpoint.", optional=True),
    ),
    rest=True,
)
START = RowsInput(
    "start",
    "A response as it was scored where training began: the rows.parquet of the SFT policy's score stage.",
    (
        RowField("example", "label", "As in the scores."),
        RowField("candidate", "number", "As in the scores."),
        RowField("logp_sum", "number", "Summed log-probability, nats."),
    ),
    optional=True,
    rest=True,
)
LOG = RowsInput(
    "log",
    "A line of the train.jsonl of a preference stage.",
    (
        RowField("step", "number", "Optimizer step."),
        RowField("logps/chosen", "number", "Mean over the batch, nats."),
        RowField("logps/rejected", "number", "Mean over the batch, nats."),
    ),
    optional=True,
    rest=True,
)
