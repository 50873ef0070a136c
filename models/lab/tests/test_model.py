"""The exported folder: complete, small enough, and it draws."""
import json
import shutil
from pathlib import Path

import numpy as np
import torch

from lab.card import card
from lab.export import BYTES, INDEX, SCHEDULER, export_student, total_bytes
from lab.nets.unet import UNetConfig
from lab.pipeline import Pipeline
from lab.stored import UNET, blocks_file, half_file, number_format, weights

from .conftest import MODEL, needs_weights

pytestmark = needs_weights


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
    folder = tmp_path / "unet"
    shutil.copytree(MODEL / "unet", folder)
    assert number_format(folder, UNET) == "q8"
    trained = {name: value * 0.5 for name, value in weights(folder, UNET).items()}
    torch.save({"average": trained}, tmp_path / "dmd2.pt")
    export_student(tmp_path / "dmd2.pt", tmp_path)
    written = weights(folder, UNET)
    assert written.keys() == trained.keys() and all(torch.equal(written[name], trained[name].half().float()) for name in written)
    assert number_format(folder, UNET) == "f16" and half_file(folder, UNET).exists() and not blocks_file(folder, UNET).exists()


def test_a_card_says_which_weights_its_figures_are_of() -> None:
    measured = json.loads((MODEL / "measured.json").read_text())
    assert (MODEL / "CARD.md").read_text() == card(MODEL, measured), "run `python -m lab.card`"
    assert "figures of the float16 weights" in card(MODEL, measured)
    assert "The shipped weights were run" in card(MODEL, measured | {"weights": "q8"})
