"""Make the fixtures of test_published.py with the versions that the published numbers name.

It runs in an environment of its own and imports nothing of benchbench:

    python3 -m venv OWN && OWN/bin/pip install torch==2.13.0 trl==1.0.0 transformers==5.5.0 peft==0.18.1
    OMP_NUM_THREADS=1 OWN/bin/python tests/conformance/published/make_fixtures.py SHARED_DATA

(the CPU build of torch is enough; bits of bfloat16 are those of the machine and of the torch that made them, and the
fixtures say which). SHARED_DATA is the folder of third-party data that the tests read too. Two files are written
beside this one: `fixtures.json`, to be read, and `fixtures.npz`, the first gradients and the adapters after five steps.

Training is that of the real trainers on the toy: SFTTrainer, RewardTrainer and DPOTrainer of TRL, and for DDO-RM the
Trainer of transformers, with their own tokenising, truncating, sampling, accumulating, clipping and stepping; only
weights are put in by hand. The loss of DDO-RM and the evaluation are written here from the published description; there
the adapters stand unmerged, in float32, on the weights of their model. Both were compared with the released code,
zuojr/ddorm-llm-preference-benchmark at 86a91f4, src/benchmark/{scoring,utils,eval_pairwise,trainer_ddorm}.py.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import accelerate
import numpy as np
import peft
import torch
import toy_neox
import transformers
import trl
from datasets import Dataset
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

HERE = Path(__file__).resolve().parent
SHORT, LONG = 128, 768
"""Tokens that training reads (1024 as published), and that evaluation reads (as published)."""
COMPARED_STEPS = 5
ACCUMULATED = 2
"""Microbatches of a step, two rows each."""
RATES = {"sft": 2e-3, "reward_model": 1e-3, "dpo": 1e-3, "ddo_rm": 1e-3}
"""Of the float32 runs: large enough that five steps lead somewhere."""
PUBLISHED_RATES = {"sft": 2e-5, "reward_model": 1e-5, "dpo": 5e-7, "ddo_rm": 2e-6}


def prompt_text(messages: Sequence[Mapping[str, str]]) -> str:
    """The published prompt, which ends where the completion begins."""
    return "".join(f"<|{m['role']}|>\n{m['content'].strip()}\n\n" for m in messages) + "<|assistant|>\n"


def texts(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Pairs as columns of text."""
    return [
        {
            "id": row["id"],
            "prompt": prompt_text(row["prompt"]),
            "chosen": row["chosen"].strip(),
            "rejected": row["rejected"].strip(),
        }
        for row in rows
    ]


def lora(task: str) -> peft.LoraConfig:
    """The published adapters without their dropout."""
    return peft.LoraConfig(
        task_type=peft.TaskType[task],
        r=toy_neox.LORA["r"],
        lora_alpha=toy_neox.LORA["alpha"],
        lora_dropout=0.0,
        bias="none",
        target_modules=list(toy_neox.LORA["targets"]),
    )


def tokenizer_of(folder: Path) -> Any:
    return transformers.AutoTokenizer.from_pretrained(folder)


class Watch:
    """What an optimizer run did: losses and rows of each step, the first gradient, the weights after five steps."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.rows: dict[tuple[int, ...], str] = {}
        self.microbatches: list[list[str]] = []
        self.losses: list[float] = []
        self.rates: list[float] = []
        self.arrays: dict[str, np.ndarray] = {}

    def names_of(self, inputs: Mapping[str, Any]) -> list[str]:
        """The rows that a padded microbatch holds."""
        ids, mask = inputs["input_ids"], inputs["attention_mask"].bool()
        seen = [tuple(row[real].tolist()) for row, real in zip(ids, mask, strict=True)]
        if "labels" in inputs:
            return [self.rows[key] for key in seen]
        half = len(seen) // 2  # pairs: all chosen, then all rejected
        return [self.rows[(*c, -1, *r)] for c, r in zip(seen[:half], seen[half:], strict=True)]

    def before(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.rates.append(optimizer.param_groups[0]["lr"])
        if len(self.rates) == 1:
            self._keep("gradient", optimizer, lambda p: p.grad)

    def after(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if len(self.rates) == COMPARED_STEPS:
            self._keep("weights", optimizer, lambda p: p)

    def _keep(self, kind: str, optimizer: Any, of: Callable[[Any], Any]) -> None:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if id(parameter) in self.names and of(parameter) is not None:
                    name = f"{kind}/{self.names[id(parameter)]}"
                    self.arrays[name] = of(parameter).detach().float().numpy().copy()


def watched(trainer_class: type, watch: Watch) -> type:
    """A trainer of this class that notes every microbatch's loss (as it enters the step's) and rows."""

    class Watched(trainer_class):
        def training_step(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            watch.microbatches.append(inputs.get("names") or watch.names_of(inputs))
            loss = super().training_step(model, inputs, *args, **kwargs)
            watch.losses.append(float(loss))
            return loss

    return Watched


def read_rows(trainer: Any, watch: Watch) -> dict[str, list[str]]:
    """Row -> identity of each sequence that the trainer's own collator makes of it."""
    found = {}
    for index, name in enumerate(trainer.train_dataset["id"]):
        batch = trainer.data_collator([trainer.train_dataset[index]])
        real = batch["attention_mask"].bool()
        sequences = [tuple(row[keep].tolist()) for row, keep in zip(batch["input_ids"], real, strict=True)]
        if "scored" in batch:
            scored = list(batch["scored"])
        elif "labels" in batch:
            scored = [batch["labels"][0].ne(-100)]
        else:
            scored = list(batch["completion_mask"].bool()) if "completion_mask" in batch else [None, None]
        watch.rows[sequences[0] if len(sequences) == 1 else (*sequences[0], -1, *sequences[1])] = name
        found[name] = [toy_neox.digest(s, _range(mask, len(s))) for s, mask in zip(sequences, scored, strict=True)]
    return found


