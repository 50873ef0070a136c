"""A perceptual distance between latents (LPIPS: arXiv 1801.03924; on latents: Diffusion2GAN, arXiv 2405.05967).

A small convolutional network that learnt to name what latents show; the distance is between its
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
    """[n, 12, 32, 32] latents to logits per attribute and logits per thing; `features` are its maps from fine to coarse."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(CHANNELS, 48, 3, padding=1, bias=False), nn.BatchNorm2d(48), nn.ReLU())
        self.stages = nn.ModuleList((Residual(48, 96), Residual(96, 128), Residual(128, 128)))
        self.attributes = nn.ModuleList(nn.Linear(256, len(values)) for values in VALUES.values())
        self.things = nn.Linear(256, len(NAMES))

    def forward(self, latents: Tensor) -> tuple[list[Tensor], Tensor]:
        last = self.features(latents)[-1]
        pooled = torch.cat([last.mean((2, 3)), last.amax((2, 3))], 1)
        return [head(pooled) for head in self.attributes], self.things(pooled)

    def features(self, latents: Tensor) -> list[Tensor]:
        maps = [self.stem(latents)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps

    def distance(self, a: Tensor, b: Tensor, weight: Tensor) -> Tensor:
        """[n, 12, 32, 32] twice and [n, 1, 32, 32] to [n]: squared distances of unit features, weighted, averaged over places, summed over depths."""
        depths = [(_unit(x) - _unit(y)).square().sum(1, keepdim=True) for x, y in zip(self.features(a), self.features(b))]
        return torch.stack([(d * F.adaptive_avg_pool2d(weight, d.shape[2:])).mean((1, 2, 3)) for d in depths]).sum(0)


def _unit(features: Tensor) -> Tensor:
    return F.normalize(features.float(), dim=1, eps=1e-3)
