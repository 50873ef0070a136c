"""Trains the network whose features the student's finishing compares: latents in, labels out.

It sees encoded training pictures, noised by differing amounts, and never a student's. It is not the judge,
which looks at pixels.

`python -m lab.train.perceptual --data TRAIN --work WORK`
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ..dataset import VALUES, Dataset
from ..encode import Latents
from ..nets.perceptual import Perceptual
from .classifier import judge_loss
from .loop import Average, Run, command, descend, draws, learning_rate, report

SEED, BATCH, PEAK = 16, 96, 2e-3
NOISE = 0.4  # at most, as a share of the latents' own spread


def load(path: Path) -> Perceptual:
    """The averaged weights of a run, for comparing only."""
    network = Perceptual()
    network.load_state_dict(torch.load(path, weights_only=True)["average"])
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def train(worker: int, workers: int, data_folder: Path, work: Path, steps: int) -> None:
    torch.manual_seed(SEED)
    data, latents = Dataset(data_folder), Latents(data_folder)
    network = Perceptual().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.0, weight_decay=0.05)
    average = Average(network, 0.99)
    run = Run(work / "perceptual.pt", steps, {"network": network, "optimizer": optimizer}, average, keeper=worker == 0)
    for step in run:
        numbers, generator = draws(SEED, step * workers + worker)
        picked = np.sort(numbers.integers(0, latents.count, BATCH // workers))
        x = torch.from_numpy(latents.values[picked]).float()
        x += NOISE * torch.rand((len(x), 1, 1, 1), generator=generator) * torch.randn(x.shape, generator=generator)
        labels = torch.from_numpy(np.array(data.labels[picked])).long()
        with torch.autocast("cpu", torch.bfloat16):
            logits, things = network(x.contiguous(memory_format=torch.channels_last))
        loss = judge_loss([head.float() for head in logits], things.float(), labels)
        descend(loss, network, optimizer, average, step, learning_rate(step, steps, PEAK, warmup=50))
        right = torch.stack([head.argmax(-1) == labels[:, i] for i, head in enumerate(logits)]).float().mean()
        there = labels[:, len(VALUES) :] > 0
        found = (things > 0)[there].float().mean()
        report(run, 25, loss=loss.item(), right=right.item(), found=found.item())


if __name__ == "__main__":
    command(__doc__, train, 1800, "data", "work")
