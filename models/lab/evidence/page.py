"""Writes docs/steering.md and its chart from what was measured; no number is typed in.

The cost of steering comes from a report of `npm run bench`, if there is one.

`python -m lab.evidence.page [--cost REPORT.json]`
"""
from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from .drawing import ROOT

LEAST_REMOVAL, MOST_LOST = 0.6, 5.0  # the bar: share of presence, points
COLOURS = {"nasa": "#c2410c", "nag": "#1d4ed8", "vsf": "#15803d", "weight": "#7e22ce"}
WIDTH, HEIGHT, TOP, BOTTOM = 760, 340, 20, 50  # of a row of panels
LEFTS, PANEL = (60, 440), 300  # of the two panels of a row
CLOCKS = {"processor": "processor time over all cores", "wall": "wall time"}
WAYS = {"none": "no negative", "nasa": "NASA", "nag": "NAG", "vsf": "VSF", "weight": "a weight below 0", "cfg": "classifier-free guidance, for comparison"}


ENGINES = {"wgsl": "WGSL engine", "ort-wasm": "engine on ONNX Runtime, on the processor,", "ort-webgpu": "engine on ONNX Runtime, on WebGPU,"}


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def points(lost: float) -> str:
    return f"{lost:.1f} points lost" if lost >= 0.05 else "none lost"


def verdict(setting: dict[str, Any]) -> str:
    enough, cheap = setting["removal"] >= LEAST_REMOVAL, setting["lost"] <= MOST_LOST
    return "Both are met." if enough and cheap else "The second is not met." if enough else "The first is not met." if cheap else "Neither is met."


