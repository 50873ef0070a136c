"""The exported folder: complete, small enough, and it draws."""
import json
from pathlib import Path

import numpy as np
import pytest

from lab.export import BYTES, INDEX, SCHEDULER, total_bytes
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
