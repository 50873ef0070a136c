"""Weights in blocks of 8 and 4 bits are read as what they stand for, and the table says what they cost."""
import torch

from lab.dataset import NAMES, VALUES
from lab.evaluate import Looks
from lab.quantised import Drawn, row
from lab.stored import restored


def test_eight_bits() -> None:
    values = torch.arange(-32, 32, dtype=torch.int8).reshape(1, 64)
    stored = {"a": values, "a.scales": torch.tensor([[0.5, 2.0]], dtype=torch.float16)}
    assert torch.equal(restored(stored, "a"), torch.cat((values[:, :32] * 0.5, values[:, 32:] * 2.0), 1))


def test_four_bits_of_a_convolution() -> None:
    even, odd = torch.arange(16)[None, :, None].repeat(1, 1, 2), torch.full((1, 16, 2), 7)
    scales, minima = torch.tensor([[[0.5, 2.0]]], dtype=torch.float16), torch.tensor([[[-1.0, 3.0]]], dtype=torch.float16)
    weight = restored({"a": (even + 16 * odd).to(torch.uint8), "a.scales": scales, "a.minima": minima}, "a")
    assert weight.shape == (1, 32, 2)
    assert torch.equal(weight[0, ::2, 0], torch.arange(16) * 0.5 - 1)
    assert torch.equal(weight[0, 1::2, 1], torch.full((16,), 7 * 2.0 + 3))


def test_what_has_no_scales_is_as_it_is() -> None:
    assert torch.equal(restored({"a": torch.ones(2, dtype=torch.float16)}, "a"), torch.ones(2))


def drawn(attributes: torch.Tensor, error: float) -> Drawn:
    generator = torch.Generator().manual_seed(0)
    looks = Looks()
    looks.second.attributes.append(attributes)
    looks.second.things.append(torch.ones(len(attributes), len(NAMES), dtype=torch.bool))
    looks.second.features.append(torch.randn(len(attributes), 4, generator=generator).double())
    looks.energy.append(torch.ones(len(attributes), 3))
    return Drawn(looks, [torch.full((len(attributes),), error)], [torch.full((len(attributes),), 40.0)])


def test_pictures_that_were_lost_and_gained_are_counted() -> None:
    labels = torch.zeros(6, len(VALUES) + len(NAMES), dtype=torch.long)
    right, asked = labels[:, : len(VALUES)].clone(), torch.ones(6, len(NAMES), dtype=torch.long)
    wrong_first, wrong_others = right.clone(), right.clone()
    wrong_first[0, 0], wrong_others[1:3, 1] = 1, 1
    base, quantised = drawn(wrong_first, 0.0), drawn(wrong_others, 0.05)
    line = row("q4", quantised, base, labels, asked, base.looks)
    assert "| 66.7 % | 2, 1 |" in line and line.endswith("| 5.0 % | 40.0 dB |")
    assert row("f16", base, base, labels, asked, drawn(right, 0.0).looks).endswith("|  |  |")
