"""The Fréchet distance as a loss (arXiv 2604.28190): between running moments of what is drawn and fixed moments of renders.

Features are projected to few dimensions by a fixed random matrix, and the caption's embedding is joined to them, so that it is
the pairs of caption and picture that are compared. A batch alone has too few rows for a covariance; moments
run on over about a hundred batches, and only the newest batch's part can be learnt from. The running mean would
scale that part's gradient by 1 - keep; it is passed on whole. Processes of one run share their moments.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..together import mean_of_all

DIMENSIONS, OF_CAPTION = 64, 32


class Joint(nn.Module):
    """Features [n, d] and the captions' embeddings [n, e] to [n, 96], both at unit variance in the renders."""

    def __init__(self, features: int, captions: int, seed: int) -> None:
        super().__init__()
        g = torch.Generator().manual_seed(seed)
        for name, wide, narrow in (("features", features, DIMENSIONS), ("captions", captions, OF_CAPTION)):
            self.register_buffer(f"{name}_matrix", torch.linalg.qr(torch.randn(max(wide, narrow), narrow, generator=g))[0][:wide])
            self.register_buffer(f"{name}_mean", torch.zeros(narrow))
            self.register_buffer(f"{name}_scale", torch.ones(narrow))

    def forward(self, features: Tensor, captions: Tensor) -> Tensor:
        parts = []
        for name, x in (("features", features), ("captions", captions)):
            matrix, mean, scale = (getattr(self, f"{name}_{part}") for part in ("matrix", "mean", "scale"))
            parts.append((x.float() @ matrix - mean) * scale)
        return torch.cat(parts, 1)

    @torch.no_grad()
    def fit(self, features: Tensor, captions: Tensor) -> None:
        for name, x in (("features", features), ("captions", captions)):
            low = x.float() @ getattr(self, f"{name}_matrix")
            getattr(self, f"{name}_mean").copy_(low.mean(0))
            getattr(self, f"{name}_scale").copy_(1 / low.std(0).clamp(min=1e-4))


class Moments(nn.Module):
    """The mean and second moment of the last hundred or so batches of [n, d]; the first few weigh as many as there are."""

    def __init__(self, dimensions: int, keep: float = 0.99) -> None:
        super().__init__()
        self.keep = keep
        self.register_buffer("mean", torch.zeros(dimensions))
        self.register_buffer("square", torch.zeros(dimensions, dimensions))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and covariance after this batch. Their values are the running ones; their gradients, the batch's own."""
        keep = min(self.keep, self.seen.item() / (self.seen.item() + 1))
        mean, square = x.mean(0), x.T @ x / len(x)
        with torch.no_grad():
            self.mean.lerp_(mean_of_all(mean), 1 - keep)
            self.square.lerp_(mean_of_all(square), 1 - keep)
            self.seen.add_(1)
        mean, square = self.mean.clone() + (mean - mean.detach()), self.square.clone() + (square - square.detach())
        return mean, square - torch.outer(mean, mean)


class Target(nn.Module):
    """The renders' mean and the root of their covariance."""

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dimensions))
        self.register_buffer("covariance", torch.eye(dimensions))
        self.register_buffer("root", torch.eye(dimensions))

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        self.mean.copy_(x.mean(0))
        self.covariance.copy_(torch.cov(x.T))
        values, vectors = torch.linalg.eigh(self.covariance.double())
        self.root.copy_((vectors * values.clamp(min=0).sqrt()) @ vectors.T)

    def distance(self, mean: Tensor, covariance: Tensor, floor: float = 1e-4) -> Tensor:
        """|difference of means|^2 + tr(A + B - 2 (A^(1/2) B A^(1/2))^(1/2)); `floor` keeps the root's slope finite."""
        product = self.root @ covariance @ self.root
        product = (product + product.T) / 2 + floor * torch.eye(len(product), device=product.device)
        cross = torch.linalg.eigvalsh(product).clamp(min=floor).sqrt().sum()
        return (mean - self.mean).square().sum() + self.covariance.trace() + covariance.trace() - 2 * cross


def pooled(maps: list[Tensor]) -> Tensor:
    """Mean and spread over the picture of every map, joined: [n, 2 * channels of all]."""
    parts = []
    for x in maps:
        x = x.float()
        parts += [x.mean((2, 3)), x.flatten(2).std(2)]
    return torch.cat(parts, 1)


class Untrained(nn.Module):
    """A convolutional network that was never taught anything: its features cannot share a taught network's blind spots."""

    def __init__(self, channels: int, seed: int) -> None:
        super().__init__()
        widths, g = (channels, 48, 96, 128), torch.Generator().manual_seed(seed)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, stride=1 if i == 0 else 2, padding=1) for i, (a, b) in enumerate(zip(widths, widths[1:])))
        with torch.no_grad():
            for layer in self.layers:
                layer.weight.copy_(torch.randn(layer.weight.shape, generator=g) * (2 / layer.weight[0].numel()) ** 0.5)
                layer.bias.zero_()

    def features(self, x: Tensor) -> list[Tensor]:
        maps = []
        for layer in self.layers:
            x = F.relu(layer(x))
            maps.append(x)
        return maps
