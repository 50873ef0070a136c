"""PG-SB and NASA-T (SNOOPI, arXiv 2412.02687): a one-step student by variational score distillation, guided at random.

As in SwiftBrush, the gradient at a drawn picture is the frozen teacher's score, under guidance, less that of a second
teacher which follows the student: the same network with low-rank additions (`nets/lora.py`). The teacher's guidance scale is
drawn anew for every picture, uniformly from least to most, so that no one scale's faults are learnt; `fixed` makes it one number. With `away`,
the teacher is guided away from a negative text, and the student's cross-attentions are steered away from it too, each
row by a strength of its own (NASA-T), so that steering at sampling is something it knows.
"""
from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..nets.lora import added
from ..nets.unet import Away, UNet2DConditionModel
from ..sampler import START, clean
from ..train.lessons import FAULTS
from ..train.loop import Average, Run, descend, draws, report
from ..train.machine import Machine
from ..train.optimizer import adamw
from .diffusion import like, noisy, times
from .material import Material, load
from .teacher import denoising_loss

SEED = 24


@dataclass(frozen=True)
class Config:
    steps: int = 10_000
    batch: int = 24
    least: float = 0.5  # of the teacher's guidance scale ...
    most: float = 4.0
    fixed: float = 0.0  # ... or, above 0, this one scale for every picture
    away: bool = False  # NASA-T
    student_rate: float = 1e-5
    follower_rate: float = 1e-3
    rank: int = 16
    scale: float = 32.0
    decay: float = 0.99


def file(c: Config) -> str:
    """The checkpoint's name in the work folder."""
    return "pgsb-away.pt" if c.away else "pgsb.pt"


def takes_own_steps(_: Config) -> bool:
    """A student of one step keeps what it began with at the others."""
    return True


def train(at: Machine, material: Material, work: Path, c: Config) -> None:
    torch.manual_seed(SEED)
    teacher, student = load(work / "teacher.pt", material), material.student().train()
    follower = material.ready(added(load(work / "teacher.pt", material), c.rank, c.scale))  # type: ignore[arg-type]
    optimizer, following = adamw(student), adamw(follower)
    average = Average(student, c.decay)
    parts = {"student": student, "follower": follower, "optimizer": optimizer, "following": following}
    run = Run(work / file(c), c.steps, parts, average, keeper=at.keeper)
    for step in run:
        numbers, generator = draws(SEED, at.clock(step))
        batch = material.batch(at.part(c.batch), numbers)
        z, rows = like(batch.x0, generator), len(batch.x0)
        negative, away = steered(material, rows, random.Random(int(numbers.integers(1 << 62))), generator) if c.away else (None, None)
        scale = torch.full((rows, 1, 1, 1), c.fixed) if c.fixed > 0 else torch.empty(rows, 1, 1, 1).uniform_(c.least, c.most, generator=generator)
        drawn = answer(material, student, z, batch.context, away)
        t = times(rows, 20, 980, generator, at.device)
        n = like(drawn, generator)
        with torch.no_grad():
            x = noisy(drawn, n, t)
            real = clean(x, material.guided(teacher, batch.context, scale.to(at.device), negative)(x, t), t)
            towards = material.cleaned(follower, x, t, batch.context) - real
            towards = towards / (drawn - real).abs().mean((1, 2, 3), keepdim=True)
        loss = 0.5 * (drawn - (drawn - towards).detach()).square().mean()  # whose gradient at `drawn` is `towards`
        descend(loss, student, optimizer, average, step, c.student_rate, clip=1.0)
        followed = denoising_loss(material, follower, drawn.detach(), batch.context, generator)
        descend(followed, follower, following, None, step, c.follower_rate, clip=1.0)
        report(run, 20, matching=towards.square().mean().item(), followed=followed.item())


def answer(material: Material, student: UNet2DConditionModel, z: Tensor, context: Tensor, away: Away | None) -> Tensor:
    """The student's one step, steered away from a negative text in every cross-attention (v3, eq. 7 to 9) if there is one."""
    t = torch.full((len(z),), START, device=z.device)
    with material.at.autocast():
        v = student(z.contiguous(memory_format=torch.channels_last), t, context, away).float()
    return clean(z, v, t)


def steered(material: Material, rows: int, rng: random.Random, generator: torch.Generator) -> tuple[Tensor, Away]:
    """A negative text for every row, and how strongly the student is steered away from it: alpha in 0..1."""
    negative = material.states([rng.choice(FAULTS) for _ in range(rows)])
    strength = torch.rand((rows, 1, 1), generator=generator).to(negative.device)
    return negative, Away(torch.arange(rows, device=negative.device), negative, strength)
