"""Pictures from this project's engine, through its command line. One that is there already and says it
was made from the same recipe is not drawn again, so a measurement goes on where it was stopped.
"""
from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[3]
RECIPE = "onestroke-image"  # the keyword of the PNG's text


@dataclass(frozen=True)
class Setting:
    """A method and its strength."""
    method: str  # "nasa" or "nag"
    scale: float

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.scale:g}"


@dataclass(frozen=True)
class Job:
    """One picture of one step. A negative without a setting is steered at the default strength, whatever that is."""
    out: Path
    prompt: str
    seed: int
    negative: str = ""
    setting: Setting | None = None

    def line(self) -> str:
        """As `npm run generate -- --batch` reads it."""
        strength = {self.setting.method: self.setting.scale} if self.setting else {}
        return json.dumps({"prompt": self.prompt, "out": str(self.out), "seed": str(self.seed), "negative": self.negative} | strength)

    def is_drawn(self) -> bool:
        try:
            recipe = _recipe(self.out)
        except (OSError, KeyError):  # not there, cut short, or no picture of ours
            return False
        same = [recipe["prompt"], recipe["seed"], recipe["negative"]] == [self.prompt, str(self.seed), self.negative]
        return same and (self.setting is None or self.setting == setting_of(self.out))


def setting_of(path: Path) -> Setting:
    """How strongly a steered picture was steered."""
    steering = _recipe(path)["steering"]
    return Setting(steering["method"], steering["scale"])


def pixels(path: Path) -> np.ndarray:
    """[height, width, 3] uint8."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _recipe(path: Path) -> dict:  # type: ignore[type-arg]
    with Image.open(path) as picture:
        picture.load()
        return json.loads(picture.info[RECIPE])


def draw(model: Path, jobs: Sequence[Job]) -> None:
    """Draws what is missing, in one process."""
    missing = [job for job in jobs if not job.is_drawn()]
    print(f"{len(jobs)} pictures, {len(missing)} of them to draw", flush=True)
    if not missing:
        return
    for folder in {job.out.parent for job in missing}:
        folder.mkdir(parents=True, exist_ok=True)
    batch = missing[0].out.parent / "batch.jsonl"
    batch.write_text("".join(job.line() + "\n" for job in missing))
    command = ["npm", "run", "--silent", "generate", "--", "--model", str(model.resolve()), "--batch", str(batch.resolve()), "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for done, _ in enumerate(process.stdout, 1):
            if done % 50 == 0:
                print(f"{done} of {len(missing)}", flush=True)
    if process.returncode:
        raise SystemExit(f"drawing ended with status {process.returncode}; run again to go on")
