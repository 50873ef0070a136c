"""The exported folder: complete, small enough, and it draws."""
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from lab.export import BYTES, INDEX, SCHEDULER, export_student, total_bytes
from lab.nets.unet import UNetConfig
from lab.pipeline import Pipeline

MODEL = Path(__file__).parents[2] / "vignette"
pytestmark = pytest.mark.skipif(not (MODEL / "unet" / "diffusion_pytorch_model.fp16.safetensors").exists(), reason="no weights exported here")


def test_it_is_at_most_32_megabytes() -> None:
    assert total_bytes(MODEL) <= BYTES


def test_the_configs_are_what_export_writes() -> None:
    assert json.loads((MODEL / "model_index.json").read_text()) == INDEX
    assert json.loads((MODEL / "scheduler" / "scheduler_config.json").read_text()) == SCHEDULER
    assert UNetConfig.from_json(json.loads((MODEL / "unet" / "config.json").read_text())) == UNetConfig()


def test_it_draws_and_a_seed_repeats() -> None:
    pipeline = Pipeline(MODEL)
    prompt = "a lighthouse on a cliff at sunset, two sailboats"
    first, again = (pipeline.images([prompt], [3], 1)[0] for _ in range(2))
    assert np.array_equal(first, again)
    assert first.std() > 20
    assert pipeline.images([prompt], [3], 4).shape == (1, 256, 256, 3)


def test_a_recipe_s_student_takes_the_place_of_the_model_s_own(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    shared = load_file(MODEL / "unet" / "diffusion_pytorch_model.fp16.safetensors")
    trained = {name: value.float() * 0.5 for name, value in shared.items()}
    torch.save({"average": trained}, tmp_path / "dmd2.pt")
    export_student(tmp_path / "dmd2.pt", tmp_path)
    written = load_file(tmp_path / "unet" / "diffusion_pytorch_model.fp16.safetensors")
    assert written.keys() == shared.keys() and all(torch.equal(written[name], trained[name].half()) for name in written)
