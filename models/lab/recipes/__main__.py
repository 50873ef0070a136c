"""The command line of every recipe.

`python -m lab.recipes teacher train --model vignette --data TRAIN --work WORK --set steps=2000 batch=16`

`train` goes on where it stopped. `--set` changes what the recipe's `Config` says. The same under torchrun, for
several GPUs: `torchrun --nproc-per-node 4 -m lab.recipes teacher train ...`. `evaluate` measures the checkpoint into a file
of figures, `export` writes a folder that the page and the command line load.
"""
from __future__ import annotations

import argparse
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ..export import SCHEDULER
from ..train.machine import machine
from .export import consistency, export
from .material import Material, load
from .measure import measure, save, student_draws, teacher_draws

RECIPES = ("teacher", "dmd2", "nitro", "pgsb", "renderer")


def configured(recipe: ModuleType, changes: list[str]) -> Any:
    """The recipe's configuration with `name=value` changes, each read as what it replaces."""
    config = recipe.Config()
    kinds = {field.name: type(getattr(config, field.name)) for field in fields(config)}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in kinds:
            raise SystemExit(f"{name}: this recipe has {', '.join(kinds)}")
        value = {"True": True, "False": False}[text] if kinds[name] is bool else kinds[name](text)
        config = replace(config, **{name: value})
    return config


def takes_own_steps(recipe: ModuleType, config: Any) -> bool:
    """Whether a student's later steps are at Vignette's own time steps, or at those of four."""
    return bool(getattr(recipe, "takes_own_steps", lambda _: False)(config))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="lab.recipes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("action", choices=("train", "evaluate", "export"))
    parser.add_argument("--model", type=Path, required=True, help="the exported folder whose text encoder and latents are shared")
    parser.add_argument("--data", type=Path, required=True, help="training pictures with their latents")
    parser.add_argument("--work", type=Path, required=True, help="where checkpoints are, and judges")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="changes to the recipe's Config")
    parser.add_argument("--heldout", type=Path, help="evaluate: captions never trained on, with their renders")
    parser.add_argument("--count", type=int, default=2000, help="evaluate: how many of them")
    parser.add_argument("--guidance", type=float, nargs="+", default=[1.0, 2.0, 3.0, 5.0], help="evaluate a teacher: its scales")
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 3, 4], help="evaluate a student: its counts of steps")
    parser.add_argument("--to", type=Path, help="evaluate: the file of figures to write; export: the folder")
    args = parser.parse_args(arguments)
    recipe, at = import_module(f"lab.recipes.{args.recipe}"), machine()
    config, material = configured(recipe, args.set), Material(args.model, args.data, at)
    if args.action == "train":
        recipe.train(at, material, args.work, config)
        return
    checkpoint = args.work / recipe.file(config)
    unet, teaches, own = load(checkpoint, material), args.recipe == "teacher", takes_own_steps(recipe, config)
    shift = getattr(config, "shift", 1000)
    if args.to is None:
        parser.error(f"{args.action} needs --to")
    if args.action == "evaluate":
        if args.heldout is None:
            parser.error("evaluate needs --heldout")
        draws = teacher_draws(material, unet, args.guidance) if teaches else student_draws(material, unet, args.steps, own, shift)
        save(measure(material, draws, args.heldout, args.work, args.count), checkpoint, args.to)
    elif teaches:
        parser.error("a teacher is not exported: the page draws in few steps")
    else:
        export(unet, args.model, args.to, SCHEDULER if own else consistency(shift))


if __name__ == "__main__":
    main()
