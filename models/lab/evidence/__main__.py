"""Measures negative prompts on (prompt, thing) pairs, by every method and at every strength on the same ones.

A pair counts if its thing, unasked, is in at least two pictures of five, on seeds of their own. It is then
drawn from one fresh seed: without a negative, and with the thing as negative at every strength. Controls take
something else as negative: a thing that belongs nowhere, nothing at several lengths, and the prompt itself at
several lengths, each method at the strength that measured best. The judge is the one that nothing is trained against.

`python -m lab.evidence --model vignette --work WORK` writes docs/steering and docs/steering.md.
"""
from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ..layout import arrange, noise
from ..nets.second_judge import SecondJudge
from ..paint import render
from ..pipeline import contact_sheet
from ..train.second_judge import load
from .drawing import ROOT, Job, Setting, draw, pixels, setting_of
from .page import write_page
from .pairs import Pair, candidates, choose
from .scores import Judged, Outcome, best, look, summary

PROBES = 5
PROBE_SEED, MEASURED_SEED = 8_000_000, 9_000_000


# Texts that name nothing, by their tokens: a text of no words, and commas.
EMPTY = {0: "()", 8: ", " * 7 + ",", 64: ", " * 63 + ","}
SHARES = {"half of the prompt": 0.5, "the prompt": 1.0, "the prompt twice": 2.0}
METHODS = ("nasa", "nag", "vsf", "weight")


def shared(prompt: str, share: float) -> str:
    """So much of a prompt, by words; more than all of it is the prompt again."""
    words = prompt.split() * max(1, round(share))
    return " ".join(words[: max(1, round(share * len(prompt.split())))])


# What a negative is instead of the thing.
CONTROLS: dict[str, Callable[[Pair], str]] = {
    "something else": lambda pair: pair.other,
    **{f"nothing, {tokens} tokens": lambda pair, text=text: text for tokens, text in EMPTY.items()},  # type: ignore[misc]
    **{name: lambda pair, share=share: shared(pair.prompt, share) for name, share in SHARES.items()},  # type: ignore[misc]
}


@dataclass(frozen=True)
class Lab:
    """What draws and what judges."""
    model: Path
    engine: str
    judge: SecondJudge
    folder: Path

    def seen(self, pairs: Sequence[Pair], rows: Sequence[Sequence[Job]]) -> list[Judged]:
        """Of rows of pictures, one of each pair."""
        draw(self.model, [job for row in rows for job in row], self.engine)
        return [look(self.judge, pairs, (pixels(job.out) for job in row)) for row in rows]


def probe(lab: Lab, pairs: Sequence[Pair]) -> list[float]:
    """How often each pair's thing comes along unasked."""
    prompts, folder = list(dict.fromkeys(pair.prompt for pair in pairs)), lab.folder / "probe"
    jobs = {prompt: [Job(folder / f"{p}-{k}.png", prompt, PROBE_SEED + PROBES * p + k) for k in range(PROBES)] for p, prompt in enumerate(prompts)}
    (seen,) = lab.seen([pair for pair in pairs for _ in range(PROBES)], [[job for pair in pairs for job in jobs[pair.prompt]]])
    return seen.shown.reshape(len(pairs), PROBES).mean(1).tolist()


def known(docs: Path, pairs: Sequence[Pair]) -> list[float]:
    """The same, of the pairs that were measured before; nan for the others."""
    lines = [line for path in sorted((docs / "steering").glob("*pairs.jsonl")) for line in path.read_text().splitlines()]
    rates = {(pair["prompt"], pair["negative"]): pair["rate"] for pair in map(json.loads, lines)}
    return [rates.get((pair.prompt, pair.negative), float("nan")) for pair in pairs]


def usual(lab: Lab, pair: Pair) -> Setting:
    """The model's default."""
    job = Job(lab.folder / "usual.png", pair.prompt, PROBE_SEED, pair.negative)
    draw(lab.model, [job], lab.engine)
    return setting_of(job.out)


