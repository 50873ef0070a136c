// `npm run generate`: the app's pipeline from a terminal. Logs go to stderr. With --json,
// and for every line of --batch, stdout holds only JSON.
import { writeFile } from "node:fs/promises";
import type { Drawing } from "../common/drawing";
import type { Engine } from "../common/engine";
import { OnestrokeError } from "../common/errors";
import type { ModelFacts, ModelMemory, ModelPart } from "../common/model-facts";
import type { Recipe } from "../common/recipe";
import { recipePng } from "../image/recipe-png";
import { openModel } from "../pipeline/open";
import { adapterName } from "./adapters";
import { bestDevice, computeOn } from "./compute";
import { drawAlike, leadingAlike, type Planned } from "./generate/draw-alike";
import type { Job } from "./generate/job";
import { kernelTable } from "./generate/kernel-table";
import { parseOptions } from "./generate/options";
import { USAGE } from "./generate/usage";
import { fitPicture, readStart } from "./generate/start-file";
import { measureToFile, followTuningFile } from "./generate/tuning-file";
import { modelFiles } from "./models/find-model";

async function main(args: readonly string[]): Promise<void> {
  const {
    model: idOrFolder,
    engine,
    textRows,
    memoryBytes,
    tune,
    sampler: rule,
    weights,
    file,
    jobs,
    json,
    profile,
  } = await parseOptions(args);
  const files = await modelFiles(idOrFolder, { engine, rule, ...file });
  const device = engine === "ort-wasm" ? undefined : await bestDevice();
  const adapter = device === undefined ? "cpu" : adapterName(device);
  const options = { sampler: { rule }, weights, ...(memoryBytes === undefined ? {} : { memoryBytes }) };
  if (tune !== undefined && device !== undefined) await followTuningFile(tune, device);
  const model = await openModel(files, engine, computeOn(device), {}, options);
  if (tune !== undefined && device !== undefined) await measureToFile(tune, device, model);
  const { title, doubt, memory, parts, tuning } = model.facts;
  const products = tuning === undefined ? "" : `, products as measured here (${tuning})`;
  console.error(`${title} on ${adapter}${weightsText(parts)}${products}${memory === undefined ? "" : memoryText(memory)}`);
  if (doubt !== undefined) console.error(`A few steps may draw badly with ${title}: ${doubt}, unless a few-step LoRA is merged into it.`);
  // What the files do not say, the recipe does.
  const told = { ...(rule && { sampler: rule }), ...(file.prediction && { prediction: file.prediction }) };
  // All of them are planned before the first is drawn, so that a mistake in the last one is reported at once.
  const planned: Planned[] = [];
  for (const job of jobs)
    planned.push({ job, recipe: model.withRows(await startingFrom(job, { ...job.recipe(model.facts), ...told }, model.facts), textRows) });
  const write = async (path: string, drawing: Drawing): Promise<void> => {
    await writeFile(path, await recipePng(drawing));
    report(path, drawing, { engine, adapter }, json);
  };
  for (let done = 0; done < planned.length;) {
    const alike = leadingAlike(planned.slice(done));
    const [{ job, recipe }] = alike;
    // It is read again, because many of them would not fit into memory.
    const start = job.start && fitPicture((await readStart(job.start.file)).picture, recipe.width, recipe.height);
    done += await drawAlike(model, alike, { start, timesKernels: profile }, write);
  }
  await model.dispose();
}

async function startingFrom({ start }: Job, recipe: Recipe, { title, readsPictures }: ModelFacts): Promise<Recipe> {
  if (start === undefined) return recipe;
  if (!readsPictures) throw new OnestrokeError("model-unsupported", `${title} cannot draw over a picture`, { field: "start" });
  const { name } = await readStart(start.file);
  return { ...recipe, start: { picture: name, strength: start.strength } };
}

/** Only what is not float16 is worth a word. */
function weightsText(parts: readonly ModelPart[]): string {
  const quantised = parts.filter(({ weights = "f16" }) => weights !== "f16").map(({ name, weights }) => `${name} in ${weights}`);
  return quantised.length === 0 ? "" : `, weights of ${quantised.join(", ")}`;
}

function memoryText({ gpuBytes, turns }: ModelMemory): string {
  const who = turns.length === 0 ? "" : `, where ${turns.map((name) => name.replaceAll("_", " ")).join(" and ")} take turns`;
  return `, with about ${(gpuBytes / 1e9).toFixed(2)} GB of its memory at its own size${who}`;
}

interface Place {
  readonly engine: Engine;
  readonly adapter: string;
}

function report(
  file: string,
  { recipe, timings, kernels, model: { inFloat32, tuning } }: Drawing,
  { engine, adapter }: Place,
  json: boolean,
): void {
  const { width, height, seed, steps } = recipe;
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ file, width, height, seed, steps, engine, adapter, timingsMs: timings, kernels, inFloat32, tuning })}\n`,
    );
    return;
  }
  const denoise = timings.denoise.map((milliseconds) => Math.round(milliseconds)).join(" + ");
  if (inFloat32 !== undefined)
    console.error(`${file}: float16 broke it, so it was drawn with the ${inFloat32.join(" and the ")} in float32`);
  console.error(`${file}: ${width}x${height}, seed ${seed}, denoise ${denoise} ms, decode ${Math.round(timings.decode)} ms`);
  if (kernels !== undefined) console.error(kernelTable(kernels));
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
