"""Every recipe learns: on a few pictures, in seconds, what it minimises falls. And a stopped run goes on exactly."""
from importlib import import_module
from pathlib import Path

import pytest
import torch

from lab.nets.heads import Pool
from lab.nets.lora import added
from lab.nets.moments import Moments, pooled
from lab.pipeline import Pipeline
from lab.recipes import dmd2, measure, nitro, pgsb, renderer, teacher
from lab.recipes.__main__ import configured, main, takes_own_steps
from lab.recipes.diffusion import like, noisy
from lab.recipes.material import Material, load
from lab.recipes.measure import student_draws
from lab.results import of_recipe
from lab.sampler import STEPS
from lab.train import perceptual, second_judge
from lab.train.lessons import Teacher
from lab.train.loop import draws
from lab.train.machine import machine

from .conftest import MODEL, needs_weights

pytestmark = needs_weights


@pytest.fixture(scope="module")
def material(pictures: Path) -> Material:
    return Material(MODEL, pictures, machine())


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, material: Material, pictures: Path) -> Path:
    """A work folder in which a teacher and a feature network were trained, briefly."""
    folder = tmp_path_factory.mktemp("work")
    teacher.train(material.at, material, folder, teacher.Config(steps=30, batch=8, decay=0.9))
    perceptual.train(material.at, pictures, folder, "latents", 4)
    return folder


def table(path: Path) -> list[dict[str, float]]:
    head, *rows = [line.split(",") for line in path.read_text().splitlines()]
    return [dict(zip(head, map(float, row))) for row in rows]


def test_the_teacher_learns_that_the_noise_decides_nothing(material: Material, work: Path) -> None:
    batch = material.batch(16, draws(1, 0)[0])
    with torch.no_grad():
        before, after = (teacher.denoising_loss(material, unet, batch.x0, batch.context, draws(1, 0)[1]).item() for unet in (material.student(), load(work / "teacher.pt", material)))
    assert after < 0.7 * before


def test_the_fake_score_follows_the_student_and_the_head_tells_it_from_renders(material: Material, work: Path) -> None:
    """Both on pictures and noise they are not trained on; and the student moves at every fifth step only."""
    c = dmd2.Config(steps=26, batch=8, fake_rate=3e-4, student_rate=1e-5, told_apart=1.0)
    dmd2.train(material.at, material, work, c)
    saved = torch.load(work / "dmd2.pt", weights_only=True)
    assert saved["optimizer"]["state"][0]["step"] == 6  # steps 0, 5 ... 25
    torch.manual_seed(dmd2.SEED)
    fresh, taught, student = dmd2.Fake(load(work / "teacher.pt", material)), dmd2.Fake(load(work / "teacher.pt", material)), material.student()
    taught.load_state_dict(saved["fake"])
    student.load_state_dict(saved["student"])
    batch = material.batch(16, draws(1, 0)[0])
    with torch.no_grad():
        x, t = dmd2.entrance(material, student, batch, c, 0, draws(1, 0)[1])
        drawn = material.cleaned(student, x, t, batch.context)
        (_, before), (_, after) = (dmd2.fake_loss(material, drawn, fake, batch, c, draws(1, 1)[1]) for fake in (fresh, taught))
    assert after["followed"] < before["followed"] and after["apart"] < before["apart"]


def test_a_stopped_recipe_goes_on_exactly(material: Material, work: Path, tmp_path: Path) -> None:
    """Of a four-step student with backward simulation: every part of a run is in its checkpoint."""
    for name, lengths in (("whole", (6,)), ("parts", (3, 6))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "teacher.pt").symlink_to(work / "teacher.pt")
        for steps in lengths:
            torch.manual_seed(steps)  # nothing may hang on the state a process began with
            dmd2.train(material.at, material, folder, dmd2.Config(steps=steps, batch=2, path=4))
    whole, parts = (torch.load(tmp_path / name / "dmd2-4.pt", weights_only=True) for name in ("whole", "parts"))
    for part in ("student", "fake", "average"):
        assert all(torch.equal(whole[part][name], parts[part][name]) for name in whole[part])


