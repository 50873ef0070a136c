"""Trains the student: noise and caption in, clean latents out, in one step.

The layout of every training picture was read from its noise, so at t = 999, where the input is that
noise, plain regression has one right answer. Latents under a thing weigh more, or small things would
be the last to be learnt. What later steps are for, `finish.py` teaches.

`python -m lab.train.student --data TRAIN --left-out LEFT_OUT --work WORK --tokenizer DIR`
"""
from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import CLIPTextModel

from ..nets.unet import ResnetBlock2D, Transformer2DModel, UNet2DConditionModel, UNetConfig
from ..sampler import START, clean, noised
from .lessons import Teacher
from .loop import Average, Run, command, descend, draws, learning_rate, report
from .optimizer import Muon, matrices
from .text_encoder import Reader, config

SEED, PEAK, BATCH = 13, 1.5e-3, 48


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
    t = torch.full((BATCH // workers,), START)
    for step in run:
        numbers, generator = draws(SEED, step * workers + worker)
        lesson = teacher.lesson(len(t), numbers, generator)
        x = noised(lesson.z)
        with torch.autocast("cpu", torch.bfloat16):
            v = unet(x.to(memory_format=torch.channels_last), t, lesson.context, lesson.away)
        loss = ((clean(x, v.float(), t) - lesson.x0).square() * lesson.weight).mean()
        descend(loss, unet, optimizer, average, step, learning_rate(step, steps, PEAK, warmup=60))
        report(run, 20, loss=loss.item())


def _start_quiet(module: nn.Module) -> None:
    """Residual branches begin at nothing, so that depth costs no learning time."""
    if isinstance(module, ResnetBlock2D):
        nn.init.zeros_(module.conv2.weight)
    elif isinstance(module, Transformer2DModel):
        nn.init.zeros_(module.proj_out.weight)


if __name__ == "__main__":
    command(__doc__, train, 8000, "data", "left-out", "work", "tokenizer")
