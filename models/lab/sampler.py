"""The few-step rule the page uses, in PyTorch: LCM's with two integer lists and v-prediction.

Every step estimates the clean latents; all but the last noise that estimate again, down to the next
time step, with fresh draws from the same generator that made the first noise.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

STEPS = {1: (999,), 2: (999, 499), 3: (999, 749, 499), 4: (999, 749, 499, 249)}
ALPHA_BAR = (1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float32) ** 2).cumprod(0)
Student = Callable[[Tensor, Tensor, Tensor], Tensor]  # (latents, time step, text states) -> v


def signal_and_noise(t: Tensor) -> tuple[Tensor, Tensor]:
    """sqrt(alpha bar) and sqrt(1 - alpha bar) at integer steps [n], shaped [n, 1, 1, 1]."""
    alpha = ALPHA_BAR[t][:, None, None, None]
    return alpha.sqrt(), (1 - alpha).sqrt()


def clean(x: Tensor, v: Tensor, t: Tensor) -> Tensor:
    """The clean latents that v claims: sqrt(a) x - sqrt(1 - a) v."""
    signal, noise = signal_and_noise(t)
    return signal * x - noise * v


def velocity(x: Tensor, x0: Tensor, t: Tensor) -> Tensor:
    """The v for which `clean` returns x0."""
    signal, noise = signal_and_noise(t)
    return (signal * x - x0) / noise


@torch.no_grad()
def draw(student: Student, text: Tensor, seeds: Sequence[int], steps: int, shape: tuple[int, int, int]) -> Tensor:
    """Clean latents [n, c, h, w] for n captions, each from its own seed."""
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]

    def fresh() -> Tensor:
        return torch.cat([torch.randn((1, *shape), generator=g) for g in generators])

    x = fresh()
    for i, step in enumerate(STEPS[steps]):
        t = torch.full((len(x),), step)
        x = clean(x, student(x, t, text).float(), t)
        if i + 1 < steps:
            signal, noise = signal_and_noise(torch.full((len(x),), STEPS[steps][i + 1]))
            x = signal * x + noise * fresh()
    return x
