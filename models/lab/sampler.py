"""The sampler the page uses, in PyTorch: Euler's method with v-prediction, at time steps of our own.

The first step draws; the others look at what it drew under a little noise and put it right. More noise
would hide fine detail from them, and cost some of it with every step. Latents here are variance
preserving, sqrt(a) x0 + sqrt(1 - a) n, which is what the network sees; in sigma space this is diffusers'
EulerDiscreteScheduler. No noise is drawn after the first.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

START = 999
STEPS = {1: (START,), 2: (START, 49), 3: (START, 66, 33), 4: (START, 75, 50, 25)}
OF_FOUR = {1: (999,), 2: (999, 499), 3: (999, 749, 499), 4: (999, 749, 499, 249)}  # LCM's, with four original steps: DMD2's, arXiv 2405.14867
ALPHA_BAR = (1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float32) ** 2).cumprod(0)
Student = Callable[[Tensor, Tensor, Tensor], Tensor]  # (latents, time step, text states) -> v


def counted(steps: int) -> str:
    return f"{steps} step{'s' if steps > 1 else ''}"


def signal_and_noise(t: Tensor) -> tuple[Tensor, Tensor]:
    """sqrt(alpha bar) and sqrt(1 - alpha bar) at integer steps [n], shaped [n, 1, 1, 1]."""
    alpha = ALPHA_BAR.to(t.device)[t][:, None, None, None]
    return alpha.sqrt(), (1 - alpha).sqrt()


def clean(x: Tensor, v: Tensor, t: Tensor) -> Tensor:
    """The clean latents that v claims: sqrt(a) x - sqrt(1 - a) v."""
    signal, noise = signal_and_noise(t)
    return signal * x - noise * v


def noised(z: Tensor) -> Tensor:
    """Unit noise as the first step sees it."""
    return signal_and_noise(torch.tensor([START], device=z.device))[1] * z


def onward(x: Tensor, x0: Tensor, t: Tensor, following: Tensor) -> Tensor:
    """From x at step t to a later step along the straight line in sigma space through x0: the noise between them stays."""
    (signal, noise), (next_signal, next_noise) = signal_and_noise(t), signal_and_noise(following)
    return next_signal * x0 + next_noise * (x - signal * x0) / noise


@torch.no_grad()
def draw(student: Student, text: Tensor, seeds: Sequence[int], steps: int, shape: tuple[int, int, int]) -> Tensor:
    """Clean latents [n, c, h, w] for n captions, each from its own seed."""
    z = torch.cat([torch.randn((1, *shape), generator=torch.Generator("cpu").manual_seed(seed)) for seed in seeds])
    return draw_from(z, lambda x, t: student(x, t, text), steps)


@torch.no_grad()
def draw_from(z: Tensor, student: Callable[[Tensor, Tensor], Tensor], steps: int) -> Tensor:
    """Clean latents from unit noise z; the student here knows its text already."""
    x0 = x = noised(z)
    times = [torch.full((len(x),), t, device=x.device) for t in STEPS[steps]]
    for i, t in enumerate(times):
        if i > 0:
            x = onward(x, x0, times[i - 1], t)
        x0 = clean(x, student(x, t).float(), t)
    return x0


@torch.no_grad()
def draw_anew(student: Student, text: Tensor, seeds: Sequence[int], steps: int, shape: tuple[int, int, int], shift: int = 1000) -> Tensor:
    """Clean latents by LCM's sampler: draw, noise anew, draw again. Each row's noise comes from one generator, its seed's."""
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]

    def fresh() -> Tensor:
        return torch.cat([torch.randn((1, *shape), generator=g) for g in generators])

    return renoised(lambda x, t: student(x, t, text), fresh(), OF_FOUR[steps], fresh, shift)


@torch.no_grad()
def renoised(student: Callable[[Tensor, Tensor], Tensor], z: Tensor, path: Sequence[int], fresh: Callable[[], Tensor], shift: int = 1000) -> Tensor:
    """Along `path` from unit noise z. With `shift` below 1000 the network is told, and its answer is read at, an earlier
    step than the noise is of (NitroFusion, arXiv 2412.02030)."""
    x = z
    for i, now in enumerate(path):
        t = torch.full((len(x),), now * shift // 1000, device=x.device)
        x0 = clean(x, student(x, t).float(), t)
        if i + 1 < len(path):
            signal, noise = signal_and_noise(torch.full_like(t, path[i + 1]))
            x = signal * x0 + noise * fresh()
    return x0
