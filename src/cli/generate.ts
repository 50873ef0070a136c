// `npm run generate`: the app's pipeline from a terminal. Logs go to stderr; with --json
// (and for every line of --batch) stdout holds JSON alone.
import { writeFile } from "node:fs/promises";
import type { Device } from "../engine/device";
import { assertNever, OnestrokeError } from "../common/errors";
import { encodePng } from "../image/png";
import { RECIPE_KEYWORD } from "../image/png-text";
import { checkPicture } from "../pipeline/check-picture";
import { OnnxTextToImage } from "../pipeline/onnx/text-to-image";
import type { ImageRequest, Timings } from "../pipeline/request";
import { TextToImage } from "../pipeline/text-to-image";
import type { Engine } from "../common/engine";
import { modelName, parseRecipe } from "../common/recipe";
import { adapterName, openDevices } from "./adapters";
import { parseOptions, USAGE, type GenerateOptions, type Job } from "./generate/options";
import { openModel, openModelFiles } from "./models";
import { openRuntime } from "./runtimes";

async function main(args: readonly string[]): Promise<void> {
  const options = await parseOptions(args);
  const { engine, jobs, json } = options;
  const { pipeline, adapter } = await open(options);
  const { name, defaultSize, steering, doubt } = pipeline.info;
  console.error(`${name} on ${adapter}`);
  if (doubt !== undefined) console.error(`A few steps may draw badly with ${name}: ${doubt}, unless a few-step LoRA is merged into it.`);
  const defaults = { size: defaultSize, steering };
  let unpaid = pipeline.loadTimings;
  const planned = jobs.map((job) => {
    const request = job.request(defaults);
    // Before the first is drawn: what could not be read back is not written.
    const recipe = parseRecipe({ ...request, model: modelName(name), seed: request.seed });
    return { job, request, recipe };
  });
  for (const { job, request, recipe } of planned) {
    const { image, timings } = await pipeline.generate(request);
    checkPicture(image, request);
    await writeFile(job.file, await encodePng(image, new Map([[RECIPE_KEYWORD, JSON.stringify(recipe)]])));
    const timingsMs = { ...timings, load: timings.load + unpaid.load, compile: timings.compile + unpaid.compile };
    unpaid = { load: 0, compile: 0 };
    report(job, request, { timingsMs, engine, adapter }, json);
  }
  await pipeline.dispose();
}

async function open({ model, engine, textRows, sampler: rule }: GenerateOptions) {
  switch (engine) {
    case "wgsl": {
      const manifest = await openModel(model);
      const device = await bestDevice();
      return { pipeline: await TextToImage.load(manifest, device, {}, { textRows, sampler: { rule } }), adapter: adapterName(device) };
    }
    case "ort-webgpu":
    case "ort-wasm": {
      const { store, entry } = await openModelFiles(model);
      const { runtime, adapter } = await openRuntime(engine === "ort-webgpu" ? await bestDevice() : undefined);
      return { pipeline: await OnnxTextToImage.load(store, runtime, {}, { entry, textRows, rule }), adapter };
    }
    default:
      return assertNever(engine);
  }
}

async function bestDevice(): Promise<Device> {
  const [device] = await openDevices("best");
  if (!device) throw new OnestrokeError("gpu-unavailable", "there is no adapter");
  return device;
}

interface Drawn {
  readonly timingsMs: Timings;
  readonly engine: Engine;
  readonly adapter: string;
}

function report(job: Job, request: ImageRequest, { timingsMs, engine, adapter }: Drawn, json: boolean): void {
  const { width, height, seed, steps } = request;
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ file: job.file, width, height, seed: seed.toString(), steps, engine, adapter, timingsMs })}\n`,
    );
    return;
  }
  const denoise = timingsMs.denoise.map((milliseconds) => Math.round(milliseconds)).join(" + ");
  console.error(`${job.file}: ${width}x${height}, seed ${seed}, denoise ${denoise} ms, decode ${Math.round(timingsMs.decode)} ms`);
}

try {
  const args = process.argv.slice(2);
  if (args.includes("--help")) process.stdout.write(`${USAGE}\n`);
  else await main(args);
  process.exit(0);
} catch (thrown) {
  const error = OnestrokeError.from(thrown, "invalid-input");
  console.error(`${error.code}: ${error.message}\n${error.remedy}`);
  process.exit(1);
}
