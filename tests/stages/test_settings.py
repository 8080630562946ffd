"""Settings of every kind of stage: typed, frozen, and each field part of the identity unless it says otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, generate_section
from pydantic import BaseModel

from benchbench import inputs, stages
from benchbench.core.identity import RUN, Since, field_marks, identity, plain, restore, section_of
from benchbench.core.records import StageSpec
from benchbench.stages.preference.settings import OnlineSettings
from benchbench.stages.settings import StageRun, StageSettings
from tests.plan.test_fingerprints import plan_of
from tests.stages.rounds import drawn

ANOTHER = {"float32": "bfloat16", "sdpa": "eager", "linear": "cosine", "shuffled": "sequential", "all": "true only"}
ONLINE = (
    "online={sampler: {name: policy, num_samples: 2, temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, "
    "repetition_penalty: 1.0, max_new_tokens: 4}, oracle: {name: judge, options: {judge: toy_annotator}}, "
    "selector: {name: all_candidates}}"
)


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StageSpec]:
    """One stage of every kind, as plans make them."""
    folder = tmp_path_factory.mktemp("settings")
    setting = folder / "setting.yaml"
    judge = "judge: {name: toy_annotator, against: [baseline, chosen]}\n"
    text = MICRO.read_text(encoding="utf-8") + generate_section(prompts=4, tokens=4) + judge
    setting.write_text(text, encoding="utf-8")
    plan = plan_of(folder / "runs", ["dpo", "ddo_rm"], setting=setting)
    rounds = [
        "reward_model.ensemble={size: 2, use: rewards}",
        "reward_model.pseudo_labels={split: train}",
    ]
    plans = [plan_of(folder / "runs", ["reward_model"], setting=setting, sets=[text]) for text in rounds]
    made = ["preference.model_columns={r: {value: implicit_reward, model: {policy: sft}, reference: {policy: base}}}"]
    made += ["preference.transforms=[{name: score_difference, options: {score: r}}]"]
    plans.append(plan_of(folder / "runs", ["dpo"], setting=setting, sets=made))
    plans.append(plan_of(folder / "runs", ["dpo"], setting=setting, sets=[drawn(oracle="{name: reward_stage}")]))
    every = {spec.kind: spec for each in (*plans, plan) for spec in each.stages.values()}
    draws = plan_of(folder / "runs", ["rloo"], setting=setting, sets=[ONLINE])
    return every | {spec.kind: spec for spec in draws.stages.values() if spec.kind == "preference"}


def leaves(value: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(path, value) of everything in plain values that is no mapping with something in it."""
    if isinstance(value, Mapping) and value:
        for name, part in value.items():
            yield from leaves(part, *path, name)
    else:
        yield path, value


