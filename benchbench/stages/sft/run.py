"""Supervised fine-tuning: the policy that every method of a seed starts from."""

from __future__ import annotations

from benchbench import methods
from benchbench.models import load
from benchbench.stages.context import Result, StageContext, check_context
from benchbench.stages.fit import fit, policy_batches
from benchbench.stages.saved import save_policy
from benchbench.stages.settings import initial_seed
from benchbench.stages.sft.settings import SftSettings
from benchbench.training.objective import MethodObjective


def run(context: StageContext[SftSettings]) -> Result:
    """Fine-tune the base model on the first candidate of each example that is not labelled false; leaves model/."""
    settings = context.settings
    tokenizer = context.tokenizer()
    model = load.build_base(context.model_spec(), tokenizer, seed=settings.seed)
    if settings.lora is not None:
        model = load.add_lora(model, settings.lora.model_dump(), seed=initial_seed(settings))
    on_empty = settings.on_empty_response
    tokenized = context.tokenized(tokenizer, on_empty=on_empty, demonstrations=True)
    check_context(tokenized.examples, model, context.spec.title)
    method = methods.get("sft")
    objective = MethodObjective(method, method.hyper(), model)
    make_batch = policy_batches(context, tokenizer, model, method, allow_empty=on_empty == "keep_constant")
    outcome = fit(context, model, objective, tokenized, make_batch)
    return save_policy(context, model, tokenizer, tokenized.examples, make_batch, outcome)
