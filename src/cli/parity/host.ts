// Comparisons that need no GPU: token ids, sampler tables, noise.
import { Fields, isJsonObject } from "../../common/json";
import { OnestrokeError } from "../../common/errors";
import { cumulativeAlphas, STABLE_DIFFUSION_NOISE } from "../../samplers/alphas";
import { eulerSchedule } from "../../samplers/euler";
import { consistencyTimesteps, fewStepSchedule } from "../../samplers/few-step";
import { guidanceEmbedding } from "../../networks/guidance-embedding";
import { TorchGenerator } from "../../samplers/noise/torch-generator";
import type { Schedule } from "../../samplers/schedule";
import { tcdSchedule } from "../../samplers/tcd";
import { openClipTokenizer, type ClipTokenizer } from "../../tokenizer/clip-tokenizer";
import type { Comparison, HostCheck } from "./check";
import { GOLDEN, relativeError, type Golden } from "./golden";

/**
 * One row for each form of the files: the share of texts whose ids differ. References come from one of two tokenizers that read the same
 * files: transformers', which leaves a text unchanged, or CLIP's own, which mends it first. Each fixture comes from one of them.
 */
export const checkTokenizer: HostCheck = async function* ({ store, golden }) {
  const rows: readonly unknown[] = Array.isArray(golden.facts["rows"]) ? golden.facts["rows"] : [];
  for (const hidden of ["vocab.json", "tokenizer.json"]) {
    const shown = { ...store, exists: async (path: string) => path !== hidden && (await store.exists(path)) };
    if (!(await shown.exists("tokenizer.json")) && !(await shown.exists("vocab.json"))) continue;
    const wrong: number[] = [];
    for (const reading of ["as it stands", "mended"] as const) {
      const tokenizer = await openClipTokenizer(shown, "", undefined, reading);
      wrong.push(rows.filter(isJsonObject).filter((row) => differs(new Fields(row, "golden.json"), tokenizer)).length);
    }
    const form = hidden === "vocab.json" ? "tokenizer.json" : "vocab.json and merges.txt";
    yield { case: `ids from ${form}`, error: rows.length === 0 ? Number.NaN : Math.min(...wrong) / rows.length, bound: 0 };
  }
};

function differs(row: Fields, tokenizer: ClipTokenizer): boolean {
  const text = row.string("text");
  const length = tokenizer.count(text) + 2;
  const isLong = length === (row.optionalInteger("untruncated_length", GOLDEN.index) ?? length);
  return !isLong || String(tokenizer.encode(text)) !== String(row.integers("ids", GOLDEN.index));
}

export const checkNoise: HostCheck = async function* ({ golden }) {
  for (const name of golden.names) {
    const seed = /^seed(\d+)\./.exec(name)?.[1];
    if (seed === undefined) continue;
    const { values } = golden.tensor(name);
    yield { case: name, error: relativeError(new TorchGenerator(BigInt(seed)).randn(values.length), values) };
  }
};

export const checkSamplers: HostCheck = async function* ({ golden }) {
  if (golden.has("alphas_cumprod")) {
    yield {
      case: "alphas_cumprod",
      error: relativeError(cumulativeAlphas(STABLE_DIFFUSION_NOISE), golden.tensor("alphas_cumprod").values),
    };
  }
  for (const name of golden.names) {
    const guidance = /^lcm_guidance_embedding\.scale([\d.]+)\.dim(\d+)$/.exec(name);
    if (guidance)
      yield { case: name, error: relativeError(guidanceEmbedding(Number(guidance[1]), Number(guidance[2])), golden.tensor(name).values) };
  }
  for (const [name, facts] of Object.entries(golden.facts)) {
    if (isJsonObject(facts) && name !== "lcm_guidance_embedding") yield* checkRule(golden, name, new Fields(facts, name));
  }
  // These are reference outputs and noises beyond the longest schedule.
  for (const name of golden.names) if (/^(?:model_output|noise)\.\d+$/.test(name)) golden.tensor(name);
};

async function* checkRule(golden: Golden, name: string, facts: Fields): AsyncIterable<Comparison> {
  const [, rule = "", count = "0"] = /^(.+)-(\d+)$/.exec(name) ?? [];
  const timesteps = facts.optionalIntegers("timesteps", GOLDEN.index);
  const original = /^lcm-original(\d+)$/.exec(rule)?.[1];
  if (original !== undefined) {
    yield exactly(
      `${name}.timesteps`,
      consistencyTimesteps(Number(count), Number(original), STABLE_DIFFUSION_NOISE.trainTimesteps),
      timesteps,
    );
    return;
  }
  const schedule = scheduleOf(rule, Number(count), facts);
  if (timesteps)
    yield exactly(
      `${name}.timesteps`,
      schedule.steps.map(({ timestep }) => timestep),
      timesteps,
    );
  if (facts.object["sigmas"] !== undefined) {
    const sigmas = [...schedule.steps.map(({ sigma }) => sigma), 0];
    yield { case: `${name}.sigmas`, error: relativeError(sigmas, facts.numbers("sigmas", GOLDEN.value)) };
  }
  yield* checkSteps(golden, name, schedule);
}

function scheduleOf(rule: string, steps: number, facts: Fields): Schedule {
  const noise = STABLE_DIFFUSION_NOISE;
  const predictionType = "epsilon";
  if (facts.object["unet_timesteps"] !== undefined) {
    const lists = { network: facts.integers("unet_timesteps", GOLDEN.index), renoise: facts.integers("renoise_timesteps", GOLDEN.index) };
    return fewStepSchedule({ noise, predictionType, lists });
  }
  if (rule === "euler-trailing")
    return eulerSchedule(steps, { noise, predictionType, timesteps: { spacing: "trailing" }, ancestral: false });
  if (rule === "tcd-eta0") return tcdSchedule(steps, { noise, predictionType, originalSteps: 50 });
  throw new OnestrokeError("model-unsupported", `the sampler ${rule} is not known`, { sampler: rule });
}

/** Runs the schedule over fixed outputs and noises: `NAME.init`, `NAME.input.I`, `NAME.step.I`. */
function* checkSteps(golden: Golden, name: string, { initialNoiseScale, steps }: Schedule): Iterable<Comparison> {
  let sample = Float64Array.from(golden.tensor("sample").values, (value) => value * initialNoiseScale);
  const compare = function* (part: string, values: ArrayLike<number>): Iterable<Comparison> {
    if (golden.has(`${name}.${part}`))
      yield { case: `${name}.${part}`, error: relativeError(values, golden.tensor(`${name}.${part}`).values) };
  };
  yield* compare("init", sample);
  for (const [index, { inputScale, next }] of steps.entries()) {
    yield* compare(
      `input.${index}`,
      sample.map((value) => value * inputScale),
    );
    const out = golden.tensor(`model_output.${index}`).values;
    const noise = golden.has(`noise.${index}`) ? golden.tensor(`noise.${index}`).values : [];
    const fresh = (i: number) => (next.noise === 0 ? 0 : next.noise * (noise[i] ?? Number.NaN));
    sample = sample.map((value, i) => next.x * value + next.out * (out[i] ?? Number.NaN) + fresh(i));
    yield* compare(`step.${index}`, sample);
  }
}

function exactly(name: string, actual: readonly number[], expected: readonly number[] | undefined): Comparison {
  return { case: name, error: String(actual) === String(expected) ? 0 : 1, bound: 0 };
}
