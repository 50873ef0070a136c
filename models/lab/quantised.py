"""Sets a model beside itself with quantised weights: what the second judge says of the same captions and seeds, and how far latents
and pictures are from those of the first model named. One step, in float32, so that nothing but the weights differs.

`reproduce.sh` leaves the model in float16 in WORK/float16, and `npm run models -- quantise WORK/float16 --to WORK/q4 --weights q4` makes
another such folder. Then, in `models`: `python -m lab.quantised WORK/float16 vignette WORK/q4 --data WORK/heldout --work WORK`
"""
from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from .dataset import VALUES, Dataset
from .evaluate import BATCH, EVAL_SEED, Judges, Looks, look_at_renders, truth
from .pipeline import Pipeline

HEAD = ("", "attributes", "all five", "lost, gained", "things F1", "Fréchet", "latents", "pictures")


@dataclass
class Drawn:
    """One model's pictures, and how far they are from the first model's."""
    looks: Looks = field(default_factory=Looks)
    latents: list[Tensor] = field(default_factory=list)  # relative errors, root mean square
    decibels: list[Tensor] = field(default_factory=list)  # peak signal-to-noise ratios

    def all_five(self, labels: Tensor) -> Tensor:
        return (torch.cat(self.looks.second.attributes) == labels[:, : len(VALUES)]).all(1)


def rms(values: Tensor) -> Tensor:
    return values.flatten(1).square().mean(1).sqrt()


@torch.no_grad()
def draw(models: list[Path], data: Dataset, judges: Judges, count: int) -> list[Drawn]:
    captions, pipelines = truth(data, count)[2], [Pipeline(model) for model in models]
    drawn = [Drawn() for _ in models]
    for first in range(0, count, BATCH):
        seeds = range(EVAL_SEED + first, EVAL_SEED + min(first + BATCH, count))
        base: tuple[Tensor, Tensor] | None = None
        for pipeline, each in zip(pipelines, drawn):
            latents = pipeline.latents(captions[first : first + BATCH], seeds, 1)
            pictures = pipeline.decode(latents)
            base = base or (latents, pictures)
            each.looks.add(judges, pictures)
            each.latents.append(rms(latents - base[0]) / rms(base[0]))
            each.decibels.append(-20 * (rms(pictures - base[1]) / 2).log10())
    return drawn


def row(name: str, drawn: Drawn, base: Drawn, labels: Tensor, asked: Tensor, renders: Looks) -> str:
    figures = drawn.looks.figures(labels, asked, renders)
    mine, others = drawn.all_five(labels), base.all_five(labels)
    cells = [name, f"{100 * figures['mean_accuracy']:.2f} %", f"{100 * figures['all_five']:.1f} %", f"{int((others & ~mine).sum())}, {int((mine & ~others).sum())}",
             f"{figures['presence_f1']:.3f}", f"{figures['frechet']:.2f}"]
    if drawn is base:
        return "| " + " | ".join([*cells, "", ""]) + " |"
    latents, decibels = torch.cat(drawn.latents), torch.cat(drawn.decibels)
    return "| " + " | ".join([*cells, f"{100 * latents.mean():.1f} %", f"{decibels.mean():.1f} dB"]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1000)
    args = parser.parse_args()
    data, judges = Dataset(args.data), Judges.load(args.work)
    count = min(args.count, data.count)
    labels, asked, _ = truth(data, count)
    drawn = draw(args.models, data, judges, count)
    renders = look_at_renders(data, judges, count)
    lines = ["| " + " | ".join(HEAD) + " |", "| --- |" + " ---: |" * (len(HEAD) - 1)]
    print("\n".join(lines + [row(model.name, each, drawn[0], labels, asked, renders) for model, each in zip(args.models, drawn)]))


if __name__ == "__main__":
    main()
