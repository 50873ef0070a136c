"""How far drawn pictures are from the renderer's, beyond what they show: four figures from features and pixels.

Each is a pure function of tensors; `evaluate.py` says of which network's features.
"""
from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

BANDS = (0.0, 1 / 16, 1 / 4, 1.0)  # of the highest frequency: shapes, outlines, grain
PAIRS = 4000


def frechet(a: Tensor, b: Tensor) -> float:
    """|mu_a - mu_b|^2 + tr(A + B - 2 (A B)^(1/2)), from features [n, d] in float64."""
    mean = (a.mean(0) - b.mean(0)).square().sum()
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    values = torch.linalg.eigvals(cov_a @ cov_b).real.clamp(min=0)
    return float(mean + cov_a.trace() + cov_b.trace() - 2 * values.sqrt().sum())


def sliced_wasserstein(a: Tensor, b: Tensor, directions: int = 256) -> float:
    """Mean distance, over random directions, of the two sets of features [n, d] sorted along each; equal n."""
    if len(a) != len(b):
        raise ValueError("sets of equal size are compared")
    way = F.normalize(torch.randn(a.shape[1], directions, generator=torch.Generator().manual_seed(0), dtype=a.dtype), dim=0)
    return float(((a @ way).sort(0).values - (b @ way).sort(0).values).square().mean(0).sqrt().mean())


def band_energy(images: Tensor) -> Tensor:
    """[n, c, h, w] in -1..1 to [n, 3]: the energy of the luminance in each band of radial frequency, windowed so that the picture's edge is none."""
    luminance = (images.float() * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1)
    height, width = luminance.shape[1:]
    window = torch.hann_window(height, periodic=False)[:, None] * torch.hann_window(width, periodic=False)
    power = torch.fft.rfft2((luminance - luminance.mean((1, 2), keepdim=True)) * window).abs().square()
    across = torch.full((width // 2 + 1,), 2.0)  # a real picture's spectrum is stored half; its other half is alike
    across[0] = across[-1] = 1.0
    radius = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)) / 0.5
    return torch.stack([(power * across * ((radius > low) & (radius <= high))).sum((1, 2)) for low, high in zip(BANDS, BANDS[1:])], 1)


def diversity(features: Tensor) -> float:
    """Mean distance of random pairs of [n, d]."""
    g = torch.Generator().manual_seed(0)
    first, second = torch.randint(len(features), (2, PAIRS), generator=g)
    return float((features[first] - features[second]).norm(dim=1)[first != second].mean())
