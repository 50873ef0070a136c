"""Trains a network whose features training compares: latents in, or pictures, and labels out.

It sees training pictures alone, noised by differing amounts, and never a student's. It is no judge: the
judges look at pixels and nothing is ever trained against them.

`python -m lab.train.perceptual --data TRAIN --work WORK --of latents` (or `pictures`)
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..dataset import VALUES, Dataset
from ..encode import Latents
from ..nets.perceptual import Perceptual
from .autoencoder import to_tensor
from .classifier import judge_loss
from .loop import Average, Run, descend, draws, learning_rate, report
from .machine import Machine, machine
from .optimizer import adamw

SEED, PEAK = 16, 2e-3
NOISE = {"latents": 0.4, "pictures": 0.1}  # at most, beside latents of unit variance and pixels in -1..1
BATCH = {"latents": 96, "pictures": 16}
STEPS = {"latents": 1800, "pictures": 700}
FILES = {"latents": "perceptual.pt", "pictures": "perceptual_pictures.pt"}


def load(path: Path) -> Perceptual:
    """The averaged weights of a run, for comparing only."""
    saved = torch.load(path, weights_only=True, map_location="cpu")["average"]
    network = Perceptual(pixels=saved["stem.0.weight"].shape[1] == 3)
    network.load_state_dict(saved)
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def train(at: Machine, data_folder: Path, work: Path, of: str, steps: int) -> None:
    torch.manual_seed(SEED)
    data = Dataset(data_folder)
    latents = Latents(data_folder) if of == "latents" else None
    count = data.count if latents is None else latents.count
    network = Perceptual(pixels=latents is None).to(at.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = adamw(network, weight_decay=0.05)
    average = Average(network, 0.99)
    run = Run(work / FILES[of], steps, {"network": network, "optimizer": optimizer}, average, keeper=at.keeper)
    for step in run:
        numbers, generator = draws(SEED, at.clock(step))
        picked = np.sort(numbers.integers(0, count, at.part(BATCH[of])))
        x = to_tensor(np.array(data.images[picked])) if latents is None else torch.from_numpy(latents.values[picked]).float()
        x = _noised(x, NOISE[of], generator).to(at.device)
        labels = torch.from_numpy(np.array(data.labels[picked])).long().to(at.device)
        with at.autocast():
            logits, things = network(x.contiguous(memory_format=torch.channels_last))
        loss = judge_loss([head.float() for head in logits], things.float(), labels)
        descend(loss, network, optimizer, average, step, learning_rate(step, steps, PEAK, warmup=50))
        right = torch.stack([head.argmax(-1) == labels[:, i] for i, head in enumerate(logits)]).float().mean()
        there = labels[:, len(VALUES) :] > 0
        report(run, 25, loss=loss.item(), right=right.item(), found=(things > 0)[there].float().mean().item())


def _noised(x: Tensor, most: float, generator: torch.Generator) -> Tensor:
    return x + most * torch.rand((len(x), 1, 1, 1), generator=generator) * torch.randn(x.shape, generator=generator)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--of", choices=tuple(FILES), default="latents")
    parser.add_argument("--steps", type=int)
    args = parser.parse_args()
    train(machine(), args.data, args.work, args.of, args.steps or STEPS[args.of])
