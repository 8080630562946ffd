"""Imports of a process of our own: nothing is collected meanwhile, and transformers brings less along."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

import pytest
from harness import ROOT

from benchbench.core.imports import UNUSED, without_collection


def test_collection_goes_on_as_it_was():
    for was in (True, False):
        (gc.enable if was else gc.disable)()
        try:
            with without_collection():
                assert not gc.isenabled()
            assert gc.isenabled() is was
            with pytest.raises(KeyError), without_collection():
                raise KeyError
            assert gc.isenabled() is was
        finally:
            gc.enable()


def test_a_worker_s_model_classes_bring_nothing_that_no_stage_uses():
    code = (
        "import sys, json\n"
        "from benchbench.run.worker import begin_process\n"
        "begin_process('cpu', 1)\n"
        "from transformers import AutoModelForCausalLM\n"
        "import benchbench.stages.execute\n"
        "there = [name for name in ('scipy.optimize', 'scipy.stats', 'sklearn', 'pandas') if name in sys.modules]\n"
        "from importlib.util import find_spec\n"
        "print(json.dumps([there, [find_spec(name) is not None for name in ('sklearn', 'scipy')]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], **{"cwd": ROOT, "capture_output": True, "text": True, "check": True}
    )
    assert json.loads(done.stdout) == [[], [True for _ in UNUSED]]
