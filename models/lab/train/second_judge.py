"""Trains the second judge (`nets/second_judge.py`) on a draw of pictures that nothing else is trained on.

Every batch is another cut of them: pictures are shifted by up to twelve pixels, so that it cannot learn the
grid that convolutions of stride two leave.

`python -m lab.train.second_judge --data JUDGED --work WORK`
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..dataset import Dataset
from ..nets.second_judge import SecondJudge
from .autoencoder import to_tensor
from .classifier import judge_loss
from .loop import Average, Run, descend, draws, learning_rate, report
from .machine import Machine, run_here
from .optimizer import Muon, matrices

SEED, BATCH, PEAK, SHIFT = 18, 32, 1.5e-3, 12


def load(path: Path) -> SecondJudge:
    judge = SecondJudge()
    judge.load_state_dict(torch.load(path, weights_only=True, map_location="cpu")["average"])
    return judge.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def train(at: Machine, data_folder: Path, work: Path, steps: int) -> None:
    torch.manual_seed(SEED)
    data, judge = Dataset(data_folder), SecondJudge().to(at.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = Muon(*matrices(judge, (judge.attributes, judge.looks, judge.things)), weight_decay=0.05)
    average = Average(judge, 0.99)
    run = Run(work / "second_judge.pt", steps, {"judge": judge, "optimizer": optimizer}, average, keeper=at.keeper)
    for step in run:
        numbers, generator = draws(SEED, at.clock(step))
        picked = np.sort(numbers.integers(0, data.count, at.part(BATCH)))
        images = shifted(to_tensor(np.array(data.images[picked])), *numbers.integers(-SHIFT, SHIFT + 1, 2))
        images[::3] = _spoilt(images[::3], generator)  # so that a student's softness is not what is judged
        labels = torch.from_numpy(np.array(data.labels[picked])).long().to(at.device)
        with at.autocast():
            logits, things, _ = judge(images.to(at.device).contiguous(memory_format=torch.channels_last))
        loss = judge_loss([head.float() for head in logits], things.float(), labels)
        descend(loss, judge, optimizer, average, step, learning_rate(step, steps, PEAK, warmup=100), clip=1.0)
        right = torch.stack([head.argmax(-1) == labels[:, i] for i, head in enumerate(logits)]).float().mean()
        report(run, 25, loss=loss.item(), right=right.item())


def shifted(images: Tensor, down: int, right: int) -> Tensor:
    """The pictures moved, what comes in repeating their edge."""
    height, width = images.shape[2:]
    wide = F.pad(images, (SHIFT,) * 4, mode="replicate")
    return wide[:, :, SHIFT - down : SHIFT - down + height, SHIFT - right : SHIFT - right + width].contiguous(memory_format=torch.channels_last)


def _spoilt(images: Tensor, generator: torch.Generator) -> Tensor:
    """Slightly blurred and noised."""
    soft = F.avg_pool2d(images, 3, stride=1, padding=1, count_include_pad=False)
    return soft + 0.05 * torch.randn(soft.shape, generator=generator)


if __name__ == "__main__":
    run_here(__doc__, train, 1000, "data", "work")
