"""The second judge: a few overlapping convolutions, then attention over patches.

It heads every table. Nothing is trained against it, and it is no relative of the networks that are
trained against: another architecture, at the pictures' full size, on pictures drawn for it alone.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..dataset import NAMES, VALUES

WIDTH, HEADS, DEPTH, GRID = 128, 4, 2, 16


class Mixer(nn.Module):
    """A transformer block: attention over patches, then two linear layers over channels."""

    def __init__(self) -> None:
        super().__init__()
        self.before_attention, self.before_linear = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query_key_value, self.merge = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.widen, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.query_key_value(self.before_attention(x)).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5, -1)
        x = x + self.merge((weights @ v).transpose(1, 2).flatten(2))
        return x + self.narrow(F.gelu(self.widen(self.before_linear(x))))


def _seen(inward: int, outward: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inward, outward, kernel, stride=stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(outward), nn.GELU())


class SecondJudge(nn.Module):
    """[n, 3, 256, 256] in -1..1 to logits per attribute, logits per thing (present or not), and features [n, 128]."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Sequential(_seen(3, 48, 7, 4), _seen(48, 96, 3, 2), _seen(96, 96, 3, 1), _seen(96, WIDTH, 3, 2))
        self.places = nn.Parameter(0.02 * torch.randn(1, GRID * GRID, WIDTH))
        self.mixers = nn.Sequential(*(Mixer() for _ in range(DEPTH)))
        self.last = nn.LayerNorm(WIDTH)
        self.attributes = nn.ModuleList(nn.Linear(WIDTH, len(values)) for values in VALUES.values())
        self.looks = nn.Linear(WIDTH, len(NAMES))  # where a thing is looked for: attention over patches, one query a thing
        self.things = nn.Linear(WIDTH, len(NAMES))

    def forward(self, images: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        x = self.patches(images).flatten(2).transpose(1, 2) + self.places
        x = self.last(self.mixers(x))
        features = x.mean(1)
        where = torch.softmax(self.looks(x).float(), 1)
        things = (where * self.things(x).float()).sum(1)
        return [head(features) for head in self.attributes], things, features
