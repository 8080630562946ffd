"""Reference results of one seed of one recipe, cut out of the committed ones, whose numbers follow from their rows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
from harness import ROOT

from benchbench.comparison.claims.regression import measured_again
from benchbench.store.reference import ReferenceStore

COMMITTED = ROOT / "results" / "reference" / "tiny"


def small_reference(folder: Path) -> Path:
    """Write them; nothing was judged, so that tier 1 has two lines."""
    folder.mkdir(parents=True)
    shutil.copytree(COMMITTED / "checkpoint", folder / "checkpoint")
    about = json.loads((COMMITTED / "about.json").read_text(encoding="utf-8"))
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    rows = pd.read_parquet(COMMITTED / "rows.parquet")
    first = rows.iloc[0]
    rows = rows.loc[(rows["recipe"] == first["recipe"]) & (rows["seed"] == first["seed"])]
    rows.to_parquet(folder / "rows.parquet")
    again = measured_again(rows, tie_credit=about["tie_credit"], exclude=about["exclude"])
    names = ["recipe", "seed", "metric", "scoring"]
    table = pd.DataFrame([dict(zip(names, key, strict=True)) | {"value": repr(v)} for key, v in again.items()])
    table.assign(recipe_hash="").to_csv(folder / "measurements.csv", index=False, lineterminator="\n")
    ReferenceStore(folder).write_manifest()
    return folder
