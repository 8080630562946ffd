"""Copy the golden cases of our methods out of collections of golden values.

    python -m tests.golden.extract PATH/TO/golden.json PATH/TO/golden_more.json PATH/TO/golden_rl.json

writes `losses/<method>.json` beside this file, one case per line, for every method of the room that has cases, under
its own name or those of its translation, and `shaping/<name>.json` for shapings. Values, gradients, tolerances and
sources are copied as they are. Files of methods without a case in the collections stay as they are.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchbench import methods

from .translation import translation

LOSSES = Path(__file__).parent / "losses"
SHAPING = Path(__file__).parent / "shaping"
SHAPED = {
    "mo_grpo": "grpo.adv.two_rewards.sum_then_normalize",
    "otc": "otc.reward",
    "rto": "rto.rewards",
    "spo_minimax": "spo_winrate_reward",
    "t_ppo": "tppo.egae",
    "tw_grpo_twin": "tw_grpo.weights",
}
"""A shaping -> the id of its case."""


def extract(collections: Sequence[Path], into: Path = LOSSES, shaping: Path | None = None) -> dict[str, int]:
    """Write one file per method, and per shaping where a folder of them is named; the number of cases by method.

    Raises:
        ValueError: two cases of one id.
    """
    cases = {}
    for collection in collections:
        for case in json.loads(collection.read_text(encoding="utf-8")):
            if case["id"] in cases:
                raise ValueError(f"{collection}: two cases have id '{case['id']}'")
            cases[case["id"]] = case
    counts = {}
    for name in methods.names():
        names = translation(name).names or (name,)
        own = [json.dumps(case) for case in cases.values() if case["method"] in names]
        if own:
            (into / f"{name}.json").write_text("[\n" + ",\n".join(own) + "\n]\n", encoding="utf-8")
            counts[name] = len(own)
    for name, case in SHAPED.items() if shaping is not None else ():
        if case in cases:
            (shaping / f"{name}.json").write_text(f"[\n{json.dumps(cases[case])}\n]\n", encoding="utf-8")
    return counts


if __name__ == "__main__":
    for method, count in extract([Path(argument) for argument in sys.argv[1:]], shaping=SHAPING).items():
        sys.stdout.write(f"{method}: {count}\n")
