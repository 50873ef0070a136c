"""Weights as a model's folder stores them: in float16, or in blocks of 8 or 4 bits (docs/quantisation.md)."""
from __future__ import annotations

from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, stack

BLOCK_INPUTS = 32  # inputs of one output that share a scale
SCALES, MINIMA = ".scales", ".minima"  # what is stored beside a weight in blocks, after its name
UNET = VAE = "diffusion_pytorch_model"  # stems of the files in a network's folder
TEXT_ENCODER = "model"


def half_file(folder: Path, stem: str) -> Path:
    """The file of a network's weights in float16, as published models name it."""
    return folder / f"{stem}.fp16.safetensors"


def blocks_file(folder: Path, stem: str) -> Path:
    """The file of the same in blocks, as `npm run models -- quantise` names it."""
    return folder / f"{stem}.safetensors"


def weights_file(folder: Path, stem: str) -> Path:
    """The file that there is. Of two it is the one in float16, as for the page."""
    half = half_file(folder, stem)
    return half if half.exists() else blocks_file(folder, stem)


def weights(folder: Path, stem: str) -> dict[str, Tensor]:
    """All weights of a network in float32."""
    stored = load_file(weights_file(folder, stem))
    return {name: restored(stored, name) for name in stored if not name.endswith((SCALES, MINIMA))}


def restored(stored: dict[str, Tensor], name: str) -> Tensor:
    """A weight as it is stored, or as its blocks stand for."""
    values, scales, minima = (stored.get(name + part) for part in ("", SCALES, MINIMA))
    if scales is None:
        return values.float()
    scale = scales.float().repeat_interleave(BLOCK_INPUTS, 1)
    if minima is None:
        return scale * values
    return minima.float().repeat_interleave(BLOCK_INPUTS, 1) + scale * stack((values & 15, values >> 4), 2).flatten(1, 2)


def number_format(folder: Path, stem: str) -> str:
    """What most weights of a network are stored in: "f16", "q8" or "q4"."""
    with safe_open(weights_file(folder, stem), "pt") as file:
        names = set(file.keys())
    ends = {name.rpartition(".")[2] for name in names}
    return "q4" if MINIMA[1:] in ends else "q8" if SCALES[1:] in ends else "f16"
