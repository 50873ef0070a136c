"""Trains the judge on renders.

Things that are part of a place (a village's houses) are neither asked of it nor counted.

`python -m lab.train.classifier --data TRAIN --out WORK`
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..attributes import SCENERY
from ..dataset import NAMES, VALUES, Dataset
from ..nets.classifier import Classifier
from .autoencoder import to_tensor
from .loop import Average, Run, descend, draws, learning_rate, report

SEED, BATCH = 14, 48
JUDGED = torch.tensor([[float(thing not in SCENERY.get(place, ())) for thing in NAMES] for place in VALUES["place"]])  # [places, things]


def load(path: Path) -> Classifier:
    judge = Classifier()
    judge.load_state_dict(torch.load(path, weights_only=True)["average"])
    return judge.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def judge_loss(logits: list[Tensor], things: Tensor, labels: Tensor) -> Tensor:
    loss = sum((F.cross_entropy(head, labels[:, i]) for i, head in enumerate(logits)), start=things.new_zeros(()))
    present = (labels[:, len(VALUES) :] > 0).float()
    each = F.binary_cross_entropy_with_logits(things, present, reduction="none")
    return loss + 5 * (each * JUDGED.to(labels.device)[labels[:, 0]]).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2600)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    data, judge = Dataset(args.data), Classifier().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(judge.parameters(), lr=0.0, weight_decay=0.05)
    average = Average(judge, 0.99)
    run = Run(args.out / "classifier.pt", args.steps, {"judge": judge, "optimizer": optimizer}, average)
    for step in run:
        numbers, generator = draws(SEED, step)
        picked = np.sort(numbers.integers(0, data.count, BATCH))
        images = to_tensor(np.array(data.images[picked]))
        # Slight blur and noise on some, so that a student's softness is not what is judged.
        soft = F.interpolate(F.avg_pool2d(images[::3], 2), scale_factor=2, mode="bilinear")
        images[::3] = soft + 0.05 * torch.randn(soft.shape, generator=generator)
        labels = torch.from_numpy(np.array(data.labels[picked])).long()
        with torch.autocast("cpu", torch.bfloat16):
            logits, things, _ = judge(images.contiguous(memory_format=torch.channels_last))
        loss = judge_loss([head.float() for head in logits], things.float(), labels)
        descend(loss, judge, optimizer, average, step, learning_rate(step, args.steps, 2e-3, warmup=50), clip=5.0)
        right = torch.stack([head.argmax(-1) == labels[:, i] for i, head in enumerate(logits)]).float().mean()
        report(run, 25, loss=loss.item(), right=right.item())


if __name__ == "__main__":
    main()
