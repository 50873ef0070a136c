"""DMD2 (arXiv 2405.14867): a student matches the teacher's distribution, with no pairs and no regression.

The gradient at a drawn picture is the difference of two scores: the frozen teacher's, under guidance, and that of a
second network which follows the student's own distribution, learning on its samples. A head on that network's middle
tells noised renders from noised drawings, and the student is taught by it too: unlike the teacher, it has seen
what is real. Two time scales: the fake score learns at every step, the student at every fifth. For four steps
the student trains on its own way there (backward simulation): its answer, noised anew, is what the next step sees.

The distribution it matches is the teacher's, and what a teacher leaves out gets lost. `pairs` brings back the loss that DMD had
and DMD2 dropped: on noise whose picture is known, the student is told how its answer differs from that. DMD compares by
LPIPS; we compare features of latents and, as these say little of fine detail, the rest is left to the distribution.
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..nets.unet import UNet2DConditionModel
from ..pipeline import Pipeline
from ..sampler import OF_FOUR, clean, renoised
from ..train import perceptual
from ..train.lessons import Teacher
from ..train.loop import Average, Run, descend, draws, report
from ..train.machine import Machine
from ..train.optimizer import adamw
from .diffusion import like, noisy, times, velocity
from .material import Batch, Material, load
from .renderer import draw, ways

SEED = 22
LATER = 0.25  # share of the pairs that are taught a later step


@dataclass(frozen=True)
class Config:
    steps: int = 20_000  # of the fake score
    batch: int = 24
    path: int = 1  # how many steps the student may take: 1, or 4
    time_scale: int = 5  # steps of the fake score to one of the student; 1 switches the two time scales off
    guidance: float = 3.0  # the teacher's
    student_rate: float = 2e-5
    fake_rate: float = 1e-4
    adversary: float = 5e-3  # weight of the head in the student's loss; 0 switches it off
    told_apart: float = 1e-2  # weight of the head's own loss beside the fake score's
    simulate: bool = True  # backward simulation; off, later steps see noised renders
    pairs: float = 0.0  # weight of DMD's loss on known pairs (arXiv 2311.18828, where it is 0.25)
    left_out: str = ""  # with pairs: a folder of lessons in leaving things out; without it, nothing is
    decay: float = 0.99


class Fake(nn.Module):
    """The fake score and the head on its middle."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.unet = unet
        width = unet.map_channels()[-1]
        self.head = nn.Sequential(nn.Conv2d(width, width, 4, stride=2, padding=1), nn.GroupNorm(16, width), nn.SiLU(), nn.Conv2d(width, 1, 1))

    def told(self, x: Tensor, t: Tensor, context: Tensor) -> Tensor:
        """Logits, high for what looks like a noised render."""
        return self.head(self.unet.maps(x, t, context)[-1])


class Pairs:
    """Noise and captions whose right pictures are known."""

    def __init__(self, material: Material, work: Path, c: Config) -> None:
        if c.path != 1:
            raise SystemExit("pairs teach the steps that Vignette takes, not those of four: leave path at 1")
        self.material, self.named = material, perceptual.load(work / perceptual.FILES["latents"]).to(material.at.device)
        self.teacher = Teacher(material.source.data.folder, Path(c.left_out) if c.left_out else None, material.model.tokenizer, Pipeline(material.model.folder).text)

    def distance(self, student: UNet2DConditionModel, rows: int, numbers: np.random.Generator, generator: torch.Generator) -> Tensor:
        """How unlike the right latents the student's are, as a network sees them that tells what latents show."""
        lesson = self.teacher.lesson(rows, numbers, generator).to(self.material.at.device)
        drawn = draw(self.material, student, lesson, ways(rows, round(LATER * rows), int(numbers.integers(1 << 30))))
        with self.material.at.autocast():
            return self.named.distance(drawn, lesson.x0, lesson.weight).mean().float()


def file(c: Config) -> str:
    """The checkpoint's name in the work folder."""
    return "dmd2.pt" if c.path == 1 else f"dmd2-{c.path}.pt"


def takes_own_steps(c: Config) -> bool:
    """A student of one step is never at the others while it trains, and keeps what it began with there."""
    return c.path == 1


