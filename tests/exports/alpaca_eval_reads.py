"""Run by an interpreter that has the `alpaca-eval` package: its leaderboard row for an export, by a stub annotator.

`python alpaca_eval_reads.py MODEL_OUTPUTS REFERENCE_OUTPUTS` prints one JSON object: the model's name, its row, and the
annotations. The stub prefers the longer text in proportion to the lengths, which does
not depend on the order in which the package shows the two.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

MARK = "\n<<<>>>\n"


def completions(prompts, **_):
    """A number in [1, 2] per prompt, as text."""
    found = []
    for prompt in prompts:
        first, second = (len(part) for part in prompt.split(MARK)[1:3])
        found.append(str(1 + second / (first + second) if first + second else 1.5))
    return {"completions": found, "price_per_example": [0.0] * len(found), "time_per_example": [0.0] * len(found)}


def main(outputs: str, reference: str) -> None:
    """Evaluate one export."""
    from alpaca_eval import evaluate
    from alpaca_eval.decoders import test as decoder

    decoder.test_completions = completions  # the package finds it by name
    with tempfile.TemporaryDirectory() as folder:
        template, config = Path(folder) / "template.txt", Path(folder) / "configs.yaml"
        template.write_text(MARK.join(["{instruction}", "{output_1}", "{output_2}", ""]), encoding="utf-8")
        stub = {"prompt_template": str(template), "fn_completions": "test_completions"}
        parsed = {"fn_completion_parser": "eval_parser", "completions_kwargs": {}, "batch_size": 1}
        config.write_text(json.dumps({"stub": stub | parsed}), encoding="utf-8")
        board, annotations = evaluate(
            model_outputs=outputs,
            reference_outputs=reference,
            annotators_config=str(config),
            output_path=None,
            precomputed_leaderboard=None,
            is_return_instead_of_print=True,
            fn_metric="get_winrate",
            sort_by="win_rate",
            caching_path=None,
        )
    (name,) = board.index
    row = {key: value for key, value in board.loc[name].to_dict().items() if key != "mode"}
    kept = [[one["instruction"], one["output_2"], one["preference"]] for one in annotations]
    whole = json.loads(json.dumps(annotations, default=str))
    sys.stdout.write("\n" + json.dumps({"name": name, "row": row, "annotations": kept, "file": whole}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
