"""NitroFusion (arXiv 2412.02030): a few-step student sharpened by a pool of discriminator heads, and by nothing else.

Heads look at the frozen teacher's maps of a picture noised anew to one of four levels. Each iteration draws a few heads and
makes a few anew (`nets/heads.py`). Refinement goes from the bottom up: the student first learns one step, then two, three
and four, with the same weights.

Where the paper leaves something open, this is our choice: hinge losses; what counts as real is what the renderer drew
(the paper has only its teacher's pictures); with a caption and without means that the teacher's maps are made so. The
paper makes a hundredth of the heads anew; ours are drawn more seldom, and would be gone after a dozen lessons. The student
followed such heads to grey pictures, so a head lives longer here, and at first heads learn alone. A `shift` below 1000 tells
the student an earlier step than its noise is of, at training and at sampling.
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from ..nets.heads import KINDS, Pool
from ..nets.unet import UNet2DConditionModel
from ..sampler import OF_FOUR, clean, renoised
from ..train.loop import Average, Run, descend, draws, report
from ..train.machine import Machine
from ..train.optimizer import adamw
from .diffusion import like, noisy
from .material import Batch, Material, load

SEED = 23
LEVELS = (10, 250, 500, 750)  # steps to which pictures are noised before the heads look


@dataclass(frozen=True)
class Config:
    steps: int = 10_000
    batch: int = 24
    each: int = 2  # heads for every map and kind, one of which is drawn each iteration
    refresh: float = 0.003  # share of heads made anew each iteration; 0 switches it off
    ahead: int = 50  # iterations in which heads learn, and the student does not yet
    patches: bool = True  # heads that judge patches; off, only whole maps
    shift: int = 1000
    student_rate: float = 1e-5
    heads_rate: float = 1e-3
    start: str = "dmd2.pt"  # the student it begins with, in the work folder
    decay: float = 0.99


def file(_: Config) -> str:
    """The checkpoint's name in the work folder."""
    return "nitro.pt"


def train(at: Machine, material: Material, work: Path, c: Config) -> None:
    torch.manual_seed(SEED)
    teacher, student = load(work / "teacher.pt", material), load(work / c.start, material).train().requires_grad_(True)
    pool = Pool(teacher.map_channels(), c.each, KINDS if c.patches else KINDS[:1]).to(at.device)
    optimizer, against = adamw(student), adamw(pool, betas=(0.5, 0.99))
    average = Average(student, c.decay)
    run = Run(work / file(c), c.steps, {"student": student, "pool": pool, "optimizer": optimizer, "against": against}, average, keeper=at.keeper)
    for step in run:
        numbers, generator = draws(SEED, at.clock(step))
        shared = draws(SEED + 1000, step)[1]  # what all processes must agree on: which heads, and which are made anew
        batch = material.batch(at.part(c.batch), numbers)
        most = min(4, 1 + 4 * step // c.steps)
        drawn = draw(material, student, batch, 1 + int(numbers.integers(most)), c.shift, generator)
        level = torch.full((len(drawn),), LEVELS[int(numbers.integers(len(LEVELS)))], device=at.device)
        chosen, n = pool.drawn(shared), like(drawn, generator)
        if step >= c.ahead:
            made = judged(material, teacher, pool, chosen, noisy(drawn, n, level), level, batch.context)
            descend(-torch.stack([h.mean() for h in made]).mean(), student, optimizer, average, step, c.student_rate, clip=1.0)
        made = judged(material, teacher, pool, chosen, noisy(drawn.detach(), n, level), level, batch.context)
        real = judged(material, teacher, pool, chosen, noisy(batch.x0, n, level), level, batch.context)
        apart = told_apart(real, made)
        descend(apart, pool, against, None, step, c.heads_rate, clip=10.0)
        renewed = pool.refresh(c.refresh, against, shared)
        report(run, 20, apart=apart.item(), made=torch.stack([h.mean() for h in made]).mean().item(), steps=most, renewed=len(renewed))


def draw(material: Material, student: UNet2DConditionModel, batch: Batch, steps: int, shift: int, generator: torch.Generator) -> Tensor:
    """The student's answer after `steps` steps; the last is learnt from."""
    path, z = OF_FOUR[steps], like(batch.x0, generator)
    x = z
    if steps > 1:
        before = renoised(lambda x, t: material.denoise(student, x, t, batch.context), z, path[:-1], lambda: like(z, generator), shift)
        x = noisy(before, like(before, generator), torch.full((len(z),), path[-1], device=z.device))
    t = torch.full((len(z),), path[-1] * shift // 1000, device=z.device)
    return clean(x, material.denoise(student, x, t, batch.context), t)


def judged(material: Material, teacher: UNet2DConditionModel, pool: Pool, chosen: list[int], x: Tensor, t: Tensor, context: Tensor) -> list[Tensor]:
    """What the chosen heads say of noised latents x at step t, from the frozen teacher's maps of them."""
    with material.at.autocast():
        named = teacher.maps(x, t, context)
        unnamed = teacher.maps(x, t, material.silence(len(x))) if any(pool.places[i][0].endswith("without") for i in chosen) else named
        return [logits.float() for logits in pool(chosen, named, unnamed)]


def told_apart(real: list[Tensor], made: list[Tensor]) -> Tensor:
    """The heads' hinge loss: 2 for heads that say nothing."""
    return torch.stack([F.relu(1 - r).mean() + F.relu(1 + m).mean() for r, m in zip(real, made)]).mean()
