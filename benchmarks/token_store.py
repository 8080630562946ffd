"""`python -m benchmarks.token_store SIZE`: as many rows as UltraFeedback has, tokenised once and then read by a stage.

Made-up words in the lengths of that set; a process of its own, as a stage's worker is. Prints one JSON object.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benchbench.core.example import Example, Message
from benchbench.data.tokenize import tokenize_examples
from benchbench.stages.tokens import tokenized_once
from benchmarks.machine import Elapsed, clock
from benchmarks.mixes import MIXES
from benchmarks.tokenisation import OF_ONE, SECTION, make_texts, train_on

ROWS = {"quick": 32, "full": 61_135}
"""Pairs by size; the full one is the training split of UltraFeedback, binarised."""
STEPS = ("tokenised once", "read by the next stage")


def measure(rows: int) -> Mapping[str, Elapsed]:
    """Tokenise into a store of its own, and read it again."""
    texts = make_texts(replace(MIXES["long"], count=-(-rows // OF_ONE)))[:rows]
    tokenizer = train_on(texts)
    examples = [
        Example(str(i), (Message("user", prompt),), (chosen, rejected))
        for i, (prompt, chosen, rejected) in enumerate(texts)
    ]
    gc.freeze()  # a stage's process has read no more than its examples
    times = {}
    with tempfile.TemporaryDirectory() as folder:
        for step in STEPS:
            with clock() as times[step]:
                tokenized = tokenized_once(
                    Path(folder),
                    {"rows": rows},
                    lambda: tokenize_examples(examples, tokenizer, SECTION, on_empty="error"),
                    lambda event: None,
                )
                assert len(tokenized.examples) == rows
    return times


def main() -> None:
    """Print seconds by step, and how many rows there were."""
    rows = ROWS[sys.argv[1]]
    times = measure(rows)
    sys.stdout.write(json.dumps({"rows": rows, **{step: vars(times[step]) for step in STEPS}}) + "\n")


if __name__ == "__main__":
    main()
