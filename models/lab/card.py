"""Writes the model card and its contact sheets from what `evaluate.py` measured; no score is typed in.

`python -m lab.card --model models/vignette`
"""
from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from .dataset import VALUES
from .export import BYTES, total_bytes
from .flops import BUDGET
from .pipeline import Pipeline, contact_sheet
from .sampler import STEPS

SAMPLES = (
    "a lighthouse on a cliff at sunset, two sailboats", "three hot air balloons over rolling hills, summer morning, travel poster",
    "a cottage in a forest at night, winter, watercolour", "castle in the mountains, autumn, clear sky, flat poster",
    "city skyline at night, clear sky, poster", "two cacti in the desert at sunset, poster",
    "a rowing boat on a lake at dawn, spring, watercolour painting", "village in falling snow, winter evening, flat illustration",
    "a windmill in a meadow, foggy autumn morning, ink drawing", "sheep on green hills at noon, spring, poster",
    "a tent and a campfire in the mountains at night, poster", "seaside in the rain, two seagulls, watercolor",
)
STAGES = {"perceptual": "perceptual network", "finished": "finishing", "classifier": "judge"}  # checkpoints by what they are


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def accuracy_table(measured: dict[str, Any]) -> str:
    columns = [("renders", measured["renders"]), ("autoencoder", measured["autoencoded"])] + [(f"{n} step{'s' if n != '1' else ''}", s) for n, s in measured["steps"].items()]
    lines = ["| | " + " | ".join(name for name, _ in columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for attribute, values in VALUES.items():
        lines.append(f"| {attribute} ({len(values)}) | " + " | ".join(percent(s["accuracy"][attribute]) for _, s in columns) + " |")
    lines.append("| **mean** | " + " | ".join(f"**{percent(s['mean_accuracy'])}**" for _, s in columns) + " |")
    lines.append("| all five right | " + " | ".join(percent(s["all_five"]) for _, s in columns) + " |")
    lines.append("| things, presence F1 | " + " | ".join(f"{s['presence_f1']:.3f}" for _, s in columns) + " |")
    lines.append("| Fréchet distance | " + " | ".join(f"{s.get('frechet', s.get('frechet_between_halves')):.2f}" for _, s in columns) + " |")
    return "\n".join(lines)


def thing_table(measured: dict[str, Any]) -> str:
    shown = {"renders": measured["renders"], "autoencoder": measured["autoencoded"]} | {f"{n} step{'s' if n != '1' else ''}": s for n, s in measured["steps"].items() if n in ("1", "4")}
    lines = ["| thing | " + " | ".join(shown) + " |", "| --- |" + " ---: |" * len(shown)]
    lines += [f"| {thing} | " + " | ".join(f"{s['f1_per_thing'][thing]:.2f}" for s in shown.values()) + " |" for thing in measured["renders"]["f1_per_thing"]]
    return "\n".join(lines)


def companion_table(measured: dict[str, Any]) -> str:
    one = measured["steps"]["1"]["companions"]
    coded = measured["autoencoded"]["companions"]
    lines = ["| place: thing | renders | autoencoder | one step |", "| --- | ---: | ---: | ---: |"]
    return "\n".join(lines + [f"| {pair} | {percent(share)} | {percent(coded[pair])} | {percent(one[pair])} |" for pair, share in measured["renders"]["companions"].items()])


def card(model: Path, measured: dict[str, Any]) -> str:
    size, flops = total_bytes(model), measured["student_gflop"] + measured["decode_gflop"]
    counts, minutes = measured["parameters"], measured["minutes"]
    return f"""# Vignette

A text-to-image student of {sum(counts.values()) / 1e6:.1f} M parameters that draws 256x256 illustrated landscapes in one step, or in up to four. It was
trained from scratch on pictures this repository draws itself ([the lab](../lab/README.md)); no other data, no other weights.

![one step](samples-1-step.webp)

*One step, seeds in order, nothing chosen by hand. The same prompts and seeds at four steps: [samples-4-steps.webp](samples-4-steps.webp).*

## What it is
| | |
| --- | --- |
| layout | diffusers `StableDiffusionPipeline`: UNet2DConditionModel, AutoencoderTiny (f8, 12 channels), CLIPTextModel, EulerDiscreteScheduler |
| parameters | student {counts['unet'] / 1e6:.2f} M, autoencoder {counts['vae'] / 1e6:.2f} M, text encoder {counts['text_encoder'] / 1e6:.2f} M |
| download | {size / 1e6:.2f} MB in float16 (limit {BYTES / 1e6:.0f}) |
| one step and decode | {measured['student_gflop']:.3f} + {measured['decode_gflop']:.3f} = {flops:.3f} GFLOP, two per multiply-accumulate, text encoder apart (limit {BUDGET / 1e9:.0f}) |
| prediction | v, scaled-linear betas; Euler at time steps of its own: {'; '.join(f"{count}: {', '.join(map(str, times))}" for count, times in STEPS.items())} (`timesteps_by_steps` in its scheduler's file; to diffusers give them as `timesteps`) |
| trained on | a 2-core CPU shared with other work, no GPU: {', '.join(f"{STAGES.get(name, name.replace('_', ' '))} {value:.0f} min" for name, value in minutes.items())} (wall clock; some at the same time) |

## Measured
{measured['pictures']} captions from combinations of place, time, weather, season and style that training never drew (a tenth of all 1,920, chosen by hash of
what is drawn, not of the wording), all five named. A judge trained on renders alone says what each picture shows; *renders* is
how often it is right about the renderer's own pictures of the same captions, the ceiling of this measure; *autoencoder* the
same renders encoded and decoded, about the most a student can reach on these latents. Steps two to four were taught with the features of
another network, which learnt the same labels from latents: no judge, but a relative of it. The shipped float16 weights were run in bfloat16
arithmetic.

{accuracy_table(measured)}

F1 counts a thing as wanted when the caption asks for it; companions (below) and scenery that belongs to a place are not counted
against a picture. Fréchet distances are in the judge's 256 features, against the renders of the same captions; the first column is the
distance between two halves of those renders, the floor at half the sample size.

{thing_table(measured)}

## Things nobody asked for
Some places bring company, decided by the seed: what a negative prompt can take away. Share of pictures in which it appears unasked:

{companion_table(measured)}

## Limits
It knows eight places, four times of day, five weathers, four seasons, three drawing styles and fourteen things, and English words for
them; other words are read past. Light, colours, weather and the lie of the land are right, and what is asked for stands where it should; where
the noise leaves two spots nearly equal, one step may leave a pale double at the second, and skylines, far ridges and thin rain stay soft (the
tables above say how often something is missed). Counts above three and relations between things are not in its language. Four steps against
one: {100 * (measured['steps']['4']['mean_accuracy'] - measured['steps']['1']['mean_accuracy']):+.1f} points of mean accuracy, {measured['steps']['4']['presence_f1'] - measured['steps']['1']['presence_f1']:+.3f} in the things' F1, {100 * (measured['steps']['4']['frechet'] / measured['steps']['1']['frechet'] - 1):+.0f} % in Fréchet distance.

The training pictures were drawn twice while the autoencoder was kept (its pictures are alike, their layouts are not). The student took
12,200 steps, in which half of every batch learnt time steps between, no longer used; of the 2,600 that finished it, the first 900 weighed
features less. The recipe run afresh therefore gives a like model, not these very bytes; from equal checkpoints it repeats itself exactly.
Weights and pictures are under the licence of this repository.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()
    pipeline = Pipeline(args.model)
    for steps in (1, 4):
        pictures = list(pipeline.images(SAMPLES, range(len(SAMPLES)), steps))
        contact_sheet(pictures, columns=4).save(args.model / f"samples-{steps}-step{'s' if steps > 1 else ''}.webp", quality=88)
    (args.model / "CARD.md").write_text(card(args.model, json.loads((args.model / "measured.json").read_text())))


if __name__ == "__main__":
    main()
