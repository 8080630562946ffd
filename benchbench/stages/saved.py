"""What a training stage leaves: its folder `model`, read back and compared with the model in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from benchbench.core.hashing import fingerprint
from benchbench.data.tokenized import TokenizedExample
from benchbench.models import load
from benchbench.models.logps import token_logps
from benchbench.models.saving import save_and_read_back
from benchbench.stages.context import Result, StageContext
from benchbench.stages.fit import BatchMaker
from benchbench.store.file_hashes import file_hash
from benchbench.store.files import whole_folder

READ_BACK_EXAMPLES = 4
"""Of the stage's own data, all candidates of each: enough to tell another model, and as quick as one step."""
FOLDER = "model"


def save_policy(
    context: StageContext[Any],
    model: Any,
    tokenizer: Any,
    examples: Sequence[TokenizedExample],
    make_batch: BatchMaker,
    outcome: Result,
) -> Result:
    """Write a trained policy, read it back as later stages do, and add to the record how far the two are apart.

    The model cannot be used any more afterwards. Of several processes the first alone writes.

    Raises:
        BenchError: what is read back is another model.
    """
    if not context.ranks.is_first:
        return outcome
    folder = context.folder / FOLDER

    def save() -> None:
        with whole_folder(folder) as draft:
            load.save_trained(model, tokenizer, draft)

    def logps(model: Any) -> torch.Tensor:
        scored = [token_logps(model, make_batch([example])) for example in examples[:READ_BACK_EXAMPLES]]
        return torch.cat([each.token[each.response] for each in scored])

    difference = save_and_read_back(
        model,
        save=save,
        load=lambda: load.load_trained(folder, context.model_spec(), trainable=False).to(context.device),
        score=logps,
        where=folder,
    )
    return with_read_back(outcome, examples, difference)


def with_content(context: StageContext[Any], outcome: Result) -> Result:
    """The outcome with the content hash of the weights that a stage left, which readers of them record."""
    folder = context.folder / FOLDER
    weights = {path.name: file_hash(path) for path in sorted(folder.glob("*.safetensors"))}
    return replace(outcome, summary={**outcome.summary, "content": fingerprint(weights)})


def with_read_back(outcome: Result, examples: Sequence[TokenizedExample], difference: float) -> Result:
    """The outcome with what was compared: rows, and the largest difference in nats per token, or reward."""
    rows = sum(len(example.candidates) for example in examples[:READ_BACK_EXAMPLES])
    read_back = {"rows": rows, "max_difference": difference}
    return replace(outcome, summary={**outcome.summary, "read_back": read_back})
