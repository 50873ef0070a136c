"""Teaches the decoder to forgive: latents as they were encoded, slightly noised, and, once there is a
student, latents as the student draws them in one step, each with the true picture as target. The
encoder stays as it is, so the student's latents keep their meaning.

Run it while the student trains, and again after: `python -m lab.train.decoder --data TRAIN --work WORK
--tokenizer DIR`
"""
from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from .. import tokenizer as vocabulary
from ..captions import Request, Wish, write
from ..dataset import Dataset
from ..encode import Latents
from ..nets import collapse
from ..sampler import clean
from . import autoencoder, student
from .loop import Average, Run, draws, learning_rate, report, share, spread
from .optimizer import Muon, matrices

SEED, BATCH, PEAK = 15, 6, 1.0e-3


def train(worker: int, workers: int, data_folder: Path, work: Path, tokenizer_folder: Path, steps: int) -> None:
    data, latents = Dataset(data_folder), Latents(work / "latents")
    texts = data.texts()[: latents.count]
    pictures = autoencoder.load(work / "autoencoder.pt")
    pictures.encoder.requires_grad_(False)
    layers = pictures.decoder.train().layers
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    text = student.load_text(work / "text_encoder.pt", tokenizer.get_vocab_size())
    drawing = student.load(work / "student.pt") if (work / "student.pt").exists() else None
    optimizer = Muon(*matrices(pictures.decoder, (layers[0], layers[-1])), weight_decay=1e-3)
    average = Average(pictures.decoder, 0.995)
    run = Run(work / "decoder.pt", steps, {"decoder": pictures.decoder, "optimizer": optimizer}, average, keeper=worker == 0)
    for step in run:
        clock = step * workers + worker
        numbers, generator = draws(SEED, clock)
        rng = random.Random(SEED * 1_000_003 + clock)
        picked = numbers.integers(0, latents.count, BATCH // workers)
        images = autoencoder.to_tensor(np.array(data.images[picked]))
        x = torch.from_numpy(latents.values[picked]).float()
        x = x + 0.25 * torch.rand((len(x), 1, 1, 1), generator=generator) * torch.randn(x.shape, generator=generator)
        if drawing is not None:
            drawn = np.arange(len(picked)) % 3 > 0  # two in three
            captions = [write(Request(tuple(texts[i]["named"].items()), tuple(Wish(**w) for w in texts[i]["wishes"])), rng) for i in picked[drawn]]  # type: ignore[attr-defined]
            z, t = torch.from_numpy(data.noise[picked[drawn]]).float(), torch.full((int(drawn.sum()),), 999)
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                context = text(input_ids=torch.from_numpy(vocabulary.ids(tokenizer, captions))).last_hidden_state
                x[torch.from_numpy(drawn)] = clean(z, drawing(z, t, context).float(), t)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, PEAK, warmup=30)
        with torch.autocast("cpu", torch.bfloat16):
            got = collapse.decode(pictures, x)
        loss = autoencoder.reconstruction_loss(got.float(), images)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        share(pictures.decoder)
        optimizer.step()
        average.update(pictures.decoder, step)
        report(run, 25, loss=loss.item(), mse=(got.float() - images).square().mean().item() / 4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    spread(train, args.workers, args.data, args.work, args.tokenizer, args.steps)
