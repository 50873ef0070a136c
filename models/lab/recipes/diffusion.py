"""The forward process and the ways back: what every recipe says about noise, in v-prediction.

x_t = sqrt(a) x0 + sqrt(1 - a) n, and v = sqrt(a) n - sqrt(1 - a) x0, so that x0 = sqrt(a) x_t - sqrt(1 - a) v at
every t, pure noise included.
"""
from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..sampler import clean, signal_and_noise

Denoiser = Callable[[Tensor, Tensor], Tensor]  # (x_t, t [n]) -> v
LAST = 999


def noisy(x0: Tensor, n: Tensor, t: Tensor) -> Tensor:
    """x_t of clean latents and unit noise, both [n, c, h, w], at steps [n]."""
    signal, noise = signal_and_noise(t)
    return signal * x0 + noise * n


def velocity(x0: Tensor, n: Tensor, t: Tensor) -> Tensor:
    """v of the same."""
    signal, noise = signal_and_noise(t)
    return signal * n - noise * x0


def like(x: Tensor, generator: torch.Generator) -> Tensor:
    """Unit noise of x's shape. Drawn on the CPU, so that a step's numbers are the same on every machine."""
    return torch.randn(x.shape, generator=generator).to(x.device)


def times(count: int, low: int, high: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """`count` steps in low..high-1, spread evenly over equal parts of the range, in random order."""
    at = (torch.rand(count, generator=generator) + torch.arange(count)) / count
    return (low + at[torch.randperm(count, generator=generator)] * (high - low)).long().clamp(max=high - 1).to(device)


@torch.no_grad()
def ddim(denoiser: Denoiser, z: Tensor, steps: int) -> Tensor:
    """Deterministic, evenly spaced, ending at the clean latents: what a teacher is sampled with."""
    path = torch.linspace(LAST, LAST / steps, steps).round().long().tolist()
    x = z
    for i, now in enumerate(path):
        t = torch.full((len(x),), now, device=x.device)
        v = denoiser(x, t).float()
        signal, noise = signal_and_noise(t)
        x0, n = clean(x, v, t), noise * x + signal * v
        x = x0 if i + 1 == len(path) else noisy(x0, n, torch.full_like(t, path[i + 1]))
    return x0
