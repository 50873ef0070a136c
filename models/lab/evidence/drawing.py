"""Pictures from this project's engine, through its command line. One that is there already and says it
was made from the same recipe is not drawn again, so a measurement goes on where it was stopped. Of every
setting one is always drawn: it tells what a recipe without words for it means today.
"""
from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[3]
RECIPE = "onestroke-image"  # the keyword of the PNG's text
Recipe = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """A method and its strength."""
    method: str  # "nasa", "nag", "vsf", or "weight": the negative is said in the prompt, and weighs so much below 0
    scale: float

    @property
    def name(self) -> str:
        return f"weight -{self.scale:g}" if self.method == "weight" else f"{self.method.upper()} {self.scale:g}"


@dataclass(frozen=True)
class Job:
    """One picture of one step. A negative without a setting is steered at the default strength, whatever that is."""
    out: Path
    prompt: str
    seed: int
    negative: str = ""
    setting: Setting | None = None

    @property
    def asked(self) -> Recipe:
        """Its texts and seed."""
        if self.setting and self.setting.method == "weight":
            return {"prompt": f"{self.prompt} ({self.negative}:-{self.setting.scale:g})", "seed": str(self.seed), "negative": ""}
        return {"prompt": self.prompt, "seed": str(self.seed), "negative": self.negative}

    def line(self) -> str:
        """As `npm run generate -- --batch` reads it."""
        strength = {self.setting.method: self.setting.scale} if self.setting and self.setting.method != "weight" else {}
        return json.dumps(self.asked | {"out": str(self.out)} | strength)

    def is_drawn(self, like: Recipe) -> bool:
        """Whether the picture is there, from a recipe that is `like` in all that a job leaves to the engine."""
        try:
            recipe = _recipe(self.out)
        except (OSError, KeyError):  # not there, cut short, or no picture of ours
            return False
        return recipe == like | self.asked


def setting_of(path: Path) -> Setting:
    """How strongly a steered picture was steered."""
    steering = _recipe(path)["steering"]
    return Setting(steering["method"], steering["scale"])


def pixels(path: Path) -> np.ndarray:
    """[height, width, 3] uint8."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _recipe(path: Path) -> Recipe:
    with Image.open(path) as picture:
        picture.load()
        return json.loads(picture.info[RECIPE])


def draw(model: Path, jobs: Sequence[Job], engine: str) -> None:
    """Draws what is missing."""
    samples = {_kind(job): job for job in jobs}
    _generate(model, list(samples.values()), engine)
    like = {kind: _recipe(sample.out) for kind, sample in samples.items()}
    missing = [job for job in jobs if not job.is_drawn(like[_kind(job)])]
    print(f"{len(jobs)} pictures, {len(missing)} of them to draw", flush=True)
    if missing:
        _generate(model, missing, engine)


def _kind(job: Job) -> tuple[Setting | None, bool, bool]:
    """Jobs of one kind differ in texts and seed alone: a recipe also says whether a bracket in it is one, and how many rows there are."""
    return job.setting, job.negative == "", "(" in job.negative


def _generate(model: Path, jobs: Sequence[Job], engine: str) -> None:
    """All in one process."""
    for folder in {job.out.parent for job in jobs}:
        folder.mkdir(parents=True, exist_ok=True)
    batch = jobs[0].out.parent / "batch.jsonl"
    batch.write_text("".join(job.line() + "\n" for job in jobs))
    command = ["npm", "run", "--silent", "generate", "--", "--model", str(model.resolve()), "--batch", str(batch.resolve()), "--engine", engine, "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for done, _ in enumerate(process.stdout, 1):
            if done % 50 == 0:
                print(f"{done} of {len(jobs)}", flush=True)
    if process.returncode:
        raise SystemExit(f"drawing ended with status {process.returncode}; run again to go on")
