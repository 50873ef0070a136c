"""The adversary of the decoder: does a patch of a picture look drawn by the renderer, given its latents?

A patch is about fifty pixels a side, enough for a streak of rain, an outline or a ridge, and too small to
judge the composition, which the latents decide. Normalised by groups: with spectral normalisation in its place it told
nothing apart in five hundred steps.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..layout import CHANNELS

WIDTHS = (32, 64, 96)


class PatchDiscriminator(nn.Module):
    """Pictures [n, 3, 8h, 8w] and latents [n, 12, h, w] to one logit a patch, [n, 1, h, w]; `octaves` more for pictures that much larger."""

    def __init__(self, octaves: int = 0) -> None:
        super().__init__()
        widths = (3, *(WIDTHS[0] // 2 for _ in range(octaves)), *WIDTHS)
        self.down = nn.ModuleList(nn.Sequential(nn.Conv2d(a, b, 4, stride=2, padding=1), nn.GroupNorm(8, b) if a != 3 else nn.Identity()) for a, b in zip(widths, widths[1:]))
        self.join = nn.Sequential(nn.Conv2d(WIDTHS[-1] + CHANNELS, WIDTHS[-1], 3, padding=1), nn.GroupNorm(8, WIDTHS[-1]))
        self.leave = nn.Conv2d(WIDTHS[-1], 1, 3, padding=1)

    def forward(self, pictures: Tensor, latents: Tensor) -> Tensor:
        x = pictures
        for layer in self.down:
            x = F.leaky_relu(layer(x), 0.2)
        x = F.leaky_relu(self.join(torch.cat([x, latents.to(x.dtype)], 1)), 0.2)
        return self.leave(x)


def hinge(real: Tensor, fake: Tensor) -> Tensor:
    """What the discriminator minimises; the other side minimises -fake."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
