"""Measures a recipe's checkpoint as it is, finished or not: the figures of `evaluate.py`, on captions never trained on.

A teacher is sampled with 50 steps at every guidance scale asked for; a student at every count of steps. Beside the figures
stands how long the checkpoint was trained, and beside their file what the run reported, for `results.py`.
"""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from ..dataset import Dataset
from ..evaluate import BATCH, EVAL_SEED, Judges, Looks, look_at_renders, truth
from ..nets.unet import UNet2DConditionModel
from ..sampler import OF_FOUR, counted, draw_from, renoised
from .diffusion import ddim
from .material import Material

TEACHER_STEPS = 50
Draw = Callable[[Tensor, Tensor, torch.Generator], Tensor]  # (unit noise, text states, fresh noise) -> latents


def teacher_draws(material: Material, unet: UNet2DConditionModel, guidance: list[float]) -> dict[str, Draw]:
    return {f"guidance {scale:g}": lambda z, text, g, scale=scale: ddim(material.guided(unet, text, scale), z, TEACHER_STEPS) for scale in guidance}


def student_draws(material: Material, unet: UNet2DConditionModel, steps: list[int], own: bool, shift: int) -> dict[str, Draw]:
    """`own`: by Vignette's time steps; otherwise by those of four, noised anew in between."""
    def draw(z: Tensor, text: Tensor, g: torch.Generator, count: int) -> Tensor:
        def answer(x: Tensor, t: Tensor) -> Tensor:
            return material.denoise(unet, x, t, text)

        return draw_from(z, answer, count) if own else renoised(answer, z, OF_FOUR[count], lambda: torch.randn(z.shape, generator=g).to(z.device), shift)

    return {counted(count): lambda z, text, g, count=count: draw(z, text, g, count) for count in steps}


def measure(material: Material, draws: dict[str, Draw], data_folder: Path, work: Path, most: int, seed: int = EVAL_SEED) -> dict[str, object]:
    data, judges = Dataset(data_folder), Judges.load(work)
    count = min(most, data.count)
    labels, things, captions = truth(data, count)
    renders = look_at_renders(data, judges, count)
    drawn = {name: look_at(material, draw, judges, captions, seed).figures(labels, things, renders) for name, draw in draws.items()}
    return {"pictures": count, "renders": renders.figures(labels, things, renders) | renders.floor(), "drawn": drawn}


@torch.no_grad()
def look_at(material: Material, draw: Draw, judges: Judges, captions: list[str], seed: int) -> Looks:
    """One seed a picture, as a page would draw it."""
    looks, c = Looks(), material.model.unet.config
    for first in range(0, len(captions), BATCH):
        part = captions[first : first + BATCH]
        z = torch.cat([torch.randn((1, c.in_channels, c.sample_size, c.sample_size), generator=torch.Generator().manual_seed(seed + first + i)) for i in range(len(part))])
        latents = draw(z.to(material.at.device), material.states(part), torch.Generator().manual_seed(seed + first))
        with material.at.autocast():
            looks.add(judges, material.model.decode(latents).cpu())
    return looks


def save(figures: dict[str, object], checkpoint: Path, to: Path) -> None:
    """The figures and the training of `checkpoint` into `to`, and its table of what it reported beside it."""
    saved = torch.load(checkpoint, weights_only=True, map_location="cpu")
    trained = {"steps": saved["step"], "minutes": saved["seconds"] / 60, "machine": saved["machine"]}
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(json.dumps({"trained": trained} | figures, indent=1) + "\n")
    shutil.copyfile(checkpoint.with_suffix(".csv"), to.with_suffix(".csv"))
