"""Pictures, noise, captions and labels on disk, and how they are made.

`python -m lab.dataset OUT --count N` writes one folder; sample i depends on (base seed, i) alone, so
any number of workers makes the same bytes. `--held-out` draws only combinations training never
sees, each with all five attributes named.
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
from .layout import CHANNELS, GRID, Layout, arrange, noise
from .paint import render
from .paint.canvas import SIZE
from .paint.things import EXTENT
from .split import held_out, held_out_combinations

WORDINGS = 2
VALUES = {name: tuple(values) for name, values in ATTRIBUTES.items()}
NAMES = tuple(THINGS)


def draw_request(seed: int, unseen: bool) -> tuple[Request, np.ndarray, Layout, random.Random]:
    """The request and noise of one sample, on the wanted side of the split."""
    rng = random.Random(seed)
    while True:
        request = sample(rng, complete=True if unseen else None)
        if unseen:
            combination = rng.choice(held_out_combinations())
            if combination["place"] != request.get("place"):
                continue
            request = Request(tuple(combination.items()), request.wishes)
        z = noise(rng.randrange(1 << 32))
        layout = arrange(request, z)
        if held_out(layout.attributes) == unseen:
            return request, z, layout, rng


def focus(layout: Layout) -> np.ndarray:
    """[16, 16] share of each latent cell that lies under a thing."""
    pixels = np.zeros((SIZE, SIZE), np.float32)
    for item in layout.things:
        half, up, down = (v * item.anchor.scale for v in EXTENT[item.thing])
        x, y = item.anchor.x * SIZE, item.anchor.y * SIZE
        pixels[max(0, int(y - up)) : int(y + down), max(0, int(x - half)) : int(x + half)] = 1
    return pixels.reshape(GRID, SIZE // GRID, GRID, SIZE // GRID).mean((1, 3))


@dataclass
class Sample:
    image: np.ndarray
    noise: np.ndarray
    labels: np.ndarray  # five attribute indices, then the count of each thing in the picture
    asked: np.ndarray  # five flags (named), then the count asked for of each thing
    focus: np.ndarray
    text: dict[str, object]


def make(seed: int, unseen: bool) -> Sample:
    request, z, layout, rng = draw_request(seed, unseen)
    counts = [sum(item.thing == name for item in layout.things) for name in NAMES]
    labels = [VALUES[a].index(layout.attributes[a]) for a in VALUES] + counts
    wished = {wish.thing: wish.count for wish in request.wishes}
    asked = [int(request.get(a) is not None) for a in VALUES] + [wished.get(name, 0) for name in NAMES]
    text = {"captions": [write(request, rng) for _ in range(WORDINGS)], "named": dict(request.named), "wishes": [asdict(w) for w in request.wishes]}
    return Sample(render(layout), z, np.array(labels, np.int8), np.array(asked, np.int8), focus(layout), text)


class Dataset:
    """A folder of samples, memory-mapped."""

    def __init__(self, folder: Path, count: int = 0) -> None:
        mode = "w+" if count else "r"
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        if not count:
            count = int((self.folder / "count").read_text())
        width = len(VALUES) + len(NAMES)
        shapes = {"images": ((SIZE, SIZE, 3), np.uint8), "noise": ((CHANNELS, GRID, GRID), np.float16),
                  "labels": ((width,), np.int8), "asked": ((width,), np.int8), "focus": ((GRID, GRID), np.float16)}
        for name, (shape, dtype) in shapes.items():
            path = self.folder / f"{name}.bin"
            setattr(self, name, np.memmap(path, dtype, "w+" if mode == "w+" and not path.exists() else "r+" if mode == "w+" else "r", shape=(count, *shape)))
        self.count = count

    def texts(self) -> list[dict[str, object]]:
        return [json.loads(line) for path in sorted(self.folder.glob("text-*.jsonl")) for line in path.read_text().splitlines()]


def _fill(folder: Path, count: int, first: int, last: int, seed: int, unseen: bool) -> None:
    data = Dataset(folder, count)
    with open(folder / f"text-{first:08d}.jsonl", "w") as out:
        for i in range(first, last):
            s = make(seed * 1_000_003 + i, unseen)
            data.images[i], data.noise[i], data.labels[i], data.asked[i], data.focus[i] = s.image, s.noise, s.labels, s.asked, s.focus
            out.write(json.dumps(s.text) + "\n")


def generate(folder: Path, count: int, seed: int, unseen: bool, workers: int) -> None:
    Dataset(folder, count)
    step = 1000
    with ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(_fill, folder, count, first, min(first + step, count), seed, unseen) for first in range(0, count, step)]
        for job in jobs:
            job.result()
    (folder / "count").write_text(str(count))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    generate(args.out, args.count, args.seed, args.held_out, args.workers)