def train(at: Machine, material: Material, work: Path, c: Config) -> None:
    torch.manual_seed(SEED)
    teacher, student = load(work / "teacher.pt", material), material.student().train()
    fake = Fake(load(work / "teacher.pt", material).train().requires_grad_(True)).to(at.device)
    optimizer, follower = adamw(student), adamw(fake)
    average = Average(student, c.decay)
    known = Pairs(material, work, c) if c.pairs > 0 else None
    parts = {"student": student, "fake": fake, "optimizer": optimizer, "follower": follower}
    run = Run(work / file(c), c.steps, parts, average, keeper=at.keeper)
    shown = {"matching": 0.0, "fooled": 0.0}
    for step in run:
        numbers, generator = draws(SEED, at.clock(step))
        batch = material.batch(at.part(c.batch), numbers)
        x, t = entrance(material, student, batch, c, int(numbers.integers(c.path)), generator)
        if step % c.time_scale == 0:
            drawn = material.cleaned(student, x, t, batch.context)
            loss, shown = student_loss(material, drawn, teacher, fake, batch, c, generator)
            if known is not None:
                unlike = known.distance(student, at.part(c.batch), numbers, generator)
                loss, shown = loss + c.pairs * unlike, shown | {"unlike": unlike.item()}
            descend(loss, student, optimizer, average, step // c.time_scale, c.student_rate, clip=1.0)
        with torch.no_grad():
            drawn = material.cleaned(student, x, t, batch.context)
        loss, followed = fake_loss(material, drawn, fake, batch, c, generator)
        descend(loss, fake, follower, None, step, c.fake_rate, clip=1.0)
        report(run, 20, **shown, **followed)


def entrance(material: Material, student: UNet2DConditionModel, batch: Batch, c: Config, place: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """What the student sees at the `place`-th of its steps, and which step that is."""
    path = OF_FOUR[4]
    z = like(batch.x0, generator)
    t = torch.full((len(z),), path[place], device=z.device)
    if place == 0:
        return z, t
    if not c.simulate:
        return noisy(batch.x0, z, t), t
    before = renoised(lambda x, t: material.denoise(student, x, t, batch.context), z, path[:place], lambda: like(z, generator))
    return noisy(before, like(before, generator), t), t


def student_loss(material: Material, drawn: Tensor, teacher: UNet2DConditionModel, fake: Fake, batch: Batch, c: Config, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
    """Distribution matching: at x_t, a noised drawing, its gradient at the drawing x is (f - r) / mean|x - r|, where f and r are the
    clean latents that the fake score and the guided teacher claim; and beside it -log D(x_t), the head's (non-saturating) loss."""
    t = times(len(drawn), 20, 980, generator, drawn.device)
    x = noisy(drawn, like(drawn, generator), t)
    with torch.no_grad():
        real = clean(x, material.guided(teacher, batch.context, c.guidance)(x, t), t)
        towards = material.cleaned(fake.unet, x, t, batch.context) - real
        towards = towards / (drawn - real).abs().mean((1, 2, 3), keepdim=True)
    loss = 0.5 * (drawn - (drawn - towards).detach()).square().mean()  # whose gradient at `drawn` is `towards`
    shown = {"matching": towards.square().mean().item(), "fooled": 0.0}
    if c.adversary > 0:
        with material.at.autocast():
            told = fake.told(x, t, batch.context).float()
        loss = loss + c.adversary * F.softplus(-told).mean()
        shown["fooled"] = told.mean().item()
    return loss, shown


def fake_loss(material: Material, drawn: Tensor, fake: Fake, batch: Batch, c: Config, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
    """The fake score's denoising loss on drawings, and the head's on renders and drawings under the same noise."""
    t, n = times(len(drawn), 0, 1000, generator, drawn.device), like(drawn, generator)
    x = noisy(drawn, n, t)
    followed = (material.denoise(fake.unet, x, t, batch.context) - velocity(drawn, n, t)).square().mean()
    if c.adversary == 0:
        return followed, {"followed": followed.item(), "apart": 0.0}
    with material.at.autocast():
        real = fake.told(noisy(batch.x0, n, t), t, batch.context).float()
        made = fake.told(x, t, batch.context).float()
    apart = F.softplus(-real).mean() + F.softplus(made).mean()
    return followed + c.told_apart * apart, {"followed": followed.item(), "apart": apart.item()}
