"""The arithmetic of steering's evidence: what counts as removal and as loss, which pairs are measured, what the page says of it."""
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lab.attributes import COMPANIONS
from lab.captions import read
from lab.evidence.drawing import RECIPE, Job, Setting, setting_of
from lab.evidence.__main__ import CONTROLS, shared
from lab.evidence.page import chart, controls_table, cost_section, page, verdict
from lab.evidence.pairs import candidates, choose
from lab.evidence.scores import Judged, Outcome, best, clean, interval, points_lost, removal, scores, summary
from lab.split import held_out

PAIRS = candidates(4)
DEFAULT = Setting("nasa", 0.5)


def judged(shown: list[int], wrong: int = 0) -> Judged:
    """Pictures with all attributes right but the first `wrong` answers, and half of the asked things there."""
    right = np.ones((len(shown), 5), bool)
    right.flat[:wrong] = False
    return Judged(np.array(shown, bool), right, np.ones(len(shown), int), np.full(len(shown), 2))


def test_removal_is_relative_and_loss_is_in_points() -> None:
    before, after = np.array([1, 1, 1, 1, 0], bool), np.array([0, 0, 0, 1, 0], bool)
    assert removal(before, after) == pytest.approx(0.75)
    assert removal(before, before) == 0
    assert removal(after, before) == pytest.approx(-3)  # what appears more often counts against it
    assert points_lost(before, after) == pytest.approx(60)


def test_an_interval_holds_the_figure_and_narrows_with_more_pairs() -> None:
    rng = np.random.default_rng(0)
    before = rng.random(1600) < 0.6
    after = before & (rng.random(1600) < 0.3)
    widths = []
    for count in (100, 400, 1600):
        low, high = interval(removal, before[:count], after[:count])
        assert low < removal(before[:count], after[:count]) < high
        widths.append(high - low)
    assert widths[0] > 1.5 * widths[1] > 2.25 * widths[2]  # like the square root: twice, within its own chance
    assert interval(removal, before, before) == [0, 0]


def test_scores_of_a_hand_made_case() -> None:
    found = scores(judged([1, 1, 1, 0]), judged([1, 0, 0, 0], wrong=2))
    assert found["presence"] == 0.25
    assert found["removal"] == pytest.approx(2 / 3)
    assert found["attributes"] == pytest.approx(0.9)
    assert found["lost"] == pytest.approx(10)
    assert found["things"] == 0.5


def test_a_removal_is_clean_if_nothing_asked_for_went_with_it() -> None:
    before = judged([1, 1, 1, 0])
    assert clean(before, judged([0, 0, 1, 0])) == pytest.approx(2 / 3)
    assert clean(before, judged([0, 0, 1, 0], wrong=1)) == pytest.approx(1 / 3), "one picture lost an attribute"
    assert clean(before, replace(judged([0, 0, 1, 0]), kept=np.zeros(4, int))) == 0, "every picture lost a thing"
    assert clean(judged([0, 0, 0, 0]), before) == 0


def test_the_best_strength_removes_most_cleanly_and_of_equals_is_the_weaker() -> None:
    before, half, dear, all_gone = judged([1] * 4), judged([1, 1, 0, 0]), judged([0] * 4, wrong=15), judged([0] * 4)
    dial = {Setting("nasa", 1.0): dear, Setting("nasa", 0.5): half, Setting("vsf", 2.0): all_gone, Setting("vsf", 1.0): all_gone}
    assert best(before, dial) == {"nasa": Setting("nasa", 0.5), "vsf": Setting("vsf", 1.0)}


def test_controls_name_nothing_at_several_lengths_and_the_prompt_itself() -> None:
    pair = PAIRS[0]
    texts = {name: negative(pair) for name, negative in CONTROLS.items()}
    assert texts["something else"] == pair.other and texts["the prompt"] == " ".join(pair.prompt.split())
    assert texts["nothing, 0 tokens"] == "()" and [texts[f"nothing, {n} tokens"].count(",") for n in (8, 64)] == [8, 64]
    assert not {c for name, text in texts.items() if name.startswith("nothing") for c in text} - set(", ()")
    assert [len(shared("a b c d", share).split()) for share in (0.5, 1.0, 2.0)] == [2, 4, 8]


