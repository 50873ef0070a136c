"""One table of every measured recipe: what `python -m lab.recipes NAME evaluate` left in a work folder, as Markdown.

`python -m lab.results WORK --to models/lab/RESULTS.md`
"""
from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

HEAD = ("", "attributes", "all five", "things F1", "Fréchet", "sliced W.", "shapes", "outlines", "grain", "diversity")


def row(name: str, scores: dict[str, Any], of_renders: bool = False) -> str:
    distance, sliced = (scores[f"{key}_between_halves" if of_renders else key] for key in ("frechet", "sliced_wasserstein"))
    shares = ["1"] * 4 if of_renders else [f"{v:.2f}" for v in (*scores["sharpness"], scores["diversity"])]
    cells = [name, f"{100 * scores['mean_accuracy']:.1f} %", f"{100 * scores['all_five']:.1f} %", f"{scores['presence_f1']:.3f}", f"{distance:.3g}", f"{sliced:.3g}", *shares]
    return "| " + " | ".join(cells) + " |"


def table(measured: dict[str, dict[str, Any]]) -> str:
    """Of recipes measured on as many pictures each, by name; the renders' own row first."""
    counts = {figures["pictures"] for figures in measured.values()}
    if len(counts) != 1:
        raise ValueError(f"recipes were measured on {', '.join(map(str, sorted(counts)))} pictures: distances of different counts do not compare")
    lines = ["| " + " | ".join(HEAD) + " |", "| --- |" + " ---: |" * (len(HEAD) - 1)]
    lines.append(row("renders", next(iter(measured.values()))["renders"], of_renders=True))
    for recipe, figures in measured.items():
        lines += [row(f"{recipe}, {name}", scores) for name, scores in figures.items() if isinstance(scores, dict) and name != "renders"]
    return "\n".join(lines)


def page(measured: dict[str, dict[str, Any]]) -> str:
    count = next(iter(measured.values()))["pictures"]
    return f"""# Results

{count} captions from combinations never trained on, one seed each, judged by the second judge. The renders' row is what it says of the
renderer's own pictures of the same captions; their distances are between two halves, the floor at half the count. Shapes, outlines and grain
are the luminance's energy in three bands of frequency over the renders', diversity the mean distance of pairs over theirs.

{table(measured)}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--to", type=Path, required=True)
    args = parser.parse_args()
    measured = {path.name.removesuffix(".measured.json"): json.loads(path.read_text()) for path in sorted(args.work.glob("*.measured.json"))}
    if not measured:
        raise SystemExit(f"nothing was measured in {args.work}: python -m lab.recipes NAME evaluate")
    args.to.write_text(page(measured))


if __name__ == "__main__":
    main()
