"""A GPT-NeoX that says what it is told to: each token is followed by one other, whatever stood before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }} {{ m['content'] }} <|im_end|> {% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant{% endif %}"
)
SPECIAL = ("<|padding|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<unk>")
WORDS = ("user", "assistant", "yes", "no", "maybe")
VOCAB = 16
"""Of the model; the tokenizer has tokens for the first ten ids."""
NO_TOKEN = 12


def word_tokenizer(chat_template: str | None = CHATML) -> PreTrainedTokenizerFast:
    """One token per word, and control tokens; EOS is not what the template ends turns with."""
    ids = {token: i for i, token in enumerate((*SPECIAL, *WORDS))}
    backend = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.add_special_tokens(list(SPECIAL))
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="<|padding|>",
        eos_token="<|endoftext|>",
        unk_token="<unk>",
        chat_template=chat_template,
        clean_up_tokenization_spaces=False,
    )


def scripted_model(
    folder: Path, script: Mapping[str | int, str | int], *, chat_template: str | None = CHATML, eos: object = 1
) -> Path:
    """A folder in the hub's format; `script` says what follows a token (or id), and EOS follows all others.

    The residual stream is the embedding, which is one number per token, and no layer adds to it.
    """
    tokenizer = word_tokenizer(chat_template)
    follows = torch.full((VOCAB,), 1)
    for before, after in script.items():
        follows[_id(tokenizer, before)] = _id(tokenizer, after)
    config = GPTNeoXConfig(
        vocab_size=VOCAB,
        hidden_size=VOCAB,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=4,
        max_position_embeddings=128,
        tie_word_embeddings=False,
    )
    model = GPTNeoXForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.fill_(1.0 if name.endswith("norm.weight") else 0.0)
        model.get_input_embeddings().weight.copy_(torch.eye(VOCAB))
        model.get_output_embeddings().weight[follows, torch.arange(VOCAB)] = 40.0
    model.generation_config.eos_token_id = eos
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _id(tokenizer: PreTrainedTokenizerFast, token: str | int) -> int:
    return token if isinstance(token, int) else int(tokenizer.convert_tokens_to_ids(token))
