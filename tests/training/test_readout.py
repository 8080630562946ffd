"""What a step came to is what its tensors hold, whenever it is read."""

from __future__ import annotations

import torch

from benchbench.training.readout import Readout, means, read_out


def test_numbers_keep_their_names_and_every_bit():
    third = torch.tensor(1 / 3, requires_grad=True)
    values = {
        "loss": third,
        "grad_norm": torch.tensor(2.5, dtype=torch.float64),
        "rate": torch.tensor(1 / 3).bfloat16(),
    }
    assert read_out(values).read() == {name: float(value.detach()) for name, value in values.items()}


def test_a_number_that_is_not_finite_is_read_as_it_is():
    assert str(read_out({"loss": torch.tensor(float("nan"))}).read()["loss"]) == "nan"


def test_on_a_card_the_copy_is_waited_for():
    """An event that fills the host's memory when it is waited for, as a card does."""
    host = torch.zeros(1)

    class Event:
        def synchronize(self) -> None:
            host.fill_(3.0)

    assert Readout(("loss",), host, Event()).read() == {"loss": 3.0}  # pyright: ignore[reportArgumentType]


def test_a_mean_is_over_the_examples_that_have_the_number():
    """Margins of two pairs, 1 and 3, beside a longer list that has none; log-probabilities of all three."""
    pairs = {"margin": torch.tensor([1.0, 3.0]), "logps": torch.tensor([-1.0, -2.0])}
    found = means([{"logps": torch.tensor([-6.0])}, pairs])
    assert {name: value.item() for name, value in found.items()} == {"logps": -3.0, "margin": 2.0}
    assert means([]) == {}
