// What `npm run generate -- --help` says.
import { MOST_TEXT_ROWS } from "../../common/limits";
import { CHOSEN_RULES } from "../../common/chosen-sampler";

/** How much of a picture is drawn over, if nobody says. */
export const USUAL_STRENGTH = 0.5;

export const USAGE = `usage: npm run generate -- --model MODEL --prompt TEXT --out FILE.png
  [--negative TEXT [--nasa A | --nag PHI | --vsf A [--vsf-offset B]] [--sigma-end S]] [--steps N] [--seed S] [--variation SEED:STRENGTH[,...]] [--start FILE.png [--strength X]] [--width W] [--height H] [--count N] [--text-rows R] [--sampler RULE] [--lora FILE[:WEIGHT]]... [--tokenizer DIR] [--prediction P] [--weights f16|q8|q4] [--gpu-memory GB] [--tune FILE] [--profile] [--engine wgsl|ort-webgpu|ort-wasm] [--json]
or: npm run generate -- --model MODEL --batch FILE.jsonl [--text-rows R] [--sampler RULE] [--lora FILE[:WEIGHT]]... [--tokenizer DIR] [--prediction P] [--weights f16|q8|q4] [--gpu-memory GB] [--tune FILE] [--profile] [--engine wgsl|ort-webgpu|ort-wasm]
  (a line: {"prompt", "out", "negative"?, "nasa"?, "nag"?, "vsf"?, "vsf-offset"?, "sigma-end"?, "steps"?, "seed"?, "variation"?, "start"?, "strength"?, "width"?, "height"?}; a seed above 2^53 as a string)
MODEL is an id of models/catalogue (with a choice of parts after a plus: sd-turbo+large-decoder), a folder, a file, or a repository of the
hub as OWNER/NAME[@REVISION]. What is on the hub is fetched once, into the hub's own cache folder (see npm run models).
A negative prompt is steered away from by NASA at strength A, by NAG at strength PHI, or by VSF at strength A with scores B lower,
at the first step and at those whose sigma (noise over signal) is at least S; 0 is every step. Method, strength and S are the model's own if not given.
A variation takes the noise of seed S a part of the way to that of another SEED: STRENGTH 0 stays, and 1 is the other seed's picture.
A picture of FILE.png is drawn over: of the N steps the last X * N are taken, at least one; X is from 0 to 1, and ${USUAL_STRENGTH} if not given. Its middle
is resized to W x H where it has another size.
(word:1.3), ((word)) and [word] weigh words, BREAK begins a new row of tokens, and a backslash makes a bracket a plain one, as in the web UI
of AUTOMATIC1111. (word:-1) turns a word against the picture.
Prompt and negative prompt may each fill R rows of the text encoder, of 77 tokens with begin and end, as far as they need them; what is
longer is cut. R is ${MOST_TEXT_ROWS} if not given, as on the page.
RULE is ${CHOSEN_RULES.join(", ")}: how to step a checkpoint whose scheduler file has no rule for few steps, such as one that a few-step
LoRA is merged into (consistency after LCM's, tcd after TCD's).
Weights are float16, or 8 or 4 bits with a scale for each 32 of them (docs/quantisation.md), whatever the file has; as in the file, if not given.
A picture takes at most GB gigabytes (10^9 bytes) of the GPU's memory, as far as that goes: networks take turns for it.
How this GPU computes the heaviest products of the model's own size fastest is measured before the first picture, and kept in FILE. What
FILE says of this GPU is not measured again.
With --profile every kernel is timed by the GPU's own clock, where it has one; pictures that are drawn together are timed together.
Each LoRA is merged into the model, times its weight, which is 1 if it is not given.
A model may be one file in the original layout, as model sites give it. It holds no tokenizer: DIR has CLIP's, as tokenizer.json or as
vocab.json and merges.txt; if it is not given, they are looked for beside the file and then at the hub. P is epsilon or v_prediction, for
files of Stable Diffusion 2 that do not say which.`;