def test_a_weight_below_0_is_said_in_the_prompt(tmp_path: Path) -> None:
    job = Job(tmp_path / "a.png", "a lake", 7, "a boat", Setting("weight", 1.5))
    assert json.loads(job.line()) == {"prompt": "a lake (a boat:-1.5)", "out": str(job.out), "seed": "7", "negative": ""}


def test_a_prompt_names_five_unseen_attributes_and_never_the_thing() -> None:
    for pair in PAIRS:
        understood = read(pair.prompt)
        assert held_out(dict(understood.named))
        company = COMPANIONS[dict(understood.named)["place"]]
        assert pair.thing in company and not {wish.thing for wish in understood.wishes} & set(company)
        assert [wish.thing for wish in read(pair.negative).wishes] == [pair.thing]
        (other,) = (wish.thing for wish in read(pair.other).wishes)
        assert other not in company and other not in {wish.thing for wish in understood.wishes}


def test_only_pairs_seen_often_enough_are_chosen_and_kinds_take_turns() -> None:
    kinds = list(dict.fromkeys(pair.kind for pair in PAIRS))
    rates = [0.4 if pair.kind != kinds[0] else 0.39 for pair in PAIRS]
    chosen = choose(PAIRS, rates, 0.4, 9)
    counts = [sum(PAIRS[i].kind == kind for i in chosen) for kind in kinds]
    assert counts[0] == 0 and sum(counts) == 9 and set(counts[1:]) <= {1, 2}
    assert len(choose(PAIRS, rates, 0.4, 10**6)) == sum(rate >= 0.4 for rate in rates)


def test_a_picture_is_drawn_again_unless_it_is_whole_and_of_the_same_recipe(tmp_path: Path) -> None:
    job = Job(tmp_path / "a.png", "a lake", 7, "a boat", Setting("nag", 4.0))
    assert json.loads(job.line()) == {"prompt": "a lake", "out": str(job.out), "seed": "7", "negative": "a boat", "nag": 4.0}
    like = {"prompt": "a hill", "seed": "1", "negative": "fog", "steps": 1, "steering": {"method": "nag", "scale": 4, "tau": 2.5, "alpha": 0.375}}
    assert not job.is_drawn(like)
    text = PngInfo()
    text.add_itxt(RECIPE, json.dumps(like | {"prompt": "a lake", "seed": "7", "negative": "a boat"}))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(job.out, pnginfo=text)
    assert job.is_drawn(like) and setting_of(job.out) == Setting("nag", 4.0)
    for other in (replace(job, seed=8), replace(job, prompt="a sea"), replace(job, negative="")):
        assert not other.is_drawn(like)
    assert not job.is_drawn(like | {"steps": 2})
    assert not job.is_drawn(like | {"steering": like["steering"] | {"tau": 3}}), "a default may be another by now"
    job.out.write_bytes(job.out.read_bytes()[:-4000])
    assert not job.is_drawn(like)


@pytest.fixture
def measured() -> dict[str, object]:
    n = len(PAIRS)
    without, some, few = judged([1] * n), judged([i % 2 for i in range(n)], 1), judged([int(i % 8 == 0) for i in range(n)], 3)
    dial = {Setting("nasa", 0.25): some, DEFAULT: few, Setting("nag", 4.0): some, Setting("vsf", 1.0): some, Setting("weight", 1.0): few}
    first = judged([1] * 6)
    controls = {name: {setting: first for setting in best(without, dial).values()} for name in CONTROLS}
    outcome = Outcome(DEFAULT, without, dial, controls, without, few)
    figures = summary(PAIRS, [0.6] * n, range(n), outcome)
    return figures | {"weights": "", "least": 0.4, "probes": 5, "often": n, "wanted": n, "engine": "wgsl", "rows": ["none", DEFAULT.name], "sheet": [{"prompt": "p", "negative": "n", "seed": 1}]}


