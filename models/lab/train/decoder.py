"""Trains the decoder that draws: from latents that stay what they are, so that every student of them stays valid.

Three forces on each picture: absolute error and outlines; features of a network that learnt to name what
pictures show; and an adversary that judges patches (latent diffusion's autoencoder: arXiv 2112.10752). Errors
alone ask for the mean of what could be there, which has no rain. The adversary pushes as hard as a fixed share of
what errors and features push, measured at the picture, so that neither drowns the other; it learns before it pulls, or
what it pulls towards is noise.

The latents are those of renders, slightly noised, and what the student draws in one to four steps, each with the true
picture as target. `--renders-alone` leaves the student's out: one that matches a distribution does not draw the render pixel by
pixel, and errors against the render ask for blur there. Layers run one by one: multiplied out (`nets/collapse.py`) a network never sees the zeros its
layers put around the picture, and drew a coloured line there.

With `--size 512` it is the larger decoder of the same latents, one level longer, that begins with the smaller one's levels and
learns from the same pictures drawn at that size: detail that is learnt, not resized.

`python -m lab.train.decoder --model DIR --data TRAIN --left-out LEFT_OUT --work WORK`
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..nets.autoencoder_tiny import LARGE, PICTURE, grow
from ..nets.discriminator import PatchDiscriminator, hinge
from ..paint.canvas import SIZE
from ..pipeline import Pipeline
from ..sampler import STEPS, draw_from
from . import autoencoder, perceptual
from .lessons import Lesson, Teacher
from .loop import Average, Run, descend, draws, learning_rate, report
from .machine import Machine, machine
from .optimizer import Muon, adamw, matrices

SEED, PEAK = 15, 1.0e-3
ADVERSARY_RATE, ADVERSARY_SHARE = 5e-4, 0.6
LEARNS, PULLS, FULLY = 0.08, 0.2, 0.3  # shares of the run after which the adversary learns, begins to pull, and pulls fully
FEATURES = 0.5
CONFIGS = {256: PICTURE, 512: LARGE}
FILES = {256: "decoder.pt", 512: "decoder_512.pt"}


def train(at: Machine, model: Path, data_folder: Path, left_out: Path, work: Path, size: int, steps: int, batch: int, renders_alone: bool = False) -> None:
    torch.manual_seed(SEED)
    pipeline = Pipeline(model)
    teacher = Teacher(data_folder, left_out, pipeline.tokenizer, pipeline.text)
    decoder = grow(pipeline.vae.decoder, pipeline.vae.config, CONFIGS[size]).to(at.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    adversary = PatchDiscriminator(octaves=size // 256 - 1).to(at.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    seen = perceptual.load(work / perceptual.FILES["pictures"]).to(at.device)
    student = None if renders_alone else pipeline.unet.to(at.device)
    optimizer = Muon(*matrices(decoder, (decoder.layers[0], decoder.layers[-1])), weight_decay=1e-3)
    against = adamw(adversary, weight_decay=0.0, betas=(0.5, 0.95))
    average = Average(decoder, 0.998)
    run = Run(work / FILES[size], steps, {"decoder": decoder, "adversary": adversary, "optimizer": optimizer, "against": against}, average, keeper=at.keeper)
    for step in run:
        numbers, generator = draws(SEED, at.clock(step))
        lesson = teacher.lesson(at.part(batch), numbers, generator).to(at.device)
        images = autoencoder.to_tensor(lesson.images(size)).to(at.device)
        x = latents(lesson, student, 1 + step % len(STEPS), at, generator).contiguous(memory_format=torch.channels_last)
        rate = learning_rate(step, steps, PEAK, warmup=min(50, 1 + steps // 10))
        opposed, share = step >= LEARNS * steps, ADVERSARY_SHARE * min(1.0, max(0.0, (step / steps - PULLS) / (FULLY - PULLS)))
        with at.autocast():
            got = decoder(x).float()
        picture = got.detach().requires_grad_()
        error = autoencoder.reconstruction_loss(picture, images)
        with at.autocast():
            distance = seen.distance(*cut(picture, images, numbers), torch.ones_like(images[:, :1, :SIZE, :SIZE])).mean()
        (push,) = torch.autograd.grad(error + FEATURES * distance, picture)
        numbers_shown = {"error": error.item(), "features": distance.item()}
        if share > 0:
            with at.autocast():
                found_out = -adversary(picture, x).float().mean()
            (pull,) = torch.autograd.grad(found_out, picture)
            push = push + pull * (share * push.norm() / pull.norm().clamp(min=1e-12))
        descend((got * push).sum(), decoder, optimizer, average, step, rate)  # whose gradient at the picture is `push`
        if opposed:
            with at.autocast():
                real, fake = adversary(images, x).float(), adversary(picture.detach(), x).float()
            descend(hinge(real, fake), adversary, against, None, step, ADVERSARY_RATE)
            numbers_shown |= {"real": real.mean().item(), "fake": fake.mean().item()}
        else:
            numbers_shown |= {"real": 0.0, "fake": 0.0}
        report(run, 25, **numbers_shown)


def cut(picture: Tensor, images: Tensor, numbers: np.random.Generator) -> tuple[Tensor, Tensor]:
    """The same part of both, as large as the pictures whose features were learnt: what is compared has their scale, and costs no more."""
    top, left = (int(numbers.integers(0, side - SIZE + 1)) for side in picture.shape[2:])
    return picture[..., top : top + SIZE, left : left + SIZE], images[..., top : top + SIZE, left : left + SIZE]


def latents(lesson: Lesson, student: torch.nn.Module | None, steps: int, at: Machine, generator: torch.Generator) -> Tensor:
    """As they were encoded, slightly noised; of three rows two as the student draws them, if there is one."""
    noise = torch.randn(lesson.x0.shape, generator=generator) * 0.25 * torch.rand((len(lesson.x0), 1, 1, 1), generator=generator)
    encoded = lesson.x0 + noise.to(at.device)
    if student is None:
        return encoded
    with at.autocast():
        drawn = draw_from(lesson.z, lambda x, t: student(x.to(memory_format=torch.channels_last), t, lesson.context, lesson.away), steps)
    own = (torch.arange(len(drawn), device=at.device) % 3 > 0)[:, None, None, None]
    return torch.where(own, drawn, encoded)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for folder in ("model", "data", "left-out", "work"):
        parser.add_argument(f"--{folder}", type=Path, required=True)
    parser.add_argument("--size", type=int, choices=tuple(CONFIGS), default=256)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--renders-alone", action="store_true", help="learn from renders' latents alone, for a student that matches a distribution")
    args = parser.parse_args()
    train(machine(), args.model, args.data, args.left_out, args.work, args.size, args.steps, args.batch, args.renders_alone)
