"""The table says what was measured, and refuses to compare what does not."""
from pathlib import Path

import pytest

from lab.plot import columns, plot
from lab.results import table

SCORES = {"mean_accuracy": 0.975, "all_five": 0.9, "presence_f1": 0.85, "frechet": 12.34, "sliced_wasserstein": 0.5, "sharpness": [1.0, 0.9, 0.4], "diversity": 0.8}
RENDERS = {"mean_accuracy": 1.0, "all_five": 1.0, "presence_f1": 0.97, "frechet_between_halves": 3.0, "sliced_wasserstein_between_halves": 0.1}


def test_every_recipe_has_its_rows_below_the_renders() -> None:
    lines = table({"dmd2": {"pictures": 20, "renders": RENDERS, "1 step": SCORES}}).splitlines()
    assert len(lines) == 4 and "| renders | 100.0 %" in lines[2] and "| 3 |" in lines[2]
    assert lines[3] == "| dmd2, 1 step | 97.5 % | 90.0 % | 0.850 | 12.3 | 0.5 | 1.00 | 0.90 | 0.40 | 0.80 |"


def test_counts_must_agree() -> None:
    measured = {"a": {"pictures": 20, "renders": RENDERS}, "b": {"pictures": 40, "renders": RENDERS}}
    with pytest.raises(ValueError, match="20, 40"):
        table(measured)


def test_a_run_s_table_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "run.csv").write_text("step,minutes,loss\n0,0.1,2.5\n20,0.2,1.5\n")
    assert columns(tmp_path / "run.csv")["loss"] == [2.5, 1.5]
    plot([tmp_path / "run.csv"], tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
