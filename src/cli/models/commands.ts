// What `npm run models` can do, each as a function of the model's name.
import { OnestrokeError } from "../../common/errors";
import { WEIGHT_FORMATS } from "../../common/weight-format";
import { inspectModel } from "../../hub/inspect";
import type { Hub } from "../../hub/hub";
import { MODELS, modelCache } from "./cache";
import { hubOf } from "./environment";
import { hashEntry } from "./hash-entry";
import { namedModel } from "./cached-model";
import { fetchModel } from "./hub-model";
import { untilInterrupted } from "./interrupt";
import { listModels, listRepositories, wholeModel } from "./list";
import { bytesText, progressLine } from "./progress";
import { quantiseModel } from "./quantise";
import { removeModel } from "./remove";
import { reportText } from "./report";
import { verifyModel } from "./verify";

export const USAGE = `usage: npm run models -- list [--json]
       npm run models -- show MODEL [--json]                    what a model is, and whether it can be drawn with
       npm run models -- get MODEL [--json]                     fetches a model, or what is missing of it
       npm run models -- verify MODEL [--json]                  hashes its files again; what is wrong is removed
       npm run models -- remove MODEL [--json]                  removes the files that no other model needs
       npm run models -- hash ID                                writes into its entry the hashes of a model that ships with the project
       npm run models -- quantise FOLDER --to FOLDER --weights q8|q4 [--json]
                                                                writes a folder in diffusers' layout again, with smaller weights
MODEL is an id of models/catalogue, with a choice of parts after a plus (sd-turbo+large-decoder), or OWNER/NAME[@REVISION].
Models are kept in the hub's own cache folder, HF_HUB_CACHE or HF_HOME/hub. HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are honoured.`;

/** What a command answers: an object for programs, and text for people. */
export interface Answer {
  readonly json: unknown;
  readonly text: string;
}

const COMMANDS: Readonly<Record<string, (model: string) => Promise<Answer>>> = { show, get, verify, remove, hash };

async function list(): Promise<Answer> {
  const cache = modelCache();
  const [models, repositories] = [await listModels(cache), await listRepositories(cache.folder)];
  const unfinished = (bytes: number): string => (bytes === 0 ? "" : `, and ${bytesText(bytes)} of downloads that are not finished`);
  const lines = [
    ...models.map(({ model, title, byteLength }) => `${model}  ${title === model ? "" : `${title}, `}reads ${bytesText(byteLength)}`),
    `\n${cache.folder}`,
    ...repositories.map(
      ({ repository, byteLength, unfinishedBytes }) => `  ${repository}  ${bytesText(byteLength)}${unfinished(unfinishedBytes)}`,
    ),
  ];
  return { json: { cache: cache.folder, models, repositories }, text: lines.join("\n") };
}

async function show(model: string): Promise<Answer> {
  const { outline, shipped } = modelCache();
  const report = await inspectModel(model, { hub: network(), outline, shipped });
  return { json: report, text: reportText(report) };
}

async function get(model: string): Promise<Answer> {
  refuseShipped(model);
  const [cache, line] = [modelCache(), progressLine(model)];
  const { outline } = await untilInterrupted(line.end, (signal) =>
    fetchModel(model, { cache, hub: network(), signal, onProgress: line.say }),
  );
  return { json: { model, cache: cache.folder, outline }, text: `${model} is in ${cache.folder}` };
}

async function verify(model: string): Promise<Answer> {
  refuseShipped(model);
  const cache = modelCache();
  const found = await wholeModel(cache, model);
  if (found === undefined)
    throw new OnestrokeError("model-missing", `${model} is not in ${cache.folder}, or not all of it`, { model, remedy: GET });
  const files = await untilInterrupted(
    () => undefined,
    (signal) => verifyModel(found, ({ file, state }) => void process.stderr.write(`${file}: ${state}\n`), signal),
  );
  const wrong = files.filter(({ state }) => state === "wrong").map(({ file }) => file);
  if (wrong.length > 0) {
    const remedy = `They were removed. Fetch them again with \`npm run models -- get ${model}\`.`;
    throw new OnestrokeError("model-corrupt", `${wrong.join(", ")}: not what was published`, { model, remedy });
  }
  return { json: { model, files }, text: `${model}: ${files.length} files are as they were published` };
}

const GET = "Fetch it with `npm run models -- get MODEL`.";

async function remove(model: string): Promise<Answer> {
  refuseShipped(model);
  const cache = modelCache();
  const removed = await removeModel(cache, model);
  if (removed === undefined) {
    const { entry, repositories } = namedModel(model);
    const names = repositories.map(({ repository }) => repository).join(", ");
    const remedy =
      entry === undefined ? "Nothing to do." : `Its parts may be another program's; they are removed by their own names: ${names}.`;
    throw new OnestrokeError("model-missing", `nothing of ${model} is in ${cache.folder}, or not all of it`, { model, remedy });
  }
  const shared = removed.sharedWith.length === 0 ? "" : `; what it shares with ${removed.sharedWith.join(" and ")} stays`;
  return { json: { model, ...removed }, text: `${bytesText(removed.freedBytes)} freed${shared}` };
}

async function hash(model: string): Promise<Answer> {
  const count = await hashEntry(model, MODELS);
  return { json: { model, files: count }, text: `models/catalogue/${model}.json lists ${count} files` };
}

/** @throws OnestrokeError `invalid-input` for a model that is no part of the cache, and for what names no model */
function refuseShipped(model: string): void {
  if (namedModel(model).repositories.some(({ revision }) => revision !== "")) return;
  throw new OnestrokeError("invalid-input", `${model} ships with the project, and is in no cache`, { model, remedy: "Draw with it." });
}

function network(): Hub {
  const hub = hubOf();
  if (hub === undefined) throw new OnestrokeError("offline", "HF_HUB_OFFLINE forbids the network", { remedy: "Unset HF_HUB_OFFLINE." });
  return hub;
}

/** What stands behind `--to` and `--weights`. */
export interface QuantiseOptions {
  readonly to?: string | undefined;
  readonly weights?: string | undefined;
}

async function quantise(folder: string, { to, weights }: QuantiseOptions): Promise<Answer> {
  const format = WEIGHT_FORMATS.find((each) => each === weights);
  if (to === undefined || format === undefined || format === "f16") {
    throw new OnestrokeError("invalid-input", USAGE, { remedy: "Say where to write it with --to, and --weights q8 or q4." });
  }
  const components = await quantiseModel(folder, to, format);
  const lines = components.map(({ component, before, after }) => `${component}: ${bytesText(before)} became ${bytesText(after)}`);
  return { json: { folder, to, weights: format, components }, text: [...lines, `It is in ${to}`].join("\n") };
}

/** @throws OnestrokeError `invalid-input` with the usage */
export async function answer([name = "", model, ...rest]: readonly string[], options: QuantiseOptions = {}): Promise<Answer> {
  if (rest.length === 0 && name === "quantise" && model !== undefined) return quantise(model, options);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (rest.length === 0 && name === "list" && model === undefined) return list();
  if (rest.length === 0 && command !== undefined && model !== undefined) return command(model);
  throw new OnestrokeError("invalid-input", USAGE, { remedy: "Name one command, and the model it is for." });
}
