"""A contact sheet of renders, and how fast one core draws: `python -m lab.paint SHEET.png [--seed N]`."""
from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from PIL import Image

from ..captions import sample
from ..layout import arrange, noise
from . import render
from .canvas import SIZE

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=48)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    asked = [(sample(rng, complete=True), noise(args.seed + i)) for i in range(args.count)]
    started = time.process_time()
    pictures = [render(arrange(request, z)) for request, z in asked]
    print(f"{args.count / (time.process_time() - started):.0f} pictures a second of one core's time")
    columns = 8
    sheet = Image.new("RGB", (columns * (SIZE + 4), -(-args.count // columns) * (SIZE + 4)), "white")
    for i, picture in enumerate(pictures):
        sheet.paste(Image.fromarray(picture), (i % columns * (SIZE + 4), i // columns * (SIZE + 4)))
    sheet.save(args.out)
