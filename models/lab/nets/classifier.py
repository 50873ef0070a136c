"""The judge: a small convolutional network that says what a picture shows.

It never sees a student's picture in training, and the student never sees it: it learns from renders
alone and is used to measure.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..dataset import NAMES, VALUES


class Residual(nn.Module):
    def __init__(self, inward: int, outward: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(inward, outward, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outward), nn.ReLU(),
            nn.Conv2d(outward, outward, 3, padding=1, bias=False), nn.BatchNorm2d(outward))
        self.skip = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inward, outward, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.main(x) + self.skip(x))


class Classifier(nn.Module):
    """[n, 3, 256, 256] in -1..1 to logits per attribute, logits per thing (present or not), and features [n, 256]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 24, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(24), nn.ReLU())
        self.stages = nn.Sequential(Residual(24, 32), Residual(32, 64), Residual(64, 128), Residual(128, 128))
        self.attributes = nn.ModuleList(nn.Linear(256, len(values)) for values in VALUES.values())
        self.things = nn.Linear(256, len(NAMES))

    def forward(self, images: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        maps = self.stages(self.stem(F.avg_pool2d(images, 2)))
        features = torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1)
        return [head(features) for head in self.attributes], self.things(features), features
