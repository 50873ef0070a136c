"""Tables and plots of everything that was measured, as Markdown: what `lab.recipes NAME evaluate` and `lab.evaluate` wrote.

`python -m lab.results lab/results --model vignette --to lab/RESULTS.md`

A folder of results holds NAME.json, the figures, and NAME.csv, what the run reported while it trained. Distances of different
numbers of pictures do not compare, so each number has a table of its own.
"""
from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .plot import bars, plot
from .sampler import counted

HEAD = ("", "attributes", "all five", "things F1", "Fréchet", "sliced W.", "shapes", "outlines", "grain", "diversity", "companions")


@dataclass(frozen=True)
class Measured:
    """One model's figures, by how it was drawn, and the renders' of the same captions."""
    name: str
    pictures: int
    trained: str  # how long, and on what
    renders: dict[str, Any]
    drawn: dict[str, dict[str, Any]]


def of_recipe(path: Path) -> Measured:
    figures = json.loads(path.read_text())
    trained = figures["trained"]
    return Measured(path.stem, figures["pictures"], f"{trained['steps']:,} steps, {trained['minutes']:.0f} minutes, {trained['machine']}", figures["renders"], figures["drawn"])


def of_model(folder: Path) -> Measured:
    """The shipped model, from what `lab.evaluate` wrote beside it."""
    figures = json.loads((folder / "measured.json").read_text())
    minutes = figures["minutes"]
    trained = f"student {minutes['student'] + minutes['finished']:.0f} minutes, autoencoder {minutes['autoencoder']:.0f}, decoder {minutes['decoder']:.0f}, teacher {minutes['teacher']:.0f}, sharpening {minutes['dmd2']:.0f}, 2-core CPU"
    return Measured(folder.name, figures["pictures"], trained, figures["renders"], {counted(int(count)): scores for count, scores in figures["steps"].items()})


def row(name: str, scores: dict[str, Any], of_renders: bool = False) -> str:
    distance, sliced = (scores[f"{key}_between_halves" if of_renders else key] for key in ("frechet", "sliced_wasserstein"))
    shares = ["1"] * 4 if of_renders else [f"{v:.2f}" for v in (*scores["sharpness"], scores["diversity"])]
    unasked = sum(scores["companions"].values()) / len(scores["companions"])
    cells = [name, f"{100 * scores['mean_accuracy']:.1f} %", f"{100 * scores['all_five']:.1f} %", f"{scores['presence_f1']:.3f}", f"{distance:.3g}", f"{sliced:.3g}", *shares, f"{100 * unasked:.0f} %"]
    return "| " + " | ".join(cells) + " |"


def table(measured: list[Measured]) -> str:
    """Models measured on as many pictures each; the renders' own row first."""
    counts = {m.pictures for m in measured}
    if len(counts) != 1:
        raise ValueError(f"measured on {', '.join(map(str, sorted(counts)))} pictures: distances of different numbers do not compare")
    lines = ["| " + " | ".join(HEAD) + " |", "| --- |" + " ---: |" * (len(HEAD) - 1), row("renders", measured[0].renders, of_renders=True)]
    return "\n".join(lines + [row(f"{m.name}, {way}", scores) for m in measured for way, scores in m.drawn.items()])


def ablated(trials: list[dict[str, Any]]) -> str:
    """What was switched off, and whether the distance says that it was worth having: more than the seeds of both spread."""
    lines = ["| | drawn in | without | all five | things F1 | Fréchet | does it help? |", "| --- | --- | --- | ---: | ---: | ---: | --- |"]
    for whole in (t for t in trials if not t["without"]):
        lines.append(tried(whole, "nothing", ""))
        for less in (t for t in trials if t["without"] and (t["recipe"], t["as_it_is"]) == (whole["recipe"], whole["as_it_is"])):
            lines.append(tried(less, less["without"], verdict(distances(whole), distances(less))))
    budgets = {(t["updates"], t["pictures"], len(t["seeds"]), t["machine"]) for t in trials}
    if len(budgets) != 1:
        raise ValueError(f"trials of unequal budgets do not compare: (updates, pictures, seeds, machine) are {', '.join(map(str, sorted(budgets)))}")
    updates, pictures, seeds, machine = budgets.pop()
    return f"""## Does it hold here?

Each recipe with a part of it switched off, {updates:,} updates of networks in all for each, on {machine}; {pictures:,} captions, {seeds} seeds each. Behind
± stands half of what the seeds spread. So small a budget tells what helps at once, not what helps in the end.

""" + "\n".join(lines)


def tried(trial: dict[str, Any], without: str, helps: str) -> str:
    def over_seeds(figure: Callable[[dict[str, Any]], float], form: str) -> str:
        values = [figure(scores) for scores in trial["seeds"]]
        return f"{statistics.mean(values):{form}} ± {(max(values) - min(values)) / 2:{form}}"

    figures = [over_seeds(lambda s: 100 * s["all_five"], ".1f"), over_seeds(lambda s: s["presence_f1"], ".3f"), over_seeds(lambda s: s["frechet"], ".2f")]
    return "| " + " | ".join([trial["recipe"], trial["drawn_in"], without, *figures, helps]) + " |"


def distances(trial: dict[str, Any]) -> list[float]:
    return [scores["frechet"] for scores in trial["seeds"]]


def verdict(whole: list[float], less: list[float]) -> str:
    """Of the distances with a part and without it, a seed each."""
    if max(whole) < min(less):
        return "yes"
    return "no, it costs" if max(less) < min(whole) else "cannot be told"


def page(measured: list[Measured], curves: list[Path], trials: list[dict[str, Any]]) -> str:
    parts = ["""# Results

Captions come from combinations never trained on, with one seed each; the second judge says what is drawn. The renders' row is what it says of
the renderer's own pictures of the same captions; their distances are between two halves, the floor at half the number. Shapes, outlines
and grain are the luminance's energy in three bands of frequency over the renders', diversity the mean distance of pairs over theirs,
companions how often a thing turns up that the renderer adds unasked: gulls at the coast, a cactus in the desert.
`python -m lab.results` writes this page from the files in [results](results); nothing is typed in. Notes on the runs
are in [the lab's README](README.md)."""]
    for count in sorted({m.pictures for m in measured}, reverse=True):
        alike = [m for m in measured if m.pictures == count]
        parts += [f"## {count:,} pictures", table(alike), f"![Fréchet distances](results/frechet-{count}.png)"]
    if trials:
        parts.append(ablated(trials))
    parts += ["## Training", "| | trained for |\n| --- | --- |\n" + "\n".join(f"| {m.name} | {m.trained} |" for m in measured)]
    parts += [f"![{path.stem}](results/{path.name})" for path in curves]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, required=True, help="the shipped model, whose rows come first")
    parser.add_argument("--to", type=Path, required=True)
    args = parser.parse_args()
    measured = [of_model(args.model), *(of_recipe(path) for path in sorted(args.folder.glob("*.json")))]
    curves = []
    for path in sorted(args.folder.glob("*.csv")):
        curves.append(path.with_suffix(".png"))
        plot([path], curves[-1])
    for count in {m.pictures for m in measured}:
        alike = [m for m in measured if m.pictures == count]
        values = {f"{m.name}, {way}": scores["frechet"] for m in alike for way, scores in m.drawn.items()}
        bars(values, "Fréchet distance, second judge", args.folder / f"frechet-{count}.png")
    trials = [json.loads(path.read_text()) for path in sorted((args.folder / "ablations").glob("*.json"))]
    args.to.write_text(page(measured, curves, trials))


if __name__ == "__main__":
    main()
