"""Trains the student: noise and caption in, clean latents out, in one step.

The layout of every training picture was read from its noise, so at t = 999, where the input is that
noise, plain regression has one right answer. A share of each batch learns to finish what a first step
began: the picture on its way to a later time step, under the same noise, and late in training the
student's own first estimate there instead, always with the true latents as target. Where the noise is
ambiguous the first step, under squared errors, answers with the mean: a pale thing. Later steps, under
absolute ones, answer with the median: a thing or none. Latents under a thing weigh more, or small
things would be the last to be learnt.

`python -m lab.train.student --data TRAIN --left-out LEFT_OUT --work WORK --tokenizer DIR`
"""
from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextModel

from ..nets.unet import Away, ResnetBlock2D, Transformer2DModel, UNet2DConditionModel, UNetConfig
from ..sampler import START, clean, noised, onward
from .lessons import Lesson, Teacher
from .loop import Average, Run, draws, learning_rate, report, share, spread
from .optimizer import Muon, matrices
from .text_encoder import Reader, config

SEED, PEAK = 13, 1.5e-3
SCHEDULE = ((START, 24), (749, 6), (666, 2), (499, 8), (332, 2), (249, 6))  # time step, samples per batch
DECIDED = 0.1  # errors of latents above this count as absolute in later steps
OWN_AFTER = 0.5  # share of the run after which later steps start from the student's own estimate


def load_text(path: Path, size: int) -> CLIPTextModel:
    reader = Reader(CLIPTextModel(config(size)))
    reader.load_state_dict(torch.load(path, weights_only=True)["average"])
    return reader.text.eval().requires_grad_(False)


def load(path: Path) -> UNet2DConditionModel:
    """The averaged weights of a run."""
    unet = UNet2DConditionModel(UNetConfig())
    unet.load_state_dict(torch.load(path, weights_only=True)["average"])
    return unet.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def train(worker: int, workers: int, data_folder: Path, left_out: Path, work: Path, tokenizer_folder: Path, steps: int) -> None:
    torch.manual_seed(SEED)
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    teacher = Teacher(data_folder, left_out, tokenizer, load_text(work / "text_encoder.pt", tokenizer.get_vocab_size()))
    unet = UNet2DConditionModel(UNetConfig()).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    unet.apply(_start_quiet)
    nn.init.zeros_(unet.conv_out.weight)
    optimizer = Muon(*matrices(unet, (unet.conv_in, unet.conv_out)))
    average = Average(unet, 0.995)
    run = Run(work / "student.pt", steps, {"unet": unet, "optimizer": optimizer}, average, keeper=worker == 0)
    shares = [(t, n // workers) for t, n in SCHEDULE]
    times, first = torch.cat([torch.full((n,), t) for t, n in shares]), shares[0][1]
    for step in run:
        numbers, generator = draws(SEED, step * workers + worker)
        lesson = teacher.lesson(len(times), numbers, generator)
        x, start = noised(lesson.z), lesson.x0[first:]
        if step > OWN_AFTER * steps:
            start = _own_estimate(unet, x[first:], lesson, range(first, len(times)))
        x = torch.cat([x[:first], onward(x[first:], start, torch.full((len(start),), START), times[first:])]).to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            v = unet(x, times, lesson.context, lesson.away)
        got = clean(x, v.float(), times)
        loss = torch.cat([(got[:first] - lesson.x0[:first]).square(), 2 * F.huber_loss(got[first:], lesson.x0[first:], reduction="none", delta=DECIDED)])
        error = (loss * lesson.weight).mean((1, 2, 3))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, PEAK, warmup=60)
        optimizer.zero_grad(set_to_none=True)
        error.mean().backward()
        share(unet)
        optimizer.step()
        average.update(unet, step)
        report(run, 20, **{f"t{t}": part.mean().item() for (t, _), part in zip(shares, error.split([n for _, n in shares]))})


def _start_quiet(module: nn.Module) -> None:
    """Residual branches begin at nothing, so that depth costs no learning time."""
    if isinstance(module, ResnetBlock2D):
        nn.init.zeros_(module.conv2.weight)
    elif isinstance(module, Transformer2DModel):
        nn.init.zeros_(module.proj_out.weight)


@torch.no_grad()
def _own_estimate(unet: nn.Module, x: Tensor, lesson: Lesson, rows: range) -> Tensor:
    """The student's own one-step latents for some rows of the lesson, `x` as the first step sees them."""
    t = torch.full((len(x),), START)
    with torch.autocast("cpu", torch.bfloat16):
        v = unet(x.to(memory_format=torch.channels_last), t, lesson.context[rows.start : rows.stop], _among(lesson.away, torch.tensor(rows)))
    return clean(x, v.float(), t)


def _among(away: Away | None, chosen: Tensor) -> Away | None:
    """The part of `away` that concerns the `chosen` rows, counted among them."""
    if away is None:
        return None
    kept, place = (away.rows[:, None] == chosen).nonzero(as_tuple=True)
    return replace(away, rows=place, context=away.context[kept], scale=away.scale[kept]) if len(kept) else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--left-out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    spread(train, args.workers, args.data, args.left_out, args.work, args.tokenizer, args.steps)