def test_the_summary_is_of_the_pairs_given(measured: dict) -> None:
    assert measured["pairs"] == len(PAIRS) and sum(kind["pairs"] for kind in measured["kinds"]) == len(PAIRS)
    assert [s["name"] for s in measured["settings"]] == ["NASA 0.25", "NASA 0.5", "NAG 4", "VSF 1", "weight -1"]
    assert measured["settings"][1]["removal"] == pytest.approx(1 - np.mean([i % 8 == 0 for i in range(len(PAIRS))]))
    assert measured["best"] == {"nasa": "NASA 0.5", "nag": "NAG 4", "vsf": "VSF 1", "weight": "weight -1"}
    assert len(measured["controls"]) == 4 * len(CONTROLS) and all(c["removal"] == 0 and c["pairs"] == 6 for c in measured["controls"])


def test_the_page_gives_the_verdict_the_figures_give(measured: dict) -> None:
    assert verdict({"removal": 0.6, "lost": 5.0}) == "Both are met."
    assert verdict({"removal": 0.59, "lost": 5.0}) == "The first is not met."
    assert verdict({"removal": 0.6, "lost": 5.1}) == "The second is not met."
    assert verdict({"removal": 0.59, "lost": 5.1}) == "Neither is met."
    written = page(measured, None)
    assert "Both are met." in written and "What it costs" not in written and "nan" not in written
    assert all(s["name"] in written for s in measured["settings"])
    assert "fewer than" not in written and "fewer than the 500 that were wanted" in page(measured | {"wanted": 500}, None)
    assert controls_table(measured) in written and controls_table(measured).count("| 0 %, 0.0 |") >= len(CONTROLS)
    assert "WORK --engine ort-wasm --again" in page(measured | {"engine": "ort-wasm", "looked_at": 3}, None)
    measured["settings"][1]["lost"] = 7.0
    assert "The second is not met." in page(measured, None)


def test_the_chart_shows_every_strength_of_each_method_and_none(measured: dict) -> None:
    measured["settings"][0] |= {"presence": 0.0, "attributes": 1.0}
    drawn = [dict(part.split("=") for part in line.strip("</>").split()[1:]) for line in chart(measured).splitlines() if line.startswith("<circle")]
    at = [(float(fields["cx"].strip('"')), float(fields["cy"].strip('"'))) for fields in drawn]
    assert len(at) == 2 * (1 + 2) + 3 * 2 * (1 + 1)  # two curves of NASA, from no negative over two strengths, and two of each other method
    assert all(60 <= x <= 740 and 20 <= y <= 290 for x, y in at)
    (none_x, none_y), (quarter_x, quarter_y), (half_x, _) = at[:3]
    assert quarter_x - none_x == pytest.approx(half_x - quarter_x)
    assert none_y == pytest.approx(20) and quarter_y == pytest.approx(290)  # everywhere, nowhere
    assert sum(fields["r"] == '"6"' for fields in drawn) == 2 * 4


def test_costs_are_those_of_the_report(measured: dict) -> None:
    rows = [{"way": way, "stepMs": ms, "ratio": ms / 100, "quartiles": [ms / 100 - 0.01, ms / 100 + 0.02]} for way, ms in (("none", 100.0), ("nasa", 107.0), ("nag", 112.0), ("cfg", 200.0))]
    report = {"adapter": "a GPU", "layout": "a UNet", "format": "f16", "method": "whole runs", "clock": "wall", "rounds": 20, "rows": rows, "kernels": [], "onceMs": {"prompt": 3.0, "negative": 2.5}}
    section = cost_section(report)
    assert "| NASA | 107.0 | +7.0 % | +6.0 to +9.0 % |" in section and section in page(measured, report)
