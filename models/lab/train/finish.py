"""Finishes the student: what steps two to four are for.

They see the student's own latents again under a little noise, and learn to put right what is wrong
with them: a thing that came out soft, a pale double. Each is taught where sampling will find it, at the
end of its own chain of steps. Errors of latents alone would ask for the mean of what could be there;
features (`nets/perceptual.py`) ask for something that could be there, and count beside them. The first
step is taught on as it was, so that it stays what it is. Trained are the time step's part everywhere,
the two finest levels on the way down, and the way up from 8x8; nearly three quarters of the weights stay.

`python -m lab.train.finish --data TRAIN --left-out LEFT_OUT --work WORK --tokenizer DIR`
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from ..sampler import STEPS, clean, noised, onward
from . import perceptual, student
from .lessons import Lesson, Teacher
from .loop import Average, Run, command, descend, draws, learning_rate, report
from .optimizer import Muon, matrices

SEED, PEAK = 17, 5e-4
PARTS = ((1, 1, 12), (2, 2, 8), (3, 2, 4), (3, 3, 4), (4, 2, 4), (4, 3, 4), (4, 4, 8))  # of how many steps, which, samples per batch
TRAINED = re.compile(r"conv_|down_blocks\.[01]\.|up_blocks\.([123]\.|0\.upsamplers)|.*time_emb")
FEATURES = 0.15  # weight of the perceptual distance beside errors of latents


def train(worker: int, workers: int, data_folder: Path, left_out: Path, work: Path, tokenizer_folder: Path, steps: int) -> None:
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    teacher = Teacher(data_folder, left_out, tokenizer, student.load_text(work / "text_encoder.pt", tokenizer.get_vocab_size()))
    unet, seen = student.load(work / "student.pt"), perceptual.load(work / "perceptual.pt")
    for name, parameter in unet.named_parameters():
        parameter.requires_grad_(TRAINED.match(name) is not None)
    optimizer = Muon(*matrices(unet, (unet.conv_out,)))
    average = Average(unet, 0.995)
    run = Run(work / "finished.pt", steps, {"unet": unet, "optimizer": optimizer}, average, keeper=worker == 0)
    paths = [STEPS[of][:which] for of, which, count in PARTS for _ in range(count // workers)]
    times, first = torch.tensor([path[-1] for path in paths]), sum(len(path) == 1 for path in paths)
    for step in run:
        numbers, generator = draws(SEED, step * workers + worker)
        lesson = teacher.lesson(len(paths), numbers, generator)
        x = walk(unet, lesson, paths).to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            v = unet(x, times, lesson.context, lesson.away)
            got = clean(x, v.float(), times)
            distance = seen.distance(got[first:], lesson.x0[first:], lesson.weight[first:])
        error = ((got - lesson.x0).square() * lesson.weight).mean((1, 2, 3))
        loss = torch.cat([error[:first], error[first:] + FEATURES * distance]).mean()
        descend(loss, unet, optimizer, average, step, learning_rate(step, steps, PEAK, warmup=60))
        report(run, 20, first=error[:first].mean().item(), later=error[first:].mean().item(), features=distance.mean().item())


@torch.no_grad()
def walk(unet: nn.Module, lesson: Lesson, paths: Sequence[Sequence[int]]) -> Tensor:
    """What the network sees of each row at the last time step of its path, after its own steps along the others."""
    x = noised(lesson.z)
    for place in range(max(map(len, paths)) - 1):
        rows = torch.tensor([row for row, path in enumerate(paths) if len(path) > place + 1], device=x.device)
        now, following = (torch.tensor([paths[row][at] for row in rows], device=x.device) for at in (place, place + 1))
        seen = x[rows].to(memory_format=torch.channels_last)
        with torch.autocast(x.device.type, torch.bfloat16):
            v = unet(seen, now, lesson.context[rows], lesson.away and lesson.away.among(rows))
        x[rows] = onward(seen, clean(seen, v.float(), now), now, following)
    return x


if __name__ == "__main__":
    command(__doc__, train, 2600, "data", "left-out", "work", "tokenizer")
