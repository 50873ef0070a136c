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
COLOURS = {"nasa": "#c2410c", "nag": "#1d4ed8"}
WIDTH, HEIGHT, TOP, BOTTOM = 760, 340, 20, 50
LEFTS, PANEL = (60, 440), 300  # of the two panels
CLOCKS = {"processor": "processor time over all cores", "wall": "wall time"}
WAYS = {"none": "no negative", "nasa": "NASA", "nag": "NAG", "cfg": "classifier-free guidance, for comparison"}


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
        return f"| {name} | {percent(s['presence'])} | {removed} | {100 * s['attributes']:.1f} % | {lost} | {percent(s['things'])} |"

    lines = ["| | the thing appears | less by | asked attributes right | points lost | asked things there |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    lines.append(row("no negative", m["without"], steered=False))
    lines += [row(f"**{s['name']}**, the default" if s["name"] == m["default"] else s["name"], s) for s in m["settings"]]
    lines.append(row(f"{m['default']}, something else as negative", m["control"]))
    lines.append(row("the renderer's own pictures", m["renderer"]["without"], steered=False))
    lines.append(row("the same, the thing left out", m["renderer"]["steered"]))
    return "\n".join(lines)


def kinds_table(m: dict[str, Any]) -> str:
    lines = ["| place: thing | comes along | pairs | no negative | as negative | points lost |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for kind in m["kinds"]:
        figures = f"{percent(kind['without'])} | {percent(kind['steered'])} | {kind['lost']:.1f}" if kind["pairs"] else " | | "
        lines.append(f"| {kind['kind']} | {percent(kind['rate'])} of {kind['candidates']} prompts' pictures | {kind['pairs']} | {figures} |")
    return "\n".join(lines)


def chart(m: dict[str, Any]) -> str:
    """Along each method's dial, from no negative on: how often the thing appears, and how much of what was asked is right."""
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    for left, (method, colour) in zip(LEFTS, COLOURS.items()):
        parts += _panel(m, method, colour, left)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">\n' + "\n".join(parts) + "\n</svg>\n"


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
        at = [(x(s["scale"]), y(s[figure]), 6 if s["name"] == m["default"] else 3) for s in dial]
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

*Above without a negative, below with one, from the same seed at the default strength. Of each kind the first pair whose upper picture shows the thing.*

{prompts}

"""


def page(m: dict[str, Any], cost: dict[str, Any] | None) -> str:
    default = next(s for s in m["settings"] if s["name"] == m["default"])
    low, high = default["removal_interval"]
    missing = "" if m["pairs"] >= m["wanted"] else f", fewer than the {m['wanted']} that were wanted"
    return f"""# Negative prompts, measured

A negative prompt names what a picture should not hold. A model of one step has no classifier-free guidance to carry it, so it acts inside
the cross-attentions, where the negative's text is attended to as well: NASA subtracts that, `Z+ - a Z-` (SNOOPI, arXiv 2412.02687); NAG moves
on from `Z-` through `Z+` and bounds the norm (arXiv 2505.21179). Both are in [plain arithmetic](../src/steering/reference.ts). How well it works
is measured here on [Vignette](../models/vignette/CARD.md), which brings things along that nobody asked for: gulls at the coast, a cactus in the desert.

## Result
At the default strength, {m['default']}, a thing named as negative appears in {percent(default['presence'])} of {m['pairs']} pictures instead of {percent(m['without']['presence'])}: less by
{percent(default['removal'])} ({percent(low)} to {percent(high)} with 95 % confidence). Of the five attributes each prompt asks for, {100 * default['attributes']:.1f} % are right instead of {100 * m['without']['attributes']:.1f} %:
{points(default['lost'])}. The bar was set before measuring: less by at least {percent(LEAST_REMOVAL)}, at most {MOST_LOST:g} points lost. {verdict(default)}

{settings_table(m)}

In brackets, where the figure lies with 95 % confidence. *Something else as negative* names a thing that belongs neither to prompt nor place: what it
changes is not removal but damage. *The renderer's own pictures*, of the same prompts and seeds with the thing and without it, say how
well the judge sees: the most any method can reach.

![what is taken away, and what is kept](steering/dial.svg)

*Along the dial of both methods, from no negative on; the larger dots are the default, the green fields are within the bar.*

{kinds_table(m)}

{sheet_section(m)}{cost_section(cost) if cost else ""}## How it was measured
- **Pairs.** Prompts name place, time, weather, season and style, in combinations training never drew, and up to three things, but not the one in question.
  {m['candidates']} candidates were drawn without a negative from {m['probes']} seeds each; the {m['often']} whose thing appeared in at least {percent(m['least'])} of those pictures qualify, and
  {m['pairs']} are measured, the kinds in turn{missing}.
- **Pictures.** One step, 256x256, by this project's WGSL engine through `npm run generate`. Each pair has one seed that was not used to choose it, the same
  under every setting. The negative is the thing in everyday words: “a gull”, “yachts”.
- **Judge.** A small network trained on the renderer's pictures alone, never on a student's. It answers whether the thing is there and which attributes it sees.
- **Confidence.** {m['pairs']} pairs drawn again from these {m['pairs']}, two thousand times.

The figures are in [measured.json](steering/measured.json), every pair's in [pairs.jsonl](steering/pairs.jsonl). To measure again (`WORK` as in [the lab](../models/lab/README.md)):
```sh
cd models
python -m lab.evidence --model vignette --work WORK
```
"""


def write_page(docs: Path) -> None:
    folder = docs / "steering"
    measured = json.loads((folder / "measured.json").read_text())
    cost = folder / "cost.json"
    (folder / "dial.svg").write_text(chart(measured))
    (docs / "steering.md").write_text(page(measured, json.loads(cost.read_text()) if cost.exists() else None))


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
