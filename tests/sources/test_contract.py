"""What every source promises, for every source found in the room."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from benchbench import sources
from benchbench.core.errors import BenchError


@pytest.fixture(params=sources.names())
def source(request):
    return sources.get(request.param)


def test_the_room_holds_these_sources_and_no_private_file():
    assert sources.names() == ("arithmetic", "beginnings", "codec", "community_alignment", "hub", "local_files", "toy")


def test_name_is_the_file_name(source):
    path = Path(inspect.getfile(source.load))
    assert source.name in (path.stem, path.parent.name)


def test_version_is_a_positive_integer(source):
    assert type(source.version) is int and source.version >= 1


def test_options_are_frozen_and_every_field_has_a_docstring(source):
    tree = ast.parse(inspect.getsource(source.options)).body[0]
    assert isinstance(tree, ast.ClassDef)
    documented = {
        before.target.id
        for before, after in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(before, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    }
    assert documented == {field.name for field in dataclasses.fields(source.options)}
    assert source.options.__dataclass_params__.frozen


def test_defaults_are_valid_or_the_message_names_the_option_to_give(source):
    required = {"hub": {"dataset_name": "someone/something"}}.get(source.name, {})
    missing = {"hub": "splits: ", "local_files": "files: ", "beginnings": "files: ", "community_alignment": "files: "}
    if source.name in missing:
        with pytest.raises(ValueError, match=f"^{missing[source.name]}expected"):
            source.options(**required)
    else:
        assert source.options() == source.options()


def test_what_is_loaded_is_used_as_its_splits():
    loaded = sources.get("toy").load(sources.get("toy").options(demonstrations=3, preference_prompts=2), Path())
    assert dict(loaded) == loaded.splits and len(loaded) == 6 and "sft" in loaded
    assert set(loaded.readings) == set(loaded)


def test_an_unknown_source_is_answered_with_the_nearest():
    with pytest.raises(BenchError, match="unknown source 'tou'. Did you mean 'toy'"):
        sources.get("tou")


def test_no_source_imports_torch_or_datasets_before_it_loads():
    code = (
        "import sys\nfrom benchbench import sources\n[sources.get(n) for n in sources.names()]\n"
        "print([m for m in ('torch', 'transformers', 'datasets', 'huggingface_hub', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