def test_heads_of_the_pool_tell_drawings_from_renders_and_are_made_anew(material: Material, work: Path) -> None:
    """And by its end a run has gone from one step up to four."""
    (work / "start.pt").symlink_to(work / "teacher.pt")
    c = nitro.Config(steps=21, batch=8, each=1, refresh=0.0, ahead=10, student_rate=1e-6, start="start.pt")
    nitro.train(material.at, material, work, c)
    assert table(work / "nitro.csv")[-1]["steps"] == 4
    frozen, batch = load(work / "teacher.pt", material), material.batch(16, draws(1, 0)[0])
    torch.manual_seed(nitro.SEED)
    fresh, taught = Pool(frozen.map_channels(), c.each), Pool(frozen.map_channels(), c.each)
    taught.load_state_dict(torch.load(work / "nitro.pt", weights_only=True)["pool"])
    level, n, every = torch.full((16,), nitro.LEVELS[1]), like(batch.x0, draws(1, 0)[1]), list(range(len(fresh.heads)))
    with torch.no_grad():
        drawn = nitro.draw(material, frozen, batch, 1, c.shift, draws(1, 1)[1])
        made, real = (noisy(x, n, level) for x in (drawn, batch.x0))
        before, after = (nitro.told_apart(*(nitro.judged(material, frozen, pool, every, x, level, batch.context) for x in (real, made))) for pool in (fresh, taught))
    assert after < before


@pytest.mark.parametrize(("ahead", "waits"), [(2, True), (1, False)])
def test_a_student_waits_until_heads_have_learnt_something(material: Material, work: Path, tmp_path: Path, ahead: int, waits: bool) -> None:
    (tmp_path / "teacher.pt").symlink_to(work / "teacher.pt")
    nitro.train(material.at, material, tmp_path, nitro.Config(steps=2, batch=2, each=1, ahead=ahead, start="teacher.pt"))
    before, after = (torch.load(path, weights_only=True)[part] for path, part in ((work / "teacher.pt", "average"), (tmp_path / "nitro.pt", "student")))
    assert all(torch.equal(before[name], after[name]) for name in before) == waits


def test_a_share_of_the_pool_is_made_anew_and_forgotten() -> None:
    torch.manual_seed(0)
    pool = Pool([4, 8], each=50)
    optimizer = torch.optim.AdamW(pool.parameters(), lr=1e-3)
    sum(p.sum() for p in pool.parameters()).backward()
    optimizer.step()
    before = [p.clone() for p in pool.heads.parameters()]
    renewed = pool.refresh(0.1, optimizer, torch.Generator().manual_seed(0))
    assert 15 < len(renewed) < 50  # of 300; six standard deviations about 30
    changed = {i for i, head in enumerate(pool.heads) if any(not torch.equal(p, q) for p, q in zip(head.parameters(), before[6 * i : 6 * i + 6]))}
    assert changed == set(renewed)
    assert all((p in optimizer.state) != (i in changed) for i, head in enumerate(pool.heads) for p in head.parameters())


@pytest.mark.parametrize("away", [False, True])
def test_the_second_teacher_follows_the_student(material: Material, work: Path, away: bool) -> None:
    """It begins as the teacher, and its additions learn what the student draws."""
    c = pgsb.Config(steps=16, batch=8, away=away, student_rate=1e-5, follower_rate=2e-3)
    pgsb.train(material.at, material, work, c)
    saved = torch.load(work / pgsb.file(c), weights_only=True)
    fresh, taught = (added(load(work / "teacher.pt", material), c.rank, c.scale) for _ in range(2))
    taught.load_state_dict(saved["follower"])
    student = load(work / pgsb.file(c), material)
    batch = material.batch(16, draws(1, 0)[0])
    with torch.no_grad():
        drawn = pgsb.answer(material, student, like(batch.x0, draws(1, 0)[1]), batch.context, None)
        before, after = (teacher.denoising_loss(material, follower, drawn, batch.context, draws(1, 1)[1]) for follower in (fresh, taught))
    assert after < before


def test_the_renderer_s_finish_lowers_the_error_and_the_distances(material: Material, work: Path, pictures: Path, left_out: Path) -> None:
    """On the few pictures it is taught with, under another draw of their noise."""
    c = renderer.Config(steps=21, batch=16, later=0.25, peak=3e-4, fit=2, left_out=str(left_out), decay=0.5)
    renderer.train(material.at, material, work, c)
    lesson = Teacher(pictures, None, material.model.tokenizer, material.model.text).lesson(32, *draws(1, 0))
    seen = renderer.eyes(material, perceptual.load(work / "perceptual.pt"), c)
    seen.load_state_dict(torch.load(work / "renderer.pt", weights_only=True)["eyes"])
    figures = []
    for student in (material.student(), load(work / "renderer.pt", material)):
        with torch.no_grad():
            drawn = renderer.draw(material, student, lesson, [STEPS[1]] * 32)
            distances = [eye.target.distance(*Moments(96)(eye.joint(pooled(eye.look(drawn)), renderer.embedding(lesson)))) for eye in seen]
            figures.append((((drawn - lesson.x0).square() * lesson.weight).mean().item(), sum(distances).item()))
    before, after = figures
    assert after[0] < before[0] and after[1] < before[1]


def test_a_configuration_is_changed_by_name_and_by_nothing_else() -> None:
    assert configured(dmd2, ["adversary=0", "simulate=False", "path=4"]) == dmd2.Config(adversary=0.0, simulate=False, path=4)
    with pytest.raises(SystemExit, match="this recipe has steps"):
        configured(dmd2, ["speed=9"])


