"""Encodes a dataset once, so that the student trains on latents alone.

`python -m lab.encode --data TRAIN --work WORK --count N`
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from .dataset import Dataset
from .layout import CHANNELS, GRID
from .nets import collapse
from .train.autoencoder import load, to_tensor
from .train.loop import spread


class Latents:
    """[count, 12, 16, 16] float16 on disk; `count` is how many are finished."""

    def __init__(self, path: Path) -> None:
        shape = (-1, CHANNELS, GRID, GRID)
        self.values = np.fromfile(path.with_suffix(".bin"), np.float16).reshape(shape)
        self.count = len(self.values)


def encode(worker: int, workers: int, data_folder: Path, work: Path, count: int) -> None:
    """Every `workers`-th batch of 16; all write into one file."""
    data, autoencoder = Dataset(data_folder), load(work / "autoencoder.pt")
    values = np.memmap(work / "latents.bin", np.float16, "r+", shape=(count, CHANNELS, GRID, GRID))
    for first in range(16 * worker, count, 16 * workers):
        images = to_tensor(np.array(data.images[first : min(first + 16, count)]))
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            values[first : first + 16] = collapse.encode(autoencoder, images).float().numpy().astype(np.float16)
    values.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=24000)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    count = min(args.count, Dataset(args.data).count)
    np.memmap(args.work / "latents.bin", np.float16, "w+", shape=(count, CHANNELS, GRID, GRID)).flush()
    spread(encode, args.workers, args.data, args.work, count)


if __name__ == "__main__":
    main()
