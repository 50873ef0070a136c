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
from .sampler import STEPS, counted
from .stored import UNET, number_format

SAMPLES = (
    "a lighthouse on a cliff at sunset, two sailboats", "three hot air balloons over rolling hills, summer morning, travel poster",
    "a cottage in a forest at night, winter, watercolour", "castle in the mountains, autumn, clear sky, flat poster",
    "city skyline at night, clear sky, poster", "two cacti in the desert at sunset, poster",
    "a rowing boat on a lake at dawn, spring, watercolour painting", "village in falling snow, winter evening, flat illustration",
    "a windmill in a meadow, foggy autumn morning, ink drawing", "sheep on green hills at noon, spring, poster",
    "a tent and a campfire in the mountains at night, poster", "seaside in the rain, two seagulls, watercolor",
)
STAGES = {"perceptual": "perceptual network", "perceptual_pictures": "perceptual network of pictures", "finished": "finishing",
          "teacher": "teacher of many steps", "dmd2": "matching its distribution", "classifier": "first judge", "second_judge": "second judge"}  # checkpoints by what they are
FORMATS = {"f16": "float16", "q8": "blocks of 8 bits", "q4": "blocks of 4 bits"}
QUANTISATION = "../../docs/quantisation.md"


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def accuracy_table(measured: dict[str, Any]) -> str:
    columns = [("renders", measured["renders"]), ("autoencoder", measured["autoencoded"])] + [(counted(int(n)), s) for n, s in measured["steps"].items()]
    lines = ["| | " + " | ".join(name for name, _ in columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for attribute, values in VALUES.items():
        lines.append(f"| {attribute} ({len(values)}) | " + " | ".join(percent(s["accuracy"][attribute]) for _, s in columns) + " |")
    lines.append("| **mean** | " + " | ".join(f"**{percent(s['mean_accuracy'])}**" for _, s in columns) + " |")
    lines.append("| all five right | " + " | ".join(percent(s["all_five"]) for _, s in columns) + " |")
    lines.append("| things, presence F1 | " + " | ".join(f"{s['presence_f1']:.3f}" for _, s in columns) + " |")
    for title, key in (("Fréchet distance", "frechet"), ("sliced Wasserstein distance", "sliced_wasserstein")):
        lines.append(f"| {title} | " + " | ".join(f"{s.get(key, s.get(f'{key}_between_halves')):.3g}" for _, s in columns) + " |")
    for band, title in enumerate(("shapes", "outlines", "grain")):
        lines.append(f"| energy of {title}, renders' = 1 | " + " | ".join(f"{s['sharpness'][band]:.2f}" if "sharpness" in s else "1" for _, s in columns) + " |")
    lines.append("| diversity, renders' = 1 | " + " | ".join(f"{s['diversity']:.2f}" if "diversity" in s else "1" for _, s in columns) + " |")
    return "\n".join(lines)


def first_judge_table(measured: dict[str, Any]) -> str:
    """What the first judge says of the same pictures; nothing where it was not trained."""
    if "first_judge" not in measured["renders"]:
        return ""
    columns = [("renders", measured["renders"]), ("autoencoder", measured["autoencoded"])] + [(counted(int(n)), s) for n, s in measured["steps"].items()]
    lines = ["", "The first judge, a convolutional network, on the same pictures:", "", "| | " + " | ".join(name for name, _ in columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for title, key, form in (("mean accuracy", "mean_accuracy", percent), ("all five right", "all_five", percent), ("things, presence F1", "presence_f1", "{:.3f}".format)):
        lines.append(f"| {title} | " + " | ".join(form(s["first_judge"][key]) for _, s in columns) + " |")
    distances = [measured["renders"]["first_judge_frechet_between_halves"]] + [s["first_judge"]["frechet"] for _, s in columns[1:]]
    lines.append("| Fréchet distance | " + " | ".join(f"{d:.2f}" for d in distances) + " |")
    return "\n".join(lines) + "\n"


def thing_table(measured: dict[str, Any]) -> str:
    shown = {"renders": measured["renders"], "autoencoder": measured["autoencoded"]} | {counted(int(n)): s for n, s in measured["steps"].items() if n in ("1", "4")}
    lines = ["| thing | " + " | ".join(shown) + " |", "| --- |" + " ---: |" * len(shown)]
    lines += [f"| {thing} | " + " | ".join(f"{s['f1_per_thing'][thing]:.2f}" for s in shown.values()) + " |" for thing in measured["renders"]["f1_per_thing"]]
    return "\n".join(lines)


def companion_table(measured: dict[str, Any]) -> str:
    one = measured["steps"]["1"]["companions"]
    coded = measured["autoencoded"]["companions"]
    lines = ["| place: thing | renders | autoencoder | one step |", "| --- | ---: | ---: | ---: |"]
    return "\n".join(lines + [f"| {pair} | {percent(share)} | {percent(coded[pair])} | {percent(one[pair])} |" for pair, share in measured["renders"]["companions"].items()])


def stored_as(shipped: str) -> str:
    if shipped == "f16":
        return "all weights in float16"
    return (f"the weights of student and text encoder in {FORMATS[shipped]}, from which [a few lines of PyTorch]({QUANTISATION}#in-files) "
            "restore what diffusers reads; the autoencoder's in float16")


def drawn_with(shipped: str, measured: str) -> str:
    """Which weights the figures are of."""
    if measured == shipped:
        return "The shipped weights were run in bfloat16 arithmetic."
    return (f"These are figures of the {FORMATS[measured]} weights that\nthe shipped ones were made from, run in bfloat16 arithmetic; "
            f"[what the shipped ones lose to them]({QUANTISATION}#what-it-costs) was judged apart.")


def card(model: Path, measured: dict[str, Any]) -> str:
    shipped = number_format(model / "unet", UNET)
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
| download | {size / 1e6:.2f} MB (limit {BYTES / 1e6:.0f}) with {stored_as(shipped)} |
| one step and decode | {measured['student_gflop']:.3f} + {measured['decode_gflop']:.3f} = {flops:.3f} GFLOP, two per multiply-accumulate, text encoder apart (limit {BUDGET / 1e9:.0f}) |
| prediction | v, scaled-linear betas; Euler at time steps of its own: {'; '.join(f"{count}: {', '.join(map(str, times))}" for count, times in STEPS.items())} (`timesteps_by_steps` in its scheduler's file; to diffusers give them as `timesteps`) |
| trained on | a 2-core CPU shared with other work, no GPU: {', '.join(f"{STAGES.get(name, name.replace('_', ' '))} {value:.0f} min" for name, value in minutes.items())} (wall clock; some at the same time) |

## Measured
{measured['pictures']} captions from combinations of place, time, weather, season and style that training never drew (a tenth of all 1,920, chosen by hash of
what is drawn, not of the wording), all five named. A judge trained on renders alone, on a draw of its own, says what each picture shows; *renders* is
how often it is right about the renderer's own pictures of the same captions, the ceiling of this measure; *autoencoder* the
same renders encoded and decoded. Nothing was trained against the judge, nor against a network built like it: it looks at patches with
attention, and what training compared features of was convolutional. {drawn_with(shipped, measured["weights"])}

{accuracy_table(measured)}

F1 counts a thing as wanted when the caption asks for it; companions (below) and scenery that belongs to a place are not counted
against a picture. Distances are in the judge's 128 features, against the renders of the same captions; the first column is the
distance between two halves of those renders, the floor at half the sample size. Energies are of the luminance in three bands of
frequency, below a sixteenth of the highest, to a quarter, and above.
{first_judge_table(measured)}
{thing_table(measured)}

## Things nobody asked for
Some places bring company, decided by the seed: what a negative prompt can take away. Share of pictures in which it appears unasked:

{companion_table(measured)}

## Limits
It knows eight places, four times of day, five weathers, four seasons, three drawing styles and fourteen things, and English words for
them; other words are read past. Light, colours, weather and the lie of the land are right, and what is asked for stands where it should; where
the noise leaves two spots nearly equal, one step may leave a pale double at the second. Thin rain is lost between encoding and decoding, though
the latents still say that it rains, and skylines and village windows stay soft: the student's latents are (the tables above say how often
something is missed). Counts above three and relations between things are not in its language. Four steps against
one: {100 * (measured['steps']['4']['mean_accuracy'] - measured['steps']['1']['mean_accuracy']):+.1f} points of mean accuracy, {round(measured['steps']['4']['presence_f1'] - measured['steps']['1']['presence_f1'], 3) + 0.0:+.3f} in the things' F1, {100 * (measured['steps']['4']['frechet'] / measured['steps']['1']['frechet'] - 1):+.0f} % in Fréchet distance.

The training pictures were drawn twice while the autoencoder was kept (its pictures are alike, their layouts are not). The student took
12,200 steps, in which half of every batch learnt time steps between, no longer used; of the 2,600 that finished it, the first 900 weighed
features less. The decoder was then trained on, from that student's latents, with the encoder and the student as they were: {measured['minutes']['decoder']:.0f} minutes on the
same kind of machine, shared with much other work; its adversary was made anew once, and the share it pulls by was a quarter before it was 0.6. Last, the student
was sharpened by DMD2 ([the lab](../lab/README.md#recipes)): it matches the distribution of a teacher of many steps, trained on the same latents for
{measured['minutes']['teacher']:.0f} minutes, and known pairs tell it what that teacher never learnt. Of its 2,000 steps of the fake score (400 of the student), 540 were under guidance 3 and 310 under
1.5, both without pairs, 230 under 1.5 with pairs weighed 0.25, and the rest under 2.5 with 0.5. The decoder was not trained again. The recipe run afresh therefore gives a
like model, not these very bytes; from equal checkpoints it repeats itself exactly.
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