def measure(lab: Lab, pairs: Sequence[Pair], seeds: Sequence[int], default: Setting, dial: Sequence[Setting], controlled: int) -> Outcome:
    def jobs(name: str, negative: Callable[[Pair], str], setting: Setting | None, count: int = len(pairs)) -> list[Job]:
        return [Job(lab.folder / name / f"{seed}.png", pair.prompt, seed, negative(pair), setting) for pair, seed in list(zip(pairs, seeds))[:count]]

    plain, *steered = lab.seen(pairs, [jobs("none", lambda pair: "", None), *(jobs(s.name, lambda pair: pair.negative, s) for s in dial)])
    by_setting = dict(zip(dial, steered))
    at_best = list(best(plain, by_setting).values())
    rows = [(name, setting) for name in CONTROLS for setting in at_best]
    seen = lab.seen(pairs[:controlled], [jobs(f"{setting.name} of {name}", CONTROLS[name], setting, controlled) for name, setting in rows])
    controls: dict[str, dict[Setting, Judged]] = {name: {} for name in CONTROLS}
    for (name, setting), judged in zip(rows, seen):
        controls[name][setting] = judged
    truths = [(pair, noise(seed)) for pair, seed in zip(pairs, seeds)]
    whole = look(lab.judge, pairs, (render(arrange(pair.request, z)) for pair, z in truths))
    bare = look(lab.judge, pairs, (render(arrange(pair.request, z, pair.thing)) for pair, z in truths))
    return Outcome(default, plain, by_setting, controls, whole, bare)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    parser.add_argument("--engine", default="wgsl", help="wgsl, ort-wasm or ort-webgpu, as npm run generate has it")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--controlled", type=int, default=50, help="how many of them the controls are measured on")
    parser.add_argument("--again", action="store_true", help="choose from the pairs that were measured before, without looking at other candidates")
    parser.add_argument("--prompts", type=int, default=36, help="candidates of each place")
    parser.add_argument("--least", type=float, default=0.4, help="how often a pair's thing must come along; lower only to try this program")
    parser.add_argument("--nasa", type=float, nargs="*", default=[0.25, 0.5, 1.0])
    parser.add_argument("--nag", type=float, nargs="*", default=[1.0, 2.0, 4.0])
    parser.add_argument("--vsf", type=float, nargs="*", default=[0.5, 1.0, 2.0])
    parser.add_argument("--weight", type=float, nargs="*", default=[0.5, 1.0, 1.5])
    args = parser.parse_args()
    torch.set_num_threads(1)
    pairs = candidates(args.prompts)
    weights = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(args.model.rglob("*.safetensors")))).hexdigest()
    lab = Lab(args.model, args.engine, load(args.work / "second_judge.pt"), args.work.resolve() / "evidence" / f"{weights[:12]}-{args.engine}")

    rates = known(args.docs, pairs) if args.again else probe(lab, pairs)
    chosen, often = choose(pairs, rates, args.least, args.pairs), sum(rate >= args.least for rate in rates)
    print(f"{often} of {len(pairs)} candidates bring their thing along in {args.least:.0%} of pictures or more; {len(chosen)} are measured")
    if not chosen:
        raise SystemExit("there is nothing to measure")
    measured, seeds = [pairs[i] for i in chosen], [MEASURED_SEED + i for i in chosen]
    default = usual(lab, measured[0])
    asked = [Setting(method, scale) for method in METHODS for scale in getattr(args, method)]
    dial = sorted({default, *asked}, key=lambda s: (METHODS.index(s.method), s.scale))
    outcome = measure(lab, measured, seeds, default, dial, args.controlled)
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
    names = ["none", *(setting.name for setting in best(outcome.without, outcome.steered).values())]
    sheet = [pixels(lab.folder / name / f"{seeds[row]}.png") for name in names for row in first.values()]
    contact_sheet(sheet, columns=len(first)).save(out / "sheet.webp", quality=80)
    figures = {"weights": weights, "engine": args.engine, "least": args.least, "probes": PROBES, "often": often, "wanted": args.pairs} | summary(pairs, rates, chosen, outcome)
    figures["sheet"] = [{"prompt": measured[row].prompt, "negative": measured[row].negative, "seed": seeds[row]} for row in first.values()]
    figures["rows"] = names
    (out / "measured.json").write_text(json.dumps(figures, indent=1) + "\n")
    write_page(args.docs)


if __name__ == "__main__":
    main()
