"""The table says what was measured, and refuses to compare what does not."""
import json
import re
from pathlib import Path

import pytest

from lab.plot import columns, plot
from lab.results import Measured, ablated, main, of_recipe, page, table, verdict

SCORES = {"mean_accuracy": 0.975, "all_five": 0.9, "presence_f1": 0.85, "frechet": 12.34, "sliced_wasserstein": 0.5, "sharpness": [1.0, 0.9, 0.4], "diversity": 0.8, "companions": {"coast: birds": 0.4, "desert: cactus": 0.6}}
RENDERS = {"mean_accuracy": 1.0, "all_five": 1.0, "presence_f1": 0.97, "frechet_between_halves": 3.0, "sliced_wasserstein_between_halves": 0.1, "companions": {"coast: birds": 0.7, "desert: cactus": 0.5}}


def measured(name: str, pictures: int) -> Measured:
    return Measured(name, pictures, "20 steps", RENDERS, {"1 step": SCORES})


def test_every_recipe_has_its_rows_below_the_renders() -> None:
    lines = table([measured("dmd2", 20)]).splitlines()
    assert len(lines) == 4 and "| renders | 100.0 %" in lines[2] and "| 3 |" in lines[2]
    assert lines[3] == "| dmd2, 1 step | 97.5 % | 90.0 % | 0.850 | 12.3 | 0.5 | 1.00 | 0.90 | 0.40 | 0.80 | 50 % |"


def test_numbers_of_pictures_are_never_mixed_in_a_table() -> None:
    with pytest.raises(ValueError, match="20, 40"):
        table([measured("a", 20), measured("b", 40)])
    text = page([measured("a", 20), measured("b", 40)], [], [])
    assert text.index("## 40 pictures") < text.index("| b, 1 step") < text.index("## 20 pictures") < text.index("| a, 1 step")


def test_a_page_is_written_from_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, model = tmp_path / "results", tmp_path / "shipped"
    folder.mkdir()
    model.mkdir()
    shared = {"pictures": 20, "renders": RENDERS}
    (folder / "dmd2.json").write_text(json.dumps(shared | {"trained": {"steps": 1200, "minutes": 31.4, "machine": "a GPU"}, "drawn": {"4 steps": SCORES}}))
    (folder / "dmd2.csv").write_text("step,minutes,loss\n0,0.1,2.5\n20,0.2,1.5\n")
    (folder / "ablations").mkdir()
    for name, without, distance in (("nitro", "", 9.0), ("nitro-refresh-0", "new heads", 9.5)):
        seeds = [SCORES | {"frechet": distance + 0.1 * i} for i in range(3)]
        (folder / "ablations" / f"{name}.json").write_text(json.dumps({"recipe": "nitro", "without": without, "as_it_is": [], "steps": 240, "updates": 480, "drawn_in": "1 step", "pictures": 300, "machine": "a GPU", "seeds": seeds}))
    (model / "measured.json").write_text(json.dumps(shared | {"minutes": {"student": 10.0, "finished": 5.0, "autoencoder": 3.0, "decoder": 2.0, "teacher": 6.0, "dmd2": 7.0}, "steps": {"1": SCORES}}))
    monkeypatch.setattr("sys.argv", ["results", str(folder), "--model", str(model), "--to", str(tmp_path / "RESULTS.md")])
    main()
    text = (tmp_path / "RESULTS.md").read_text()
    assert "| shipped, 1 step |" in text and "| dmd2, 4 steps |" in text and "| dmd2 | 1,200 steps, 31 minutes, a GPU |" in text
    assert "| shipped | student 15 minutes, autoencoder 3, decoder 2, teacher 6, sharpening 7" in text and of_recipe(folder / "dmd2.json").name == "dmd2"
    assert "| nitro | 1 step | nothing | 90.0 ± 0.0 | 0.850 ± 0.000 | 9.10 ± 0.10 |  |" in text and "9.60 ± 0.10 | yes |" in text
    for picture in re.findall(r"\]\(results/(.+?\.png)\)", text):
        assert (folder / picture).read_bytes().startswith(b"\x89PNG")


def test_trials_of_unequal_budgets_are_never_mixed_in_a_table() -> None:
    trial = {"recipe": "nitro", "as_it_is": [], "drawn_in": "1 step", "without": "", "pictures": 20, "seeds": [SCORES], "machine": "a GPU"}
    with pytest.raises(ValueError, match=r"unequal budgets.*\(120, 20, 1, 'a GPU'\), \(480, 20, 1, 'a GPU'\)"):
        ablated([trial | {"updates": 480}, trial | {"updates": 120}])


def test_a_part_helps_if_every_seed_is_nearer_with_it() -> None:
    assert verdict([9.0, 9.2], [9.3, 9.4]) == "yes"
    assert verdict([9.3, 9.4], [9.0, 9.2]) == "no, it costs"
    assert verdict([9.0, 9.3], [9.2, 9.4]) == "cannot be told"


def test_a_run_s_table_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "run.csv").write_text("step,minutes,loss\n0,0.1,2.5\n20,0.2,1.5\n")
    assert columns(tmp_path / "run.csv")["loss"] == [2.5, 1.5]
    plot([tmp_path / "run.csv"], tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_column_that_is_reported_late_has_the_scale_that_its_numbers_ask_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.csv").write_text("step,minutes,loss,pairs,never\n0,0.1,2.5,nan,nan\n20,0.2,1.5,100,nan\n40,0.3,1.2,1,nan\n")
    scales: list[str] = []
    monkeypatch.setattr("lab.plot._save", lambda figure, out: scales.extend(panel.get_yscale() for panel in figure.axes))
    plot([tmp_path / "run.csv"], tmp_path / "curves.png")
    assert scales == ["linear", "log", "linear"]
