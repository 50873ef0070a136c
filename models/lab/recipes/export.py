"""A recipe's student as a folder the page and the command line load: its own denoiser and scheduler, all else the shipped model's.

What is shared is the same bytes, so version control and a page's store keep it once.
"""
from __future__ import annotations

import shutil
from pathlib import Path

from ..export import INDEX, SCHEDULER, VERSION, write_json, write_weights
from ..nets.unet import UNet2DConditionModel
from ..stored import UNET

SHARED = ("text_encoder", "tokenizer", "vae", "vae_decoder")


def consistency(shift: int = 1000) -> dict[str, object]:
    """LCM's scheduler over the steps of four; with a shift, NitroFusion's."""
    kept = ("beta_end", "beta_schedule", "beta_start", "num_train_timesteps", "prediction_type")
    name = "LCMScheduler" if shift == 1000 else "TimestepShiftLCMScheduler"
    shifted = {} if shift == 1000 else {"shifted_timestep": shift}
    return {"_class_name": name, "_diffusers_version": VERSION, "original_inference_steps": 4, "timestep_scaling": 10.0} | shifted | {key: SCHEDULER[key] for key in kept}


def export(student: UNet2DConditionModel, model: Path, to: Path, scheduler: dict[str, object]) -> None:
    if to.resolve() == model.resolve():
        raise SystemExit("a student is not exported over the model it shares parts with")
    for name in SHARED:
        if (model / name).exists():
            shutil.copytree(model / name, to / name, dirs_exist_ok=True)
    write_json(INDEX | {"scheduler": ["diffusers", scheduler["_class_name"]]}, to / "model_index.json")
    write_json(scheduler, to / "scheduler" / "scheduler_config.json")
    write_json(student.config.to_json(), to / "unet" / "config.json")
    write_weights(student.state_dict(), to / "unet", UNET)