def settings_table(m: dict[str, Any]) -> str:
    def row(name: str, s: dict[str, Any], steered: bool = True) -> str:
        low, high = s["removal_interval"]
        cheap, dear = s["lost_interval"]
        removed, lost = (f"{percent(s['removal'])} ({percent(low)} to {percent(high)})", f"{s['lost']:.1f} ({cheap:.1f} to {dear:.1f})") if steered else ("", "")
        clean = percent(s["clean"]) if steered and "clean" in s else ""
        return f"| {name} | {percent(s['presence'])} | {removed} | {100 * s['attributes']:.1f} % | {lost} | {percent(s['things'])} | {clean} |"

    def named(s: dict[str, Any]) -> str:
        name = f"**{s['name']}**" if s["name"] in {m["default"], *m.get("best", {}).values()} else s["name"]
        return f"{name}, the default" if s["name"] == m["default"] else name

    lines = ["| | the thing appears | less by | asked attributes right | points lost | asked things there | gone, nothing lost |", "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    lines.append(row("no negative", m["without"], steered=False))
    lines += [row(named(s), s) for s in m["settings"]]
    lines.append(row("the renderer's own pictures", m["renderer"]["without"], steered=False))
    lines.append(row("the same, the thing left out", m["renderer"]["steered"]))
    return "\n".join(lines)


def standing(m: dict[str, Any], default: dict[str, Any]) -> str:
    """How the default stands among all settings."""
    top = max(m["settings"], key=lambda s: s["clean"])
    among = "No setting has more" if default["clean"] >= top["clean"] else f"{top['name']} has more"
    few = f" {m['pairs']} pairs are few: they tell settings apart only where the intervals below do not meet." if m["pairs"] < 100 else ""
    return f"{among} pictures in which the thing is gone and nothing was lost with it.{few}"


def earlier_section(m: dict[str, Any]) -> str:
    return f"""## Earlier: NASA and NAG on {m['pairs']} pairs
Measured in the same way, by the WGSL engine, with the student, the decoder and the judge of that time.
The figures are in [earlier.json](steering/earlier.json), every pair's in [earlier-pairs.jsonl](steering/earlier-pairs.jsonl).

{settings_table(m)}

"""


def controls_table(m: dict[str, Any]) -> str:
    """Rows are what the negative was instead, columns the methods at their best."""
    columns = list(m["best"].values())
    cells = {(c["name"], c["setting"]): f"{100 * c['removal']:.0f} %, {c['lost']:.1f}" for c in m["controls"]}
    names = list(dict.fromkeys(c["name"] for c in m["controls"]))
    lines = [f"| the negative is | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    lines += [f"| {name} | {' | '.join(cells[name, column] for column in columns)} |" for name in names]
    return "\n".join(lines)


def kinds_table(m: dict[str, Any]) -> str:
    lines = ["| place: thing | comes along | pairs | no negative | as negative | points lost |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for kind in m["kinds"]:
        if kind["pairs"]:
            lines.append(f"| {kind['kind']} | {percent(kind['rate'])} of {kind['candidates']} prompts' pictures | {kind['pairs']} | {percent(kind['without'])} | {percent(kind['steered'])} | {kind['lost']:.1f} |")
    return "\n".join(lines)


def chart(m: dict[str, Any]) -> str:
    """Along each method's dial, from no negative on: how often the thing appears, and how much of what was asked is right."""
    height = HEIGHT * -(-len(COLOURS) // len(LEFTS))
    parts = [f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>']
    for place, (method, colour) in enumerate(COLOURS.items()):
        parts += [f'<g transform="translate(0 {HEIGHT * (place // len(LEFTS))})">', *_panel(m, method, colour, LEFTS[place % len(LEFTS)]), "</g>"]
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">\n' + "\n".join(parts) + "\n</svg>\n"


def _panel(m: dict[str, Any], method: str, colour: str, left: int) -> list[str]:
    dial = [m["without"] | {"scale": 0.0, "name": ""}, *(s for s in m["settings"] if s["method"] == method)]
    most = max(s["scale"] for s in dial) or 1.0

    def x(scale: float) -> float:
        return left + scale / most * PANEL

    def y(share: float) -> float:
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)

    def text(at_x: float, at_y: float, words: str, anchor: str = "middle", fill: str = "#444") -> str:
        return f'<text x="{at_x:.1f}" y="{at_y:.1f}" text-anchor="{anchor}" fill="{fill}">{words}</text>'

    def bar(top: float, bottom: float) -> str:
        return f'<rect x="{left}" y="{y(top):.1f}" width="{PANEL}" height="{y(bottom) - y(top):.1f}" fill="#dcfce7"/>'

    def curve(figure: str, dashes: str) -> list[str]:
        at = [(x(s["scale"]), y(s[figure]), 6 if s["name"] in m["best"].values() else 3) for s in dial]
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py, _ in at)
        return [f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>', *(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{r}" fill="{colour}"/>' for px, py, r in at)]

    parts = [bar((1 - LEAST_REMOVAL) * m["without"]["presence"], 0), bar(1, m["without"]["attributes"] - MOST_LOST / 100)]
    for share in (0, 0.2, 0.4, 0.6, 0.8, 1):
        parts += [f'<path d="M{left} {y(share):.1f}h{PANEL}" stroke="#ddd"/>', text(left - 8, y(share) + 4, percent(share), "end")]
    for quarter in range(5):
        parts.append(text(x(quarter / 4 * most), HEIGHT - BOTTOM + 18, f"{quarter / 4 * most:g}"))
    parts.append(text(left + PANEL / 2, HEIGHT - 10, f"strength of {WAYS[method]}"))
    parts += curve("presence", "") + curve("attributes", ' stroke-dasharray="5 4"')
    parts.append(text(left + PANEL, y(m["without"]["attributes"] - MOST_LOST / 100) + 16, "asked attributes right", "end", colour))
    parts.append(text(left + PANEL, y((1 - LEAST_REMOVAL) * m["without"]["presence"]) - 8, "the named thing appears", "end", colour))
    return parts


def cost_section(cost: dict[str, Any]) -> str:
    lines = ["| a step with | milliseconds | against no negative | half of the rounds |", "| --- | ---: | ---: | ---: |"]
    for row in cost["rows"]:
        low, high = row["quartiles"]
        lines.append(f"| {WAYS[row['way']]} | {row['stepMs']:.1f} | {100 * (row['ratio'] - 1):+.1f} % | {100 * (low - 1):+.1f} to {100 * (high - 1):+.1f} % |")
    return f"""## What it costs
{cost['layout']}, {cost['format']}, on {cost['adapter']}; {cost['method']}, {CLOCKS[cost['clock']]}, {cost['rounds']} rounds, medians. Once a text, apart from the steps:
{cost['onceMs']['negative']:.1f} ms for the keys and values of a negative ({cost['onceMs']['prompt']:.1f} ms for a prompt's).

{chr(10).join(lines)}

"""


def sheet_section(m: dict[str, Any]) -> str:
    prompts = "\n".join(f"{i}. “{entry['prompt']}”, negative “{entry['negative']}”, seed {entry['seed']}" for i, entry in enumerate(m["sheet"], 1))
    return f"""![without and with a negative](steering/sheet.webp)

*From above: {", ".join("no negative" if name == "none" else name for name in m["rows"])}, from the same seed. Of each kind the first pair whose uppermost picture shows the thing.*

{prompts}

"""


def page(m: dict[str, Any], cost: dict[str, Any] | None, earlier: dict[str, Any] | None = None) -> str:
    default = next(s for s in m["settings"] if s["name"] == m["default"])
    low, high = default["removal_interval"]
    missing = "" if m["pairs"] >= m["wanted"] else f", fewer than the {m['wanted']} that were wanted"
    again = m["looked_at"] < m["candidates"]
    probed = (f"The {m['looked_at']} pairs are those of an earlier measurement, chosen, with the student of that time, from {m['candidates']} candidates by pictures from {m['probes']} seeds each; the {m['often']} whose thing"
              if again else f"{m['candidates']} candidates were drawn without a negative from {m['probes']} seeds each; the {m['often']} whose thing")
    controlled = m["controls"][0]["pairs"] if m["controls"] else 0
    flags = "".join(f" {flag}" for flag, wanted in ((f"--engine {m['engine']}", m["engine"] != "wgsl"), ("--again", again), (f"--least {m['least']:g}", m["least"] != 0.4), (f"--pairs {m['wanted']}", m["wanted"] != 200), (f"--controlled {controlled}", controlled != 50)) if wanted)
    return f"""# Negative prompts, measured

A negative prompt names what a picture should not hold. A model of one step has no classifier-free guidance to carry it, so it acts inside
the cross-attentions, where the negative's text is attended to as well. There are four ways:

- **NASA** subtracts what the negative adds, `Z+ - a Z-` (SNOOPI, arXiv 2412.02687).
- **NAG** moves on from `Z-` through `Z+` and bounds the norm (arXiv 2505.21179).
- **VSF** is one softmax over the keys of both texts, with values of the negative that count `-a` times and scores that are a little lower
  (arXiv 2508.10931). Of the negative only the words are keys, not begin, end and padding, so a negative of no words is none.
- **A weight below 0** in the prompt itself, `(a gull:-1)`: the words are read apart from the rest, as if their weight were above 0, and
  their values count negatively in the prompt's own softmax. It stands beside any of the three.

All are in [plain arithmetic](../src/steering/reference.ts). How well they work is measured here on
[Vignette](../models/vignette/CARD.md), which brings things along that nobody asked for: gulls at the coast, a cactus in the desert.

## Result
At the default strength, {m['default']}, a thing named as negative appears in {percent(default['presence'])} of {m['pairs']} pictures instead of {percent(m['without']['presence'])}: less by
{percent(default['removal'])} ({percent(low)} to {percent(high)} with 95 % confidence). Of the five attributes each prompt asks for, {100 * default['attributes']:.1f} % are right instead of {100 * m['without']['attributes']:.1f} %:
{points(default['lost'])}. The bar was set before measuring: less by at least {percent(LEAST_REMOVAL)}, at most {MOST_LOST:g} points lost. {verdict(default)}
{standing(m, default)}

{settings_table(m)}

In brackets, where the figure lies with 95 % confidence. *Gone, nothing lost*: of the pictures that show the thing without a negative, the
share in which it is gone while no asked attribute and no asked thing went with it. The strength of each method that has most of those is in
bold. *The renderer's own pictures*, of the same prompts and seeds with the thing and without it, say how well the judge sees: the most any
method can reach.

![what is taken away, and what is kept](steering/dial.svg)

*Along the dial of each method, from no negative on; the larger dots are its best strength, the green fields are within the bar.*

### When the negative is not the thing
The first {controlled} pairs, each method at its best strength: how much less often the thing appears, and the points of asked attributes that are lost.
What changes here is not removal but damage, or the chance of {controlled} pictures.

{controls_table(m)}

*Something else* is a thing that belongs neither to prompt nor place. *Nothing* is a text without words, or of so many commas. By its length
alone a text should change nothing; what sets the prompt against itself takes away what was asked for.

### By kind
The default.

{kinds_table(m)}

{sheet_section(m)}{earlier_section(earlier) if earlier else ""}{cost_section(cost) if cost else ""}## How it was measured
- **Pairs.** Prompts name place, time, weather, season and style, in combinations training never drew, and up to three things, but not the one in question.
  {probed} appeared in at least {percent(m['least'])} of those pictures qualify, and
  {m['pairs']} are measured, the kinds in turn{missing}.
- **Pictures.** One step, 256x256, by this project's {ENGINES[m['engine']]} through `npm run generate`. Each pair has one seed that was not used to choose it, the same
  under every setting. The negative is the thing in everyday words: “a gull”, “yachts”.
- **Judge.** A network trained on pictures of the renderer that nothing else was trained on, and that no student was trained against. It answers whether the thing is there and which attributes it sees.
- **Confidence.** {m['pairs']} pairs drawn again from these {m['pairs']}, two thousand times.

The figures are in [measured.json](steering/measured.json), every pair's in [pairs.jsonl](steering/pairs.jsonl). To measure again (`WORK` as in [the lab](../models/lab/README.md)):
```sh
cd models
python -m lab.evidence --model vignette --work WORK{flags}
```
"""


def write_page(docs: Path) -> None:
    folder = docs / "steering"
    measured = json.loads((folder / "measured.json").read_text())
    cost, earlier = (json.loads(path.read_text()) if path.exists() else None for path in (folder / "cost.json", folder / "earlier.json"))
    (folder / "dial.svg").write_text(chart(measured))
    (docs / "steering.md").write_text(page(measured, cost, earlier))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    parser.add_argument("--cost", type=Path)
    args = parser.parse_args()
    if args.cost:
        shutil.copyfile(args.cost, args.docs / "steering" / "cost.json")
    write_page(args.docs)


if __name__ == "__main__":
    main()
