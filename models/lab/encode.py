"""Encodes a dataset once, so that the student trains on latents alone.

`python -m lab.encode --data DATA --work WORK` writes `latents.bin` beside the pictures; `--model DIR` in
place of `--work` encodes with an exported model's encoder.
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from .dataset import Dataset
from .layout import CHANNELS, LATENT
from .nets import collapse
from .nets.autoencoder_tiny import AutoencoderTiny
from .pipeline import load_autoencoder
from .train.autoencoder import load, to_tensor
from .train.loop import spread

NAME = "latents.bin"


class Latents:
    """[count, 12, 32, 32] float16 beside a dataset's pictures; `count` is how many were encoded."""

    def __init__(self, data_folder: Path) -> None:
        self.values = np.memmap(data_folder / NAME, np.float16, "r").reshape(-1, CHANNELS, LATENT, LATENT)
        self.count = len(self.values)


def encode(worker: int, workers: int, data_folder: Path, model: Path | None, work: Path, to: Path, count: int) -> None:
    """Every `workers`-th batch of 16; all write into one file."""
    data, autoencoder = Dataset(data_folder), _autoencoder(model, work)
    values = np.memmap(to, np.float16, "r+", shape=(count, CHANNELS, LATENT, LATENT))
    for first in range(16 * worker, count, 16 * workers):
        images = to_tensor(np.array(data.images[first : min(first + 16, count)]))
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            values[first : first + 16] = collapse.encode(autoencoder, images).float().numpy().astype(np.float16)
    values.flush()


def _autoencoder(model: Path | None, work: Path) -> AutoencoderTiny:
    return load(work / "autoencoder.pt") if model is None else load_autoencoder(model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--work", type=Path)
    source.add_argument("--model", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    count = Dataset(args.data).count
    partial = (args.data / NAME).with_suffix(".partial")
    np.memmap(partial, np.float16, "w+", shape=(count, CHANNELS, LATENT, LATENT)).flush()
    spread(encode, args.workers, args.data, args.model, args.work, partial, count)
    partial.replace(args.data / NAME)


if __name__ == "__main__":
    main()
