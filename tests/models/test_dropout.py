"""Dropout probabilities of a model: found wherever modules keep them, and set."""

from __future__ import annotations

from torch import nn
from transformers import AutoConfig, AutoModel

from benchbench.models.dropout import dropout_rates, set_dropout


class Attention(nn.Module):
    """Keeps its probability as a number, as transformers' attention does, and has one of whole layers."""

    def __init__(self) -> None:
        super().__init__()
        self.attention_dropout = 0.3
        self.layerdrop = 0.5


def test_probabilities_of_modules_and_of_numbers():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1), Attention())
    assert dropout_rates(model) == (0.1, 0.3)
    assert set_dropout(model, 0.25) == 2
    assert dropout_rates(model) == (0.25, 0.25) and model[2].layerdrop == 0.5


def test_a_model_without_dropout_has_no_place_for_it():
    assert dropout_rates(nn.Linear(2, 2)) == () and set_dropout(nn.Linear(2, 2), 0.5) == 0


def test_a_model_of_transformers():
    """Of each layer attention's number and two modules, and the embedding's module."""
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 8}
    config = AutoConfig.for_model("gpt_neox", vocab_size=8, hidden_dropout=0.0, attention_dropout=0.1, **sizes)
    rates = dropout_rates(AutoModel.from_config(config))
    assert len(rates) == 7 and sorted(rates) == [0.0] * 5 + [0.1] * 2
