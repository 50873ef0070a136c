"""Pictures, noise, captions and labels on disk, and how they are made.

`python -m lab.dataset OUT --count N` writes one folder; sample i depends on (base seed, i) alone, so
any number of workers makes the same bytes. `--kind held-out` draws only combinations training never
sees, each with all five attributes named; `--kind left-out` draws pictures from which something nobody
asked for is missing, and says what: the lessons of negative prompts.
"""
from __future__ import annotations

import argparse
import json
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from .attributes import ATTRIBUTES, THINGS
from .captions import Request, sample, write
from .layout import CHANNELS, GRID, Layout, arrange, cells, noise, unasked
from .paint import render
from .paint.canvas import SIZE
from .paint.things import EXTENT
from .split import held_out, held_out_combinations

WORDINGS = 2
KINDS = ("plain", "held-out", "left-out")
VALUES = {name: tuple(values) for name, values in ATTRIBUTES.items()}
NAMES = tuple(THINGS)


def seed_of(base: int, i: int) -> int:
    return base * 1_000_003 + i


def draw_request(seed: int, kind: str) -> tuple[Request, np.ndarray, str, random.Random]:
    """The request and noise of one sample and what is left out of it, on the wanted side of the split."""
    rng, unseen = random.Random(seed), kind == "held-out"
    while True:
        request = sample(rng, complete=True if unseen else None)
        if unseen:
            combination = rng.choice(held_out_combinations())
            if combination["place"] != request.get("place"):
                continue
            request = Request(tuple(combination.items()), request.wishes)
        z = noise(rng.randrange(1 << 32))
        without = rng.choice(unasked(request, arrange(request, z)) or [""]) if kind == "left-out" else ""
        if held_out(arrange(request, z, without).attributes) == unseen and (without or kind != "left-out"):
            return request, z, without, rng


def focus(layout: Layout) -> np.ndarray:
    """[16, 16] share of each cell that lies under a thing."""
    pixels = np.zeros((SIZE, SIZE), np.float32)
    for item in layout.things:
        half, up, down = (v * item.anchor.scale for v in EXTENT[item.thing])
        x, y = item.anchor.x * SIZE, item.anchor.y * SIZE
        pixels[max(0, int(y - up)) : int(y + down), max(0, int(x - half)) : int(x + half)] = 1
    return pixels.reshape(GRID, SIZE // GRID, GRID, SIZE // GRID).mean((1, 3))


@dataclass
class Sample:
    image: np.ndarray
    cells: np.ndarray  # [12, 16, 16]: all the layout reads of its noise
    labels: np.ndarray  # five attribute indices, then the count of each thing in the picture
    asked: np.ndarray  # five flags (named), then the count asked for of each thing
    focus: np.ndarray
    text: dict[str, object]


def make(seed: int, kind: str) -> Sample:
    request, z, without, rng = draw_request(seed, kind)
    layout = arrange(request, z, without)
    counts = [sum(item.thing == name for item in layout.things) for name in NAMES]
    labels = [VALUES[a].index(layout.attributes[a]) for a in VALUES] + counts
    wished = {wish.thing: wish.count for wish in request.wishes}
    asked = [int(request.get(a) is not None) for a in VALUES] + [wished.get(name, 0) for name in NAMES]
    text = {"captions": [write(request, rng) for _ in range(WORDINGS)], "named": dict(request.named), "wishes": [asdict(w) for w in request.wishes], "without": without}
    return Sample(render(layout), cells(z), np.array(labels, np.int8), np.array(asked, np.int8), focus(arrange(request, z)), text)  # looks also where what is left out would stand


class Dataset:
    """A folder of samples, memory-mapped."""

    def __init__(self, folder: Path, count: int = 0) -> None:
        mode = "w+" if count else "r"
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        if not count:
            count = int((self.folder / "count").read_text())
        width = len(VALUES) + len(NAMES)
        shapes = {"images": ((SIZE, SIZE, 3), np.uint8), "cells": ((CHANNELS, GRID, GRID), np.float16),
                  "labels": ((width,), np.int8), "asked": ((width,), np.int8), "focus": ((GRID, GRID), np.float16)}
        for name, (shape, dtype) in shapes.items():
            path = self.folder / f"{name}.bin"
            setattr(self, name, np.memmap(path, dtype, "w+" if mode == "w+" and not path.exists() else "r+" if mode == "w+" else "r", shape=(count, *shape)))
        self.count = count

    def layout(self, i: int) -> Layout:
        """What picture i is of: drawn again from it, at any size, the picture is the same."""
        drawn = json.loads((self.folder / "drawn.json").read_text())
        request, z, without, _ = draw_request(seed_of(drawn["seed"], i), drawn["kind"])
        return arrange(request, z, without)

    def texts(self) -> list[dict[str, object]]:
        return [json.loads(line) for path in sorted(self.folder.glob("text-*.jsonl")) for line in path.read_text().splitlines()]


def _fill(folder: Path, count: int, first: int, last: int, seed: int, kind: str) -> None:
    data = Dataset(folder, count)
    with open(folder / f"text-{first:08d}.jsonl", "w") as out:
        for i in range(first, last):
            s = make(seed_of(seed, i), kind)
            data.images[i], data.cells[i], data.labels[i], data.asked[i], data.focus[i] = s.image, s.cells, s.labels, s.asked, s.focus
            out.write(json.dumps(s.text) + "\n")


def generate(folder: Path, count: int, seed: int, kind: str, workers: int) -> None:
    Dataset(folder, count)
    (folder / "drawn.json").write_text(json.dumps({"seed": seed, "kind": kind}))
    step = 1000
    with ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(_fill, folder, count, first, min(first + step, count), seed, kind) for first in range(0, count, step)]
        for job in jobs:
            job.result()
    (folder / "count").write_text(str(count))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, default="plain")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    generate(args.out, args.count, args.seed, args.kind, args.workers)
