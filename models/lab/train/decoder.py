"""Teaches the decoder to forgive: latents as they were encoded, slightly noised, and latents as
the finished student draws them in one to four steps, each with the true picture as target. The encoder
stays as it is, so the student's latents keep their meaning.

`python -m lab.train.decoder --data TRAIN --left-out LEFT_OUT --work WORK --tokenizer DIR`
"""
from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer

from ..nets import collapse
from ..sampler import STEPS, draw_from
from . import autoencoder, student
from .lessons import Teacher
from .loop import Average, Run, command, descend, draws, learning_rate, report
from .optimizer import Muon, matrices

SEED, BATCH, PEAK = 15, 8, 1.0e-3
UNCOLLAPSED = 0.15  # share of the run, its end, in which the layers run one by one and the picture's border is learnt


def train(worker: int, workers: int, data_folder: Path, left_out: Path, work: Path, tokenizer_folder: Path, steps: int) -> None:
    pictures = autoencoder.load(work / "autoencoder.pt")
    pictures.encoder.requires_grad_(False)
    layers = pictures.decoder.train().layers
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    teacher = Teacher(data_folder, left_out, tokenizer, student.load_text(work / "text_encoder.pt", tokenizer.get_vocab_size()))
    drawing = student.load(work / "finished.pt")
    optimizer = Muon(*matrices(pictures.decoder, (layers[0], layers[-1])), weight_decay=1e-3)
    average = Average(pictures.decoder, 0.995)
    run = Run(work / "decoder.pt", steps, {"decoder": pictures.decoder, "optimizer": optimizer}, average, keeper=worker == 0)
    for step in run:
        numbers, generator = draws(SEED, step * workers + worker)
        lesson = teacher.lesson(BATCH // workers, numbers, generator)
        images = autoencoder.to_tensor(lesson.images())
        x = lesson.x0 + 0.25 * torch.rand((len(images), 1, 1, 1), generator=generator) * torch.randn(lesson.x0.shape, generator=generator)
        with torch.autocast("cpu", torch.bfloat16):
            drawn = draw_from(lesson.z, lambda x, t: drawing(x, t, lesson.context, lesson.away), 1 + step % len(STEPS))
        x = torch.where((torch.arange(len(x)) % 3 > 0)[:, None, None, None], drawn, x)  # all but every third
        decode = pictures.decode if step >= (1 - UNCOLLAPSED) * steps else lambda x: collapse.decode(pictures, x)
        with torch.autocast("cpu", torch.bfloat16):
            got = decode(x.to(memory_format=torch.channels_last))
        loss = autoencoder.reconstruction_loss(got.float(), images)
        descend(loss, pictures.decoder, optimizer, average, step, learning_rate(step, steps, PEAK, warmup=30))
        report(run, 25, loss=loss.item(), mse=(got.float() - images).square().mean().item() / 4)


if __name__ == "__main__":
    command(__doc__, train, 2400, "data", "left-out", "work", "tokenizer")
