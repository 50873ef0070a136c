"""The teacher: a text-conditional latent diffusion model with classifier-free guidance (arXiv 2207.12598).

Its noise has nothing to do with the picture's layout, unlike the renderer's lessons, so it learns the distribution
of pictures given a caption: what the other recipes' students are to match. It begins as the shipped student, which
speaks the same v-prediction and knows the world already, and unlearns that the noise decides.
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..nets.unet import UNet2DConditionModel
from ..train.loop import Average, Run, descend, draws, learning_rate, report
from ..train.machine import Machine
from ..train.optimizer import Muon, matrices
from .diffusion import like, noisy, times, velocity
from .material import Material

SEED = 21


@dataclass(frozen=True)
class Config:
    steps: int = 20_000
    batch: int = 48
    peak: float = 1e-3
    silent: float = 0.1  # share of rows whose caption is dropped, so that guidance has something to guide away from
    decay: float = 0.998


def file(_: Config) -> str:
    """The checkpoint's name in the work folder."""
    return "teacher.pt"


def train(at: Machine, material: Material, work: Path, c: Config) -> None:
    torch.manual_seed(SEED)
    unet = material.student().train()
    optimizer = Muon(*matrices(unet, (unet.conv_in, unet.conv_out)))
    average = Average(unet, c.decay)
    run = Run(work / file(c), c.steps, {"unet": unet, "optimizer": optimizer}, average, keeper=at.keeper)
    for step in run:
        numbers, generator = draws(SEED, at.clock(step))
        batch = material.batch(at.part(c.batch), numbers, c.silent)
        loss = denoising_loss(material, unet, batch.x0, batch.context, generator)
        descend(loss, unet, optimizer, average, step, learning_rate(step, c.steps, c.peak, warmup=100), clip=1.0)
        report(run, 20, loss=loss.item())


def denoising_loss(material: Material, unet: UNet2DConditionModel, x0: Tensor, context: Tensor, generator: torch.Generator) -> Tensor:
    """Squared error of v at random steps: how well the network follows the distribution of x0."""
    t, n = times(len(x0), 0, 1000, generator, x0.device), like(x0, generator)
    return (material.denoise(unet, noisy(x0, n, t), t, context) - velocity(x0, n, t)).square().mean()
