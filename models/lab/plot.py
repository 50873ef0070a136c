"""Draws what training runs reported, one panel a column of their CSV files and one line a run; and bars of figures by name.

`python -m lab.plot WORK/dmd2.csv WORK/dmd2-4.csv --out curves.png`
"""
from __future__ import annotations

import argparse
import csv
from math import isnan
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.figure import Figure


def columns(path: Path) -> dict[str, list[float]]:
    with path.open() as lines:
        rows = list(csv.DictReader(lines))
    return {name: [float(row[name]) for row in rows] for name in (rows[0] if rows else {})}


def plot(paths: list[Path], out: Path) -> None:
    runs = {path.stem: columns(path) for path in paths}
    names = list(dict.fromkeys(name for run in runs.values() for name in run if name not in ("step", "minutes")))
    figure, panels = pyplot.subplots(len(names), 1, figsize=(8, 1.7 * len(names)), sharex=True, squeeze=False)
    for name, panel in zip(names, panels[:, 0]):
        for label, run in runs.items():
            if name in run:
                panel.plot(run["step"], run[name], label=label, linewidth=1)
        values = [value for run in runs.values() for value in run.get(name, ()) if not isnan(value)]
        if values and min(values) > 0 and max(values) > 30 * min(values):
            panel.set_yscale("log")
        panel.set_ylabel(name)
        panel.grid(alpha=0.3)
    panels[0, 0].legend(frameon=False)
    panels[-1, 0].set_xlabel("step")
    _save(figure, out)


def bars(values: dict[str, float], title: str, out: Path) -> None:
    """One horizontal bar a name, in the order given."""
    figure, panel = pyplot.subplots(figsize=(8, 1 + 0.3 * len(values)))
    panel.bar_label(panel.barh(list(values), list(values.values()), height=0.6), fmt="%.3g", padding=3)
    panel.invert_yaxis()
    panel.set_xlabel(title)
    panel.spines[["top", "right"]].set_visible(False)
    _save(figure, out)


def _save(figure: Figure, out: Path) -> None:
    figure.tight_layout()
    figure.savefig(out, dpi=80)
    pyplot.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("curves.png"))
    args = parser.parse_args()
    plot(args.tables, args.out)
