"""The renderer as teacher: regression on (noise, caption, picture), and a finish by Fréchet distance.

Each noise and caption has one right picture, so the student can be taught by its squared error alone: the honest baseline, and how
the shipped student was made (`train/student.py`). What is left of the error is softness. The finish adds features beside the
error, and the distance between the distributions of what is drawn and what was rendered, as three frozen networks of our own
see them: one that learnt to name what latents show, the shipped denoiser, and one that never learnt anything. Each
distance is divided by its own value, so that none drowns the others. A network that is trained against is gamed: the
tables judge with others. Steps two to four are taught on beside the first, as `train/finish.py` taught them, because all
share their weights.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..layout import CHANNELS
from ..nets.moments import DIMENSIONS, OF_CAPTION, Joint, Moments, Target, Untrained, pooled
from ..nets.perceptual import Perceptual
from ..sampler import STEPS, clean
from ..train import perceptual
from ..train.finish import PARTS, walk
from ..train.lessons import Lesson, Teacher
from ..train.loop import Average, Run, descend, draws, learning_rate, report
from ..train.machine import Machine
from ..train.optimizer import Muon, matrices
from .material import Material

SEED = 25
LOOK = 50  # the step at which the denoiser looks
LATER = tuple(STEPS[of][:which] for of, which, share in PARTS if which > 1 for _ in range(share // 4))  # what later rows take in turn


@dataclass(frozen=True)
class Config:
    steps: int = 6_000
    batch: int = 48
    later: float = 0.25  # share of rows that are taught a later step
    peak: float = 2.5e-4
    features: float = 0.15  # weight of the perceptual distance beside the error
    distance: float = 0.01  # weight of the sum of the Fréchet distances, each by its own value; with features=0 too, 0 is plain regression
    networks: int = 3  # how many are compared in; 1 for the ablation
    fit: int = 100  # batches of renders that fix what they look like
    decay: float = 0.99
    left_out: str = ""  # a folder of lessons in leaving things out; without it, nothing is


class Eye(nn.Module):
    """One frozen network: its view of latents with their captions, and the moments of what it sees."""

    def __init__(self, look: Callable[[Tensor], list[Tensor]], material: Material, seed: int) -> None:
        super().__init__()
        self.look = look
        width = pooled(look(torch.zeros(1, CHANNELS, 32, 32, device=material.at.device))).shape[1]
        self.joint = Joint(width, material.unnamed.shape[2], seed)
        self.target, self.moments = Target(DIMENSIONS + OF_CAPTION), Moments(DIMENSIONS + OF_CAPTION)

    def fit(self, latents: Tensor, captions: Tensor) -> None:
        with torch.no_grad():
            features = torch.cat([pooled(self.look(part)) for part in latents.split(64)])
            self.joint.fit(features, captions)
            self.target.fit(self.joint(features, captions))

    def forward(self, latents: Tensor, captions: Tensor) -> Tensor:
        return self.target.distance(*self.moments(self.joint(pooled(self.look(latents)), captions)))


def eyes(material: Material, named: Perceptual, c: Config) -> nn.ModuleList:
    at, denoiser = material.at, material.student().eval().requires_grad_(False)
    blank = Untrained(CHANNELS, SEED).to(at.device).requires_grad_(False)

    def of(network: Callable[[Tensor], list[Tensor]]) -> Callable[[Tensor], list[Tensor]]:
        def look(x: Tensor) -> list[Tensor]:
            with at.autocast():
                return network(x.contiguous(memory_format=torch.channels_last))
        return look

    def denoising(x: Tensor) -> list[Tensor]:
        return denoiser.maps(x, torch.full((len(x),), LOOK, device=x.device), material.silence(len(x)))

    looks = (of(named.features), of(denoising), of(blank.features))[: c.networks]
    return nn.ModuleList(Eye(look, material, SEED + i) for i, look in enumerate(looks)).to(at.device)


def takes_own_steps(_: Config) -> bool:
    return True


def file(_: Config) -> str:
    """The checkpoint's name in the work folder."""
    return "renderer.pt"


def train(at: Machine, material: Material, work: Path, c: Config) -> None:
    torch.manual_seed(SEED)
    teacher = Teacher(material.source.data.folder, Path(c.left_out) if c.left_out else None, material.model.tokenizer, material.model.text.to("cpu"))
    student, named = material.student().train(), perceptual.load(work / perceptual.FILES["latents"]).to(at.device)
    seen = eyes(material, named, c)
    optimizer = Muon(*matrices(student, (student.conv_in, student.conv_out)))
    average = Average(student, c.decay)
    run = Run(work / file(c), c.steps, {"student": student, "eyes": seen, "optimizer": optimizer}, average, keeper=at.keeper)
    if run.step == 0 and c.distance > 0:
        fit(seen, teacher, c, at)
    for step in run:
        numbers, generator = draws(SEED, at.clock(step))
        rows = at.part(c.batch)
        lesson, paths = teacher.lesson(rows, numbers, generator).to(at.device), ways(rows, round(c.later * rows), at.clock(step))
        drawn, first = draw(material, student, lesson, paths), paths.count(STEPS[1])
        error = ((drawn - lesson.x0).square() * lesson.weight).mean()
        with at.autocast():
            unlike = named.distance(drawn, lesson.x0, lesson.weight).mean()
        loss, distances = error + c.features * unlike, []
        if c.distance > 0:
            distances = [eye(drawn[:first], embedding(lesson)[:first]) for eye in seen]
            loss = loss + c.distance * sum(d / d.detach().clamp(min=1e-6) for d in distances)
        descend(loss, student, optimizer, average, step, learning_rate(step, c.steps, c.peak, warmup=1 + c.steps // 20), clip=1.0)
        report(run, 20, error=error.item(), features=unlike.item(), **{f"distance_{i}": d.item() for i, d in enumerate(distances)})


def ways(rows: int, later: int, clock: int) -> list[Sequence[int]]:
    """The time steps each row takes, of which the last is taught: the first step for most, the others in turn."""
    return [STEPS[1]] * (rows - later) + [LATER[(clock * later + i) % len(LATER)] for i in range(later)]


def draw(material: Material, student: nn.Module, lesson: Lesson, paths: Sequence[Sequence[int]]) -> Tensor:
    """The student's answer at the last step of each row's path, after its own steps along the others."""
    x, t = walk(student, lesson, paths), torch.tensor([path[-1] for path in paths], device=lesson.z.device)
    with material.at.autocast():
        v = student(x.contiguous(memory_format=torch.channels_last), t, lesson.context, lesson.away).float()
    return clean(x, v, t)


def embedding(lesson: Lesson) -> Tensor:
    """A caption as one vector: the mean of its states."""
    return lesson.context.float().mean(1)


def fit(seen: nn.ModuleList, teacher: Teacher, c: Config, at: Machine) -> None:
    """Shows the renders to every network, once; all processes see the same."""
    lessons = [teacher.lesson(c.batch, *draws(SEED + 1000, i)).to(at.device) for i in range(c.fit)]
    latents, captions = torch.cat([lesson.x0 for lesson in lessons]), torch.cat([embedding(lesson) for lesson in lessons])
    for eye in seen:
        eye.fit(latents, captions)