def _range(mask: Any, length: int) -> tuple[int, int]:
    """Half-open range of the scored tokens; of a reward model's rows nothing is scored."""
    if mask is None or not mask.any():
        return (length, length)
    start, count = int(mask.int().argmax()), int(mask.sum())
    assert bool(mask[start : start + count].all())
    return (start, start + count)


def settings(config_class: type, stage: str, folder: Path, *, published: bool, accumulated: int) -> Any:
    """Arguments of a trainer; whatever the published scripts leave alone is left alone here."""
    own: dict[str, Any] = {"remove_unused_columns": False} if stage == "ddo_rm" else {"max_length": SHORT}
    own |= {"reward_model": {"center_rewards_coefficient": 1e-2}, "dpo": {"beta": 0.1}}.get(stage, {})
    return config_class(
        output_dir=str(folder / "trainer"),
        learning_rate=(PUBLISHED_RATES if published else RATES)[stage],
        num_train_epochs=1,
        per_device_train_batch_size=4 // accumulated,
        gradient_accumulation_steps=accumulated,
        bf16=published,
        gradient_checkpointing=published,
        use_cpu=True,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        **own,
    )


def trainer_of(
    stage: str, base: Path, adapters: Path, pairs: list[dict[str, str]], *, published: bool, accumulated: int
) -> tuple[Any, Watch]:
    """A trainer as the published scripts build it, with the toy's weights."""
    watch, dtype = Watch(), torch.bfloat16 if published else torch.float32
    tokenizer = tokenizer_of(base)
    common: dict[str, Any] = {"processing_class": tokenizer}
    if stage == "sft":
        kind, config = trl.SFTTrainer, trl.SFTConfig
        model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=dtype)
        pairs = [{"id": row["id"], "prompt": row["prompt"], "completion": row["chosen"]} for row in pairs]
        common["peft_config"] = lora("CAUSAL_LM")
    elif stage == "reward_model":
        kind, config = trl.RewardTrainer, trl.RewardConfig
        model = transformers.AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=dtype)
        common["peft_config"] = lora("SEQ_CLS")
    else:
        kind, config = (trl.DPOTrainer, trl.DPOConfig) if stage == "dpo" else (DdoRm, transformers.TrainingArguments)
        model = peft.AutoPeftModelForCausalLM.from_pretrained(adapters / "sft", dtype=dtype, is_trainable=True)
    if stage == "ddo_rm":
        common["data_collator"] = lambda rows: ddo_rm_batch(tokenizer, rows)
    model.config.pad_token_id = tokenizer.pad_token_id
    trainer = watched(kind, watch)(
        model=model,
        args=settings(config, stage, base.parent, published=published, accumulated=accumulated),
        train_dataset=Dataset.from_list(pairs),
        **common,
    )
    if stage == "ddo_rm":
        trainer.reward_model = reward_model(base, adapters, dtype)
    if stage in ("sft", "reward_model"):
        toy_neox.fill(dict(trainer.model.named_parameters()), f"{stage} start")
    for name, parameter in trainer.model.named_parameters():
        known = toy_neox.canonical(name)
        if known is not None and ".ref." not in name:
            watch.names[id(parameter)] = known
    return trainer, watch


