"""Measures negative prompts on two hundred (prompt, thing) pairs.

A pair counts if its thing, unasked, is in at least two pictures of five, on seeds of their own. It is then
drawn from one fresh seed: without a negative, with the thing as negative at every strength, and, as a
control, with something else as negative. The judge is the network that `evaluate.py` uses.

`python -m lab.evidence --model vignette --work WORK` writes docs/steering and docs/steering.md.
"""
from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from ..layout import arrange, noise
from ..nets.classifier import Classifier
from ..paint import render
from ..pipeline import contact_sheet
from ..train.classifier import load
from .drawing import ROOT, Job, Setting, draw, pixels, setting_of
from .page import write_page
from .pairs import Pair, candidates, choose
from .scores import Judged, Outcome, look, summary

PROBES = 5
PROBE_SEED, MEASURED_SEED = 8_000_000, 9_000_000


def probe(model: Path, judge: Classifier, pairs: Sequence[Pair], folder: Path) -> tuple[Setting, list[float]]:
    """The model's default strength, and how often each pair's thing comes along unasked."""
    prompts = list(dict.fromkeys(pair.prompt for pair in pairs))
    jobs = {prompt: [Job(folder / f"{p}-{k}.png", prompt, PROBE_SEED + PROBES * p + k) for k in range(PROBES)] for p, prompt in enumerate(prompts)}
    usual = Job(folder / "usual.png", pairs[0].prompt, PROBE_SEED, pairs[0].negative)
    draw(model, [usual, *(job for row in jobs.values() for job in row)])
    seen = look(judge, [pair for pair in pairs for _ in range(PROBES)], (pixels(job.out) for pair in pairs for job in jobs[pair.prompt]))
    return setting_of(usual.out), seen.shown.reshape(len(pairs), PROBES).mean(1).tolist()


def measure(model: Path, judge: Classifier, pairs: Sequence[Pair], seeds: Sequence[int], default: Setting, dial: Sequence[Setting], folder: Path) -> Outcome:
    def jobs(name: str, negative: Callable[[Pair], str], setting: Setting | None = None) -> list[Job]:
        return [Job(folder / name / f"{seed}.png", pair.prompt, seed, negative(pair), setting) for pair, seed in zip(pairs, seeds)]

    def seen(row: Sequence[Job]) -> Judged:
        return look(judge, pairs, (pixels(job.out) for job in row))

    plain, control = jobs("none", lambda pair: ""), jobs(f"{default.name} of something else", lambda pair: pair.other, default)
    steered = {setting: jobs(setting.name, lambda pair: pair.negative, setting) for setting in dial}
    draw(model, [job for row in (plain, control, *steered.values()) for job in row])
    truths = [(pair, noise(seed)) for pair, seed in zip(pairs, seeds)]
    whole = look(judge, pairs, (render(arrange(pair.request, z)) for pair, z in truths))
    bare = look(judge, pairs, (render(arrange(pair.request, z, pair.thing)) for pair, z in truths))
    return Outcome(default, seen(plain), {s: seen(row) for s, row in steered.items()}, seen(control), whole, bare)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--prompts", type=int, default=36, help="candidates of each place")
    parser.add_argument("--least", type=float, default=0.4, help="how often a pair's thing must come along; lower only to try this program")
    parser.add_argument("--nasa", type=float, nargs="*", default=[0.05, 0.1, 0.25, 0.5, 0.75, 1.0])
    parser.add_argument("--nag", type=float, nargs="*", default=[0.5, 1.0, 2.0, 4.0, 8.0])
    args = parser.parse_args()
    torch.set_num_threads(1)
    judge, pairs = load(args.work / "classifier.pt"), candidates(args.prompts)
    weights = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(args.model.rglob("*.safetensors")))).hexdigest()
    folder: Path = args.work.resolve() / "evidence" / weights[:12]

    default, rates = probe(args.model, judge, pairs, folder / "probe")
    chosen, often = choose(pairs, rates, args.least, args.pairs), sum(rate >= args.least for rate in rates)
    print(f"{often} of {len(pairs)} candidates bring their thing along in {args.least:.0%} of pictures or more; {len(chosen)} are measured")
    if not chosen:
        raise SystemExit("there is nothing to measure")
    measured, seeds = [pairs[i] for i in chosen], [MEASURED_SEED + i for i in chosen]
    dial = sorted({default, *(Setting("nasa", s) for s in args.nasa), *(Setting("nag", s) for s in args.nag)}, key=lambda s: (s.method != "nasa", s.scale))
    outcome = measure(args.model, judge, measured, seeds, default, dial, folder)
    if not outcome.without.shown.any():
        raise SystemExit("no picture without a negative shows its thing: there is nothing to take away")

    out: Path = args.docs / "steering"
    out.mkdir(parents=True, exist_ok=True)
    every = {"none": outcome.without} | {s.name: judged for s, judged in outcome.steered.items()}
    with (out / "pairs.jsonl").open("w") as lines:
        for row, (i, pair, seed) in enumerate(zip(chosen, measured, seeds)):
            said = {"shown": {name: int(judged.shown[row]) for name, judged in every.items()}, "right": {name: int(judged.right[row].sum()) for name, judged in every.items()}}
            lines.write(json.dumps({"prompt": pair.prompt, "negative": pair.negative, "kind": pair.kind, "seed": seed, "rate": rates[i]} | said) + "\n")
    first: dict[str, int] = {}  # of each kind the first pair that shows its thing
    for row in outcome.without.shown.nonzero()[0].tolist():
        first.setdefault(measured[row].kind, row)
    sheet = [pixels(folder / name / f"{seeds[row]}.png") for name in ("none", default.name) for row in first.values()]
    contact_sheet(sheet, columns=len(first)).save(out / "sheet.webp", quality=80)
    figures = {"weights": weights, "least": args.least, "probes": PROBES, "often": often, "wanted": args.pairs} | summary(pairs, rates, chosen, outcome)
    figures["sheet"] = [{"prompt": measured[row].prompt, "negative": measured[row].negative, "seed": seeds[row]} for row in first.values()]
    (out / "measured.json").write_text(json.dumps(figures, indent=1) + "\n")
    write_page(args.docs)


if __name__ == "__main__":
    main()
