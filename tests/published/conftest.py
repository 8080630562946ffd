"""The published recipes on a small model and a few real rows: model and data changed, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import finish

from .build import real_rows, replacements, write_dataset, write_model

SETTING = "pythia410m_ultrafeedback"
SEEDS = (42, 13, 3407)


@dataclass(frozen=True)
class Chain:
    """A place where published recipes run."""

    folder: Path

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def sets(self) -> list[str]:
        """The overrides of model and data."""
        return replacements(self.folder)

    @property
    def words(self) -> list[str]:
        """The same as words of a command line."""
        return [word for text in self.sets for word in ("--set", text)]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Chain:
    """Model and data: 48 and 24 real rows, the real tokenizer."""
    folder = tmp_path_factory.mktemp("published")
    write_model(folder / "model", shared / "tokenizers" / "neox_20b", hidden=16, layers=1)
    write_dataset(folder / "data", real_rows(shared, limits={"train": 48, "test": 24}))
    return Chain(folder)


@pytest.fixture(scope="session")
def chain(place: Chain) -> Chain:
    """The whole published comparison, finished: both methods, three seeds."""
    status = finish(["dpo", "ddo_rm"], runs=place.runs, setting=SETTING, seeds=SEEDS, sets=place.sets)
    assert set(status.values()) == {"done"}, status
    return place