def train(
    stage: str,
    base: Path,
    adapters: Path,
    pairs: list[dict[str, str]],
    *,
    published: bool = False,
    accumulated: int = ACCUMULATED,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Run a trainer to its end; what is read by people, and arrays."""
    trainer, watch = trainer_of(stage, base, adapters, pairs, published=published, accumulated=accumulated)
    read = read_rows(trainer, watch)
    hooks = [register_optimizer_step_pre_hook(watch.before), register_optimizer_step_post_hook(watch.after)]
    try:
        trainer.train()
    finally:
        for hook in hooks:
            hook.remove()
    logged = [line for line in trainer.state.log_history if "grad_norm" in line]
    steps = range(0, len(watch.losses), accumulated)
    assert len(steps) == trainer.state.global_step == len(watch.rates)
    record = {
        "learning_rate": trainer.args.learning_rate,
        "rates": watch.rates,
        "rows": [sum(watch.microbatches[i : i + accumulated], []) for i in steps],
        "losses": [sum(watch.losses[i : i + accumulated]) for i in steps],
        "grad_norms": [float(line["grad_norm"]) for line in logged],
        "precisions": precisions(trainer.model),
        "backward_divides_by": trainer.accelerator.gradient_accumulation_steps,
    }
    arrays = {f"{stage}/{name}": array for name, array in watch.arrays.items()}
    if not published:
        return record | {"sequences": read}, arrays
    last = {name: p for name, p in trainer.model.named_parameters() if toy_neox.canonical(name) == "head"}
    heads = [p.detach().float().flatten().tolist() for p in last.values()]
    return record | ({"head": heads[0]} if heads else {}), {}


def precisions(model: Any) -> dict[str, list[str]]:
    """Precision of the weights, by what they are."""
    found: dict[str, set[str]] = {}
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        known = toy_neox.canonical(name)
        if known is None:
            kind = "rotary" if "inv_freq" in name else "base"
        else:
            kind = "head" if known == "head" else "reference" if ".ref." in name else "adapters"
        found.setdefault(kind, set()).add(str(tensor.dtype).removeprefix("torch."))
    return {kind: sorted(dtypes) for kind, dtypes in sorted(found.items())}


def completion_batch(
    tokenizer: Any, prompts: Sequence[str], completions: Sequence[str], limit: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Tokens, which of them are real and which are scored: cut on the left, masked as if nothing had been cut."""
    sequences = []
    for prompt, completion in zip(prompts, completions, strict=True):
        ids = tokenizer(prompt + completion + tokenizer.eos_token, add_special_tokens=False)["input_ids"][-limit:]
        start = len(tokenizer(prompt, add_special_tokens=False)["input_ids"])
        sequences.append((ids, min(start, len(ids) - 1)))  # the slip: `start` counts from the uncut beginning
    tokens = torch.full((len(sequences), max(len(ids) for ids, _ in sequences)), tokenizer.pad_token_id)
    real, scored = torch.zeros_like(tokens), torch.zeros(tokens.shape, dtype=torch.bool)
    for i, (ids, start) in enumerate(sequences):
        tokens[i, : len(ids)] = torch.tensor(ids)
        real[i, : len(ids)] = 1
        scored[i, start : len(ids)] = True
    return tokens, real, scored


def mean_logps(model: Any, tokens: torch.Tensor, real: torch.Tensor, scored: torch.Tensor) -> torch.Tensor:
    """Mean log-probability of the scored tokens of each row, all in the precision of the model's logits."""
    logits = model(input_ids=tokens, attention_mask=real).logits[:, :-1]
    token = logits.log_softmax(dim=-1).gather(-1, tokens[:, 1:].unsqueeze(-1)).squeeze(-1) * scored[:, 1:]
    return token.sum(dim=-1) / scored[:, 1:].sum(dim=-1).clamp(min=1)


def ddo_rm_batch(tokenizer: Any, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Each pair's chosen and rejected response, one after the other, and the texts that are rewarded."""
    prompts = [row["prompt"] for row in rows for _ in range(2)]
    completions = [row[side] for row in rows for side in ("chosen", "rejected")]
    tokens, real, scored = completion_batch(tokenizer, prompts, completions, SHORT)
    whole = [p + c for p, c in zip(prompts, completions, strict=True)]
    names = [row["id"] for row in rows]
    return {"input_ids": tokens, "attention_mask": real, "scored": scored, "whole": whole, "names": names}


class DdoRm(transformers.Trainer):
    """Cross-entropy to the reward-improved target through which the gradient flows too; eta and tau are 1."""

    reward_model: Any = None

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        scores = mean_logps(model, inputs["input_ids"], inputs["attention_mask"], inputs["scored"]).view(-1, 2)
        rewards = reward_scores(self.reward_model, self.processing_class, inputs["whole"], 8, SHORT)
        rewards = torch.tensor(rewards, dtype=scores.dtype).view(-1, 2)
        p = scores.softmax(dim=-1)
        q = (scores + rewards - (p * rewards).sum(dim=-1, keepdim=True)).softmax(dim=-1)
        return -(q * scores.log_softmax(dim=-1)).sum(dim=-1).mean()


def policy_scores(
    model: Any, tokenizer: Any, prompts: Sequence[str], completions: Sequence[str], batch: int
) -> tuple[list[float], list[int]]:
    """Mean log-probability per scored token and their number, as published, in the model's own precision."""
    means: list[float] = []
    counts: list[int] = []
    for at in range(0, len(prompts), batch):
        some = completion_batch(tokenizer, prompts[at : at + batch], completions[at : at + batch], LONG)
        with torch.no_grad():
            mean = mean_logps(model, *some)
        assert mean.dtype == torch.bfloat16
        means += mean.float().tolist()
        counts += some[2].sum(dim=-1).tolist()
    return means, counts


@torch.no_grad()
def reward_scores(model: Any, tokenizer: Any, whole: Sequence[str], batch: int, limit: int) -> list[float]:
    """The reward of each text, as published."""
    rewards = []
    for at in range(0, len(whole), batch):
        texts_now = list(whole[at : at + batch])
        inputs = tokenizer(texts_now, padding=True, truncation=True, max_length=limit, return_tensors="pt")
        inputs.pop("token_type_ids", None)
        rewards += model(**inputs).logits[:, 0].float().tolist()
    return rewards


def evaluate(base: Path, adapters: Path, pairs: list[dict[str, str]]) -> dict[str, Any]:
    """Scores of the held-out pairs; chosen and rejected apart, alone and in padded batches."""
    tokenizer, dtype = tokenizer_of(base), torch.bfloat16
    policy = peft.AutoPeftModelForCausalLM.from_pretrained(adapters / "sft", dtype=dtype).eval()
    reward = reward_model(base, adapters, dtype)
    prompts = [row["prompt"] for row in pairs]
    found: dict[str, Any] = {
        "ids": [row["id"] for row in pairs],
        "precisions": {"policy": precisions(policy), "reward_model": precisions(reward)},
    }
    for side in ("chosen", "rejected"):
        completions = [row[side] for row in pairs]
        whole = [p + c for p, c in zip(prompts, completions, strict=True)]
        for name, batch in (("alone", 1), ("batched", 4)):
            means, counts = policy_scores(policy, tokenizer, prompts, completions, batch)
            rewards = reward_scores(reward, tokenizer, whole, batch, LONG)
            found.setdefault(name, {})[side] = {"logp_mean": means, "reward": rewards}
            found.setdefault("tokens", {})[side] = counts
    return found


def reward_model(base: Path, adapters: Path, dtype: torch.dtype) -> Any:
    """The reward model that gives rewards."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=dtype)
    model.config.pad_token_id = tokenizer_of(base).pad_token_id
    return peft.PeftModel.from_pretrained(model, adapters / "reward_model").eval()


def save_adapters(base: Path, folder: Path) -> None:
    """The SFT adapter that DPO goes on from, and a reward model, both as `peft` writes them."""
    policy = peft.get_peft_model(transformers.AutoModelForCausalLM.from_pretrained(base), lora("CAUSAL_LM"))
    toy_neox.fill(dict(policy.named_parameters()), "sft")
    policy.save_pretrained(folder / "sft")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(base, num_labels=1)
    reward = peft.get_peft_model(model, lora("SEQ_CLS"))
    toy_neox.fill(dict(reward.named_parameters()), "reward_model")
    reward.save_pretrained(folder / "reward_model")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the fixtures of test_published.py.")
    parser.add_argument("shared", type=Path, help="folder of shared third-party data")
    shared = parser.parse_args().shared
    torch.set_num_threads(1)
    pairs, held_out = (texts(toy_neox.rows(names, shared)) for names in (toy_neox.TRAIN, toy_neox.TEST))
    record: dict[str, Any] = {
        "versions": {m.__name__: m.__version__ for m in (torch, transformers, trl, peft, accelerate)},
        "machine": toy_neox.machine(),
        "max_length": {"training": SHORT, "evaluation": LONG},
        "float32": {},
        "bfloat16": {},
    }
    arrays: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as place:
        base, adapters = Path(place) / "base", Path(place) / "adapters"
        toy_neox.write_model(base, shared)
        save_adapters(base, adapters)
        whole, _ = train("dpo", base, adapters, pairs, accumulated=1)
        record["dpo_without_accumulation"] = {key: whole[key][0] for key in ("rows", "losses", "grad_norms")}
        for stage in RATES:
            record["float32"][stage], more = train(stage, base, adapters, pairs)
            arrays |= more
            record["bfloat16"][stage], _ = train(stage, base, adapters, pairs, published=True)
        record["evaluation"] = evaluate(base, adapters, held_out)
    (HERE / "fixtures.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    np.savez_compressed(HERE / "fixtures.npz", **arrays)


if __name__ == "__main__":
    main()
