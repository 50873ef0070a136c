"""Trials are trained as far as one budget goes, each beside what its recipe begins with, and never twice."""
import json
from pathlib import Path

import pytest

from lab import ablations
from lab.ablations import TRIALS, Trial, folder_of
from lab.results import ablated
from lab.train import second_judge
from lab.recipes import teacher
from lab.recipes.material import Material
from lab.train.machine import machine

from .conftest import MODEL, needs_weights


def test_every_trial_has_a_name_of_its_own_and_stands_beside_one_as_it_is() -> None:
    assert len({trial.name for trial in TRIALS}) == len(TRIALS)
    whole = {(trial.recipe, trial.as_it_is) for trial in TRIALS if not trial.without}
    assert all((trial.recipe, trial.as_it_is) in whole for trial in TRIALS)
    assert all(bool(trial.without) == bool(trial.settings) for trial in TRIALS)


def test_a_budget_counts_the_updates_of_every_network() -> None:
    assert Trial("dmd2").length(480) == 400  # five of the fake score to one of the student
    assert Trial("dmd2", "two time scales", ("time_scale=1",)).length(480) == 240
    assert Trial("nitro").length(480) == Trial("pgsb").length(480) == 240
    assert Trial("renderer").length(480) == 480


def test_a_trial_begins_with_what_its_recipe_needs_and_never_with_its_own_end(tmp_path: Path) -> None:
    for name in ("teacher.pt", "dmd2.pt"):
        (tmp_path / name).write_bytes(b"")
    assert {path.name for path in folder_of(Trial("nitro"), tmp_path).iterdir()} == {"teacher.pt", "dmd2.pt"}
    assert {path.name for path in folder_of(Trial("dmd2"), tmp_path).iterdir()} == {"teacher.pt"}


@needs_weights
def test_a_recipe_and_one_without_a_part_become_two_rows(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    material = Material(MODEL, pictures, machine())
    teacher.train(material.at, material, tmp_path, teacher.Config(steps=1, batch=2))
    second_judge.train(material.at, pictures, tmp_path, 2)
    monkeypatch.setattr(ablations, "TRIALS", (Trial("pgsb", settings=()), Trial("pgsb", "random guidance", ("fixed=2",))))
    arguments = {"--model": MODEL, "--data": pictures, "--work": tmp_path, "--heldout": pictures, "--to": tmp_path / "figures", "--updates": 2, "--count": 8}
    monkeypatch.setattr("sys.argv", ["ablations", *(str(word) for pair in arguments.items() for word in pair)])
    ablations.main()
    written = sorted((tmp_path / "figures").glob("*.json"), key=lambda path: path.stem)
    table = ablated([json.loads(path.read_text()) for path in written])
    assert [path.stem for path in written] == ["pgsb", "pgsb-fixed-2"]
    assert "| pgsb | 1 step | nothing |" in table and "| pgsb | 1 step | random guidance |" in table and "2 updates of networks" in table
    stamps = [path.stat().st_mtime_ns for path in written]
    ablations.main()
    assert [path.stat().st_mtime_ns for path in written] == stamps
