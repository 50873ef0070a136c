"""What the papers claim, tried on our data: each recipe as it is, and with one of its parts switched off, at equal budgets.

A budget is a number of updates of networks, the student's and its helpers' together: who switches two time scales off
updates the student more often, and takes fewer steps. Every trial is measured with three seeds a caption, whose spread
says which differences mean anything. A trial that was trained or measured before is not repeated.

`python -m lab.ablations --model vignette --data TRAIN --work WORK --heldout HELDOUT --to lab/results/ablations`
"""
from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from .evaluate import EVAL_SEED
from .recipes.__main__ import configured, takes_own_steps
from .recipes.material import Material, load
from .recipes.measure import measure, student_draws
from .sampler import counted
from .train.machine import described, machine

SEEDS = tuple(EVAL_SEED + 100_000 * i for i in range(3))
NEEDED = ("teacher.pt", "perceptual.pt", "dmd2.pt")  # checkpoints that a recipe begins with


@dataclass(frozen=True)
class Trial:
    """One training: a recipe with settings, of which `without` says what part of it they switch off."""
    recipe: str
    without: str = ""
    settings: tuple[str, ...] = ()
    as_it_is: tuple[str, ...] = ()  # the settings of the trial that this one stands beside
    steps: int = 1  # at which it draws

    @property
    def name(self) -> str:
        return "-".join([self.recipe, *(text.replace("=", "-") for text in (*self.as_it_is, *self.settings))])

    def length(self, updates: int) -> int:
        """How many steps of training the budget gives."""
        if self.recipe == "dmd2":
            scale = configured(import_module("lab.recipes.dmd2"), [*self.as_it_is, *self.settings]).time_scale
            return round(updates / (1 + 1 / scale))
        return updates if self.recipe == "renderer" else updates // 2  # a student alone, or with what it learns from


TRIALS = (
    Trial("dmd2"),
    Trial("dmd2", "two time scales", ("time_scale=1",)),
    Trial("dmd2", "the adversary", ("adversary=0",)),
    Trial("dmd2", as_it_is=("path=4",), steps=4),
    Trial("dmd2", "backward simulation", ("simulate=False",), ("path=4",), steps=4),
    Trial("nitro"),
    Trial("nitro", "new heads", ("refresh=0",)),
    Trial("nitro", "heads for patches", ("patches=False",)),
    Trial("pgsb"),
    Trial("pgsb", "random guidance", ("fixed=2",)),
    Trial("renderer"),
    Trial("renderer", "two of three networks", ("networks=1",)),
)


def folder_of(trial: Trial, work: Path) -> Path:
    """Where a trial's checkpoint lies, beside links to what its recipe begins with."""
    folder = work / "ablations" / trial.name
    folder.mkdir(parents=True, exist_ok=True)
    for name in NEEDED:
        if name != f"{trial.recipe}.pt" and (work / name).exists() and not (folder / name).exists():
            (folder / name).symlink_to((work / name).resolve())
    return folder


def run(trial: Trial, material: Material, work: Path, heldout: Path, updates: int, count: int) -> dict[str, Any]:
    """Trains a trial as far as the budget goes, and measures it with every seed."""
    recipe, length = import_module(f"lab.recipes.{trial.recipe}"), trial.length(updates)
    config = configured(recipe, [*trial.as_it_is, *trial.settings, f"steps={length}"])
    folder = folder_of(trial, work)
    recipe.train(material.at, material, folder, config)
    unet = load(folder / recipe.file(config), material)
    draws = student_draws(material, unet, [trial.steps], takes_own_steps(recipe, config), getattr(config, "shift", 1000))
    drawn = [measure(material, draws, heldout, work, count, seed)["drawn"][counted(trial.steps)] for seed in SEEDS]  # type: ignore[index]
    return {"recipe": trial.recipe, "without": trial.without, "as_it_is": list(trial.as_it_is), "steps": length, "updates": updates,
            "drawn_in": counted(trial.steps), "pictures": count, "machine": described(), "seeds": drawn}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for folder in ("model", "data", "work", "heldout", "to"):
        parser.add_argument(f"--{folder}", type=Path, required=True)
    parser.add_argument("--updates", type=int, default=480, help="the budget: updates of networks, all together")
    parser.add_argument("--count", type=int, default=300, help="pictures a seed")
    parser.add_argument("--only", nargs="*", default=[], help="recipes to try; all of them if none is named")
    args = parser.parse_args()
    material = Material(args.model, args.data, machine())
    args.to.mkdir(parents=True, exist_ok=True)
    for trial in TRIALS:
        file = args.to / f"{trial.name}.json"
        if file.exists() or (args.only and trial.recipe not in args.only):
            continue
        figures = run(trial, material, args.work, args.heldout, args.updates, args.count)
        file.write_text(json.dumps(figures, indent=1) + "\n")
        print(f"{trial.name}: Fréchet {', '.join(format(s['frechet'], '.2f') for s in figures['seeds'])}", flush=True)


if __name__ == "__main__":
    main()
