"""A few training pictures with latents, drawn once for all tests that train."""
from pathlib import Path

import numpy as np
import pytest

from lab import dataset, encode
from lab.layout import CHANNELS, LATENT
from lab.stored import UNET, weights_file

MODEL = Path(__file__).parents[2] / "vignette"
needs_weights = pytest.mark.skipif(not weights_file(MODEL / "unet", UNET).exists(), reason="no weights exported here")
COUNT = 32


def latents_of(folder: Path) -> Path:
    count = dataset.Dataset(folder).count
    np.memmap(folder / encode.NAME, np.float16, "w+", shape=(count, CHANNELS, LATENT, LATENT)).flush()
    encode.encode(0, 1, folder, MODEL, folder, folder / encode.NAME, count)
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    dataset.generate(folder, COUNT, seed=5, kind="plain", workers=1)
    return latents_of(folder)


@pytest.fixture(scope="session")
def left_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("left-out")
    dataset.generate(folder, COUNT // 2, seed=6, kind="left-out", workers=1)
    return latents_of(folder)
