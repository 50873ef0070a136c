"""Low-rank additions to a network's linear layers and convolutions (LoRA, arXiv 2106.09685).

`added(network, rank)` wraps them in place; what the network knew is frozen, and only the additions learn.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Added(nn.Module):
    """A frozen layer and beside it `up(down(x)) scale / rank`, nothing at first."""

    def __init__(self, layer: nn.Linear | nn.Conv2d, rank: int, scale: float) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        matrix = layer.weight.flatten(1)
        self.down = nn.Parameter(torch.randn(rank, matrix.shape[1]) * matrix.shape[1] ** -0.5)
        self.up = nn.Parameter(torch.zeros(matrix.shape[0], rank))
        self.share = scale / rank

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.layer, nn.Linear):
            return self.layer(x) + F.linear(F.linear(x, self.down), self.up) * self.share
        down = self.down.view(len(self.down), *self.layer.weight.shape[1:])
        low = F.conv2d(x, down, stride=self.layer.stride, padding=self.layer.padding)
        return self.layer(x) + F.conv2d(low, self.up[:, :, None, None]) * self.share


def added(network: nn.Module, rank: int, scale: float) -> nn.Module:
    network.requires_grad_(False)
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, (nn.Linear, nn.Conv2d)) and not isinstance(module, Added):
                setattr(module, name, Added(child, rank, scale))
    return network
