"""A perceptual distance between latents or between pictures (LPIPS: arXiv 1801.03924; on latents: Diffusion2GAN, arXiv 2405.05967).

A small convolutional network that learnt to name what they show; the distance is between its
features. Squared errors ask for the mean of what could be there; features ask for something that
could be there.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..dataset import NAMES, VALUES
from ..layout import CHANNELS
from .classifier import Residual


class Perceptual(nn.Module):
    """[n, 12, 32, 32] latents, or [n, 3, 256, 256] pictures if `pixels`, to logits per attribute and logits per thing;
    `features` are its maps from fine to coarse."""

    def __init__(self, pixels: bool = False) -> None:
        super().__init__()
        enter, first = (nn.Conv2d(3, 24, 5, stride=2, padding=2, bias=False), 24) if pixels else (nn.Conv2d(CHANNELS, 48, 3, padding=1, bias=False), 48)
        self.stem = nn.Sequential(enter, nn.BatchNorm2d(first), nn.ReLU())
        self.stages = nn.ModuleList((Residual(first, 48 if pixels else 96), Residual(48 if pixels else 96, 128), Residual(128, 128)))
        self.attributes = nn.ModuleList(nn.Linear(256, len(values)) for values in VALUES.values())
        self.things = nn.Linear(256, len(NAMES))

    def forward(self, shown: Tensor) -> tuple[list[Tensor], Tensor]:
        last = self.features(shown)[-1]
        pooled = torch.cat([last.mean((2, 3)), last.amax((2, 3))], 1)
        return [head(pooled) for head in self.attributes], self.things(pooled)

    def features(self, shown: Tensor) -> list[Tensor]:
        maps = [self.stem(shown)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps

    def distance(self, a: Tensor, b: Tensor, weight: Tensor) -> Tensor:
        """Two of [n, c, h, w] and [n, 1, h, w] to [n]: squared distances of unit features, weighted, averaged over places, summed over depths."""
        depths = [(_unit(x) - _unit(y)).square().sum(1, keepdim=True) for x, y in zip(self.features(a), self.features(b))]
        return torch.stack([(d * F.adaptive_avg_pool2d(weight, d.shape[2:])).mean((1, 2, 3)) for d in depths]).sum(0)


def _unit(features: Tensor) -> Tensor:
    return F.normalize(features.float(), dim=1, eps=1e-3)