def test_pairs_bring_the_student_nearer_to_what_is_right(material: Material, work: Path, pictures: Path, left_out: Path) -> None:
    """By the pairs' loss alone, in what a network sees; and they are of Vignette's own steps only."""
    (folder := work / "pairs").mkdir()
    for name in ("teacher.pt", "perceptual.pt"):
        (folder / name).symlink_to(work / name)
    c = dmd2.Config(steps=16, batch=8, time_scale=1, student_rate=3e-4, pairs=100.0, left_out=str(left_out), decay=0.5)
    known = dmd2.Pairs(material, folder, c)
    dmd2.train(material.at, material, folder, c)
    with torch.no_grad():
        before, after = (known.distance(student, 16, *draws(1, 0)).item() for student in (material.student(), load(folder / "dmd2.pt", material)))
    assert after < before
    with pytest.raises(SystemExit, match="leave path at 1"):
        dmd2.Pairs(material, folder, dmd2.Config(path=4, pairs=0.5))


@pytest.fixture(scope="module")
def judged(work: Path, material: Material, pictures: Path) -> Path:
    second_judge.train(material.at, pictures, work, 2)
    return work


def run(recipe: str, action: str, pictures: Path, work: Path, *more: str) -> None:
    main([recipe, action, "--model", str(MODEL), "--data", str(pictures), "--work", str(work), *more])


@pytest.mark.parametrize(("recipe", "changes", "scheduler"), [
    ("dmd2", ["path=4"], "LCMScheduler"), ("dmd2", ["pairs=0.5"], "EulerDiscreteScheduler"), ("nitro", ["start=teacher.pt", "shift=500"], "TimestepShiftLCMScheduler"),
    ("pgsb", [], "EulerDiscreteScheduler"), ("renderer", ["fit=2"], "EulerDiscreteScheduler"),
])
def test_a_student_is_trained_measured_exported_and_drawn_with(judged: Path, pictures: Path, tmp_path: Path, recipe: str, changes: list[str], scheduler: str) -> None:
    """By the command line alone. What is exported draws as what was trained, at every count of steps."""
    for part in ("teacher.pt", "perceptual.pt", "second_judge.pt"):
        (tmp_path / part).symlink_to(judged / part)
    settings = ["--set", *changes, "batch=4", "steps=1"]
    run(recipe, "train", pictures, tmp_path, *settings)
    run(recipe, "evaluate", pictures, tmp_path, *settings, "--heldout", str(pictures), "--count", "8", "--steps", "1", "2", "--to", str(tmp_path / "figures.json"))
    figures = of_recipe(tmp_path / "figures.json")
    assert figures.pictures == 8 and list(figures.drawn) == ["1 step", "2 steps"] and figures.trained.startswith("1 steps, ")
    run(recipe, "export", pictures, tmp_path, *settings, "--to", str(tmp_path / "student"))
    exported = Pipeline(tmp_path / "student")
    assert exported.scheduler["_class_name"] == scheduler
    at = Material(MODEL, pictures, machine())
    module = import_module(f"lab.recipes.{recipe}")
    config = configured(module, [*changes])
    draws = student_draws(at, load(tmp_path / module.file(config), at), [1, 2], takes_own_steps(module, config), getattr(config, "shift", 1000))
    for count, draw in zip((1, 2), draws.values()):
        z, generator = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
        noise = torch.randn((1, 12, 32, 32), generator=z)
        torch.randn((1, 12, 32, 32), generator=generator)  # the pipeline's generator has drawn the start before it draws what follows
        with torch.no_grad():
            trained = draw(noise, at.states(["a castle"]), generator)
        assert (exported.latents(["a castle"], [3], count) - trained).square().mean() < 1e-3 * trained.square().mean()


def test_a_teacher_is_measured_under_guidance_and_never_exported(judged: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "TEACHER_STEPS", 2)
    run("teacher", "evaluate", pictures, judged, "--heldout", str(pictures), "--count", "8", "--guidance", "1", "3", "--to", str(tmp_path / "teacher.json"))
    assert list(of_recipe(tmp_path / "teacher.json").drawn) == ["guidance 1", "guidance 3"]
    with pytest.raises(SystemExit):
        run("teacher", "export", pictures, judged, "--to", str(tmp_path / "student"))


def test_the_command_line_trains(pictures: Path, tmp_path: Path) -> None:
    main(["teacher", "train", "--model", str(MODEL), "--data", str(pictures), "--work", str(tmp_path), "--set", "steps=1", "batch=2"])
    assert torch.load(tmp_path / "teacher.pt", weights_only=True)["step"] == 1
