"""The renderer as teacher: regression on (noise, caption, picture), and a finish by Fréchet distance.

Each noise and caption has one right picture, so the student can be taught by its squared error alone: the honest baseline, and how
the shipped student was made (`train/student.py`). What is left of the error is softness. The finish adds the distance
between the distributions of what is drawn and what was rendered, as three frozen networks of our own see them: one
that learnt to name what latents show, the shipped denoiser, and one that never learnt anything. Each distance is divided by its own
value, so that none drowns the others. A network that is trained against is gamed: the tables judge with others.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..layout import CHANNELS
from ..nets.moments import DIMENSIONS, OF_CAPTION, Joint, Moments, Target, Untrained, pooled
from ..sampler import START, clean, noised
from ..train import perceptual
from ..train.lessons import Lesson, Teacher
from ..train.loop import Average, Run, descend, draws, report
from ..train.machine import Machine
from ..train.optimizer import adamw
from .material import Material

SEED = 25
LOOK = 50  # the step at which the denoiser looks


@dataclass(frozen=True)
class Config:
    steps: int = 6_000
    batch: int = 48
    rate: float = 5e-5
    distance: float = 0.05  # weight of the Fréchet distances' sum beside the error; 0 is plain regression
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


def eyes(material: Material, work: Path, c: Config) -> nn.ModuleList:
    at = material.at
    named, denoiser = perceptual.load(work / perceptual.FILES["latents"]).to(at.device), material.student().eval().requires_grad_(False)
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


def file(_: Config) -> str:
    """The checkpoint's name in the work folder."""
    return "renderer.pt"


def train(at: Machine, material: Material, work: Path, c: Config) -> None:
    torch.manual_seed(SEED)
    teacher = Teacher(material.source.data.folder, Path(c.left_out) if c.left_out else None, material.model.tokenizer, material.model.text.to("cpu"))
    student, seen = material.student().train(), eyes(material, work, c)
    optimizer = adamw(student)
    average = Average(student, c.decay)
    run = Run(work / file(c), c.steps, {"student": student, "eyes": seen, "optimizer": optimizer}, average, keeper=at.keeper)
    if run.step == 0 and c.distance > 0:
        fit(seen, teacher, c, at)
    for step in run:
        numbers, generator = draws(SEED, at.clock(step))
        lesson = teacher.lesson(at.part(c.batch), numbers, generator).to(at.device)
        drawn = draw(material, student, lesson)
        error = ((drawn - lesson.x0).square() * lesson.weight).mean()
        loss, distances = error, []
        if c.distance > 0:
            distances = [eye(drawn, embedding(lesson)) for eye in seen]
            loss = loss + c.distance * sum(d / d.detach().clamp(min=1e-6) for d in distances)
        descend(loss, student, optimizer, average, step, c.rate, clip=1.0)
        report(run, 20, error=error.item(), **{f"distance_{i}": d.item() for i, d in enumerate(distances)})


def draw(material: Material, student: nn.Module, lesson: Lesson) -> Tensor:
    x, t = noised(lesson.z), torch.full((len(lesson.z),), START, device=lesson.z.device)
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
