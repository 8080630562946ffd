"""Copy the golden cases of our methods out of a collection of golden values.

    python tests/golden/extract.py PATH/TO/golden.json

writes `losses/<method>.json` beside this file, one case per line, for every method of the room that has cases. Values,
gradients, tolerances and sources are copied as they are.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchbench import methods

LOSSES = Path(__file__).parent / "losses"


def extract(collection: Path, into: Path = LOSSES) -> dict[str, int]:
    """Write one file per method; the number of cases by method."""
    cases = json.loads(collection.read_text(encoding="utf-8"))
    counts = {}
    for name in methods.names():
        own = [json.dumps(case) for case in cases if case["method"] == name]
        if own:
            (into / f"{name}.json").write_text("[\n" + ",\n".join(own) + "\n]\n", encoding="utf-8")
            counts[name] = len(own)
    return counts


if __name__ == "__main__":
    for method, count in extract(Path(sys.argv[1])).items():
        sys.stdout.write(f"{method}: {count}\n")
