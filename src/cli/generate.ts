// `npm run generate`: the app's pipeline from a terminal. Logs go to stderr. With --json,
// and for every line of --batch, stdout holds only JSON.
import { writeFile } from "node:fs/promises";
import type { Drawing } from "../common/drawing";
import type { Engine } from "../common/engine";
import { OnestrokeError } from "../common/errors";
import { recipePng } from "../image/recipe-png";
import { openModel } from "../pipeline/open";
import { adapterName } from "./adapters";
import { bestDevice, computeOn } from "./compute";
import { parseOptions, USAGE, type Job } from "./generate/options";
import { modelFiles } from "./models/find-model";

async function main(args: readonly string[]): Promise<void> {
  const { model: idOrFolder, engine, textRows, sampler: rule, file, jobs, json } = await parseOptions(args);
  const files = await modelFiles(idOrFolder, { engine, rule, ...file });
  const device = engine === "ort-wasm" ? undefined : await bestDevice();
  const adapter = device === undefined ? "cpu" : adapterName(device);
  const model = await openModel(files, engine, computeOn(device), {}, { textRows, sampler: { rule } });
  const { title, doubt } = model.facts;
  console.error(`${title} on ${adapter}`);
  if (doubt !== undefined) console.error(`A few steps may draw badly with ${title}: ${doubt}, unless a few-step LoRA is merged into it.`);
  // All of them are planned before the first is drawn, so that a mistake in the last one is reported at once.
  const planned = jobs.map((job) => ({ job, recipe: job.recipe(model.facts) }));
  for (const { job, recipe } of planned) {
    const drawing = await model.draw(recipe);
    await writeFile(job.file, await recipePng(drawing));
    report(job, drawing, { engine, adapter }, json);
  }
  await model.dispose();
}

interface Place {
  readonly engine: Engine;
  readonly adapter: string;
}

function report({ file }: Job, { recipe, timings }: Drawing, { engine, adapter }: Place, json: boolean): void {
  const { width, height, seed, steps } = recipe;
  if (json) {
    process.stdout.write(`${JSON.stringify({ file, width, height, seed, steps, engine, adapter, timingsMs: timings })}\n`);
    return;
  }
  const denoise = timings.denoise.map((milliseconds) => Math.round(milliseconds)).join(" + ");
  console.error(`${file}: ${width}x${height}, seed ${seed}, denoise ${denoise} ms, decode ${Math.round(timings.decode)} ms`);
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
