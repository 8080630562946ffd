"""Copy the golden cases of our methods out of collections of golden values.

    python -m tests.golden.extract PATH/TO/golden.json PATH/TO/golden_more.json PATH/TO/golden_rl.json

writes `losses/<method>.json` beside this file, one case per line, for every method of the room that has cases, under
its own name or those of its translation. Values, gradients, tolerances and sources are copied as they are. Files of
methods without a case in the collections stay as they are.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchbench import methods

from .translation import translation

LOSSES = Path(__file__).parent / "losses"


def extract(collections: Sequence[Path], into: Path = LOSSES) -> dict[str, int]:
    """Write one file per method; the number of cases by method.

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
    return counts


if __name__ == "__main__":
    for method, count in extract([Path(argument) for argument in sys.argv[1:]]).items():
        sys.stdout.write(f"{method}: {count}\n")