def other(value: Any) -> Any:
    """Another value than this one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return ANOTHER.get(value, f"{value} and more")
    return {"more": 1} if isinstance(value, Mapping) else [*value, "more"] if isinstance(value, list) else "more"


def changed(settings: Any, path: tuple[str, ...], value: Any) -> Any:
    """Settings with another value at a path, allowed or not: only its place in the identity is asked for."""
    name, *rest = path
    if isinstance(settings, Mapping):
        return {**settings, name: changed(settings[name], tuple(rest), value) if rest else value}
    inner = getattr(settings, name)
    new = changed(inner, tuple(rest), value) if rest else value
    if isinstance(settings, BaseModel):
        return settings.model_copy(update={name: new})
    made = object.__new__(type(settings))  # a dataclass whose own check would refuse the value
    for field, old in vars(settings).items():
        object.__setattr__(made, field, new if field == name else old)
    return made


def test_there_is_a_stage_of_every_kind(specs: dict[str, StageSpec]):
    assert set(specs) == set(stages.kinds())


@pytest.mark.parametrize("kind", stages.kinds())
def test_every_field_moves_the_fingerprint_unless_it_is_a_run_setting(specs: dict[str, StageSpec], kind: str):
    spec, count = specs[kind], 0
    for path, value in leaves(plain(spec.settings)):
        moved = replace(spec, settings=changed(spec.settings, path, other(value)))
        assert moved.fingerprint != spec.fingerprint, ".".join(path)
        count += 1
    assert count >= 5
    for path, value in leaves(plain(spec.run)):
        moved = replace(spec, run=changed(spec.run, path, other(value)))
        assert moved.fingerprint == spec.fingerprint, f"run.{'.'.join(path)}"


def test_what_is_drawn_in_training_is_among_the_fields(specs: dict[str, StageSpec]):
    online = {path[1] for path, _ in leaves(plain(specs["preference"].settings)) if path[0] == "online"}
    assert online == {*OnlineSettings.model_fields}
    assert specs["preference"].run.folder == str(Path.cwd()), "paths of an oracle start where `--set` was given"


@pytest.mark.parametrize("kind", stages.kinds())
def test_settings_hold_no_run_setting_and_the_run_nothing_else(kind: str):
    def marks(settings: type) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for name, own in field_marks(settings).items():
            yield name, own
            section = section_of(settings, name)
            if section is not None:
                yield from marks(section)

    assert [name for name, own in marks(stages.settings_class(kind)) if RUN in own] == []
    assert issubclass(stages.run_class(kind), StageRun)


@pytest.mark.parametrize("kind", stages.kinds())
def test_a_later_field_defaults_to_what_was_done_before_it_joined(kind: str):
    settings = stages.settings_class(kind)
    for name, own in field_marks(settings).items():
        for mark in own:
            if isinstance(mark, Since):
                default = settings.model_fields[name].get_default(call_default_factory=True)
                assert identity(default) == mark.before, name
                assert len(mark.day) == len("2026-11-20")


@pytest.mark.parametrize("kind", stages.kinds())
def test_settings_come_back_from_json_typed_and_equal(specs: dict[str, StageSpec], kind: str):
    spec = specs[kind]
    again = stages.read_spec(json.loads(json.dumps(spec.as_json())))
    assert type(again.settings) is type(spec.settings) is stages.settings_class(kind)
    assert type(again.run) is stages.run_class(kind)
    assert again == spec and again.key == spec.key


@pytest.mark.parametrize("kind", stages.kinds())
def test_a_kind_is_frozen_strict_and_has_a_priority(specs: dict[str, StageSpec], kind: str):
    settings = stages.settings_class(kind)
    assert issubclass(settings, StageSettings) and settings.model_config["frozen"] and settings.model_config["strict"]
    assert settings.model_config["extra"] == "forbid"
    assert settings.PRIORITY >= 0
    known = {*settings.INPUTS, "data", *(inputs.names() if settings.TAKES_NEEDS else ())}
    assert set(specs[kind].inputs) <= known


def test_an_input_that_a_kind_does_not_take_is_refused(specs: dict[str, StageSpec]):
    from benchbench.plan.graph import Plan

    with pytest.raises(ValueError, match="takes no input 'extra'"):
        Plan().add(replace(specs["sft"], inputs={"extra": "sft/0"}))
    with pytest.raises(ValueError, match="expected input 'policy' of kind sft or preference, got score/0"):
        Plan().add(replace(specs["score"], inputs={"policy": "score/0"}))
    with pytest.raises(ValueError, match="expected the input 'data'"):
        Plan().add(replace(specs["score"], inputs={"data": "made/0"}))


@dataclass(frozen=True)
class Inner:
    """Settings within settings."""

    a: int = 1


def test_what_an_identity_leaves_out_is_restored_as_it_was_before(specs: dict[str, StageSpec]):
    settings = stages.settings_class("generate")
    told = identity(specs["generate"].settings)
    assert "turn" not in told and restore(settings, told)["turn"] == 1
    assert identity(Inner()) == {"a": 1}


def test_memory_settings_of_a_recipe_are_not_in_the_settings_in_float32(specs: dict[str, StageSpec], tmp_path: Path):
    assert "per_device" not in json.dumps([identity(spec.settings) for spec in specs.values()])
    low = plan_of(tmp_path / "runs", ["dpo"], sets=["preference.bf16=true"])
    moving = [spec.title for spec in low.stages.values() if "per_device" in json.dumps(identity(spec.settings))]
    assert moving == ["reference log-probabilities seed 1", "dpo seed 1"]
