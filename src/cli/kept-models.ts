// `npm run models`: what is kept of the hub's models in its cache folder, and what a repository is before it is fetched.
// Progress goes to stderr; stdout holds the answer, as JSON with --json.
import { parseArgs } from "node:util";
import { OnestrokeError } from "../common/errors";
import { inspectRepository } from "../hub/inspect";
import type { Hub } from "../hub/hub";
import { outlineModel } from "../pipeline/outline";
import { cacheFolder, hubOf } from "./hub/environment";
import { namedModel } from "./hub/cached-model";
import { fetchModel } from "./hub/hub-model";
import { untilInterrupted } from "./hub/interrupt";
import { listModels, listRepositories, wholeModel } from "./hub/list";
import { bytesText, progressLine } from "./hub/progress";
import { removeModel } from "./hub/remove";
import { reportText } from "./hub/report";
import { verifyModel } from "./hub/verify";

const USAGE = `usage: npm run models -- list [--json]
       npm run models -- show OWNER/NAME[@REVISION] [--json]    what a repository is, and whether it can be drawn with
       npm run models -- get MODEL [--json]                     fetches a model, or what is missing of it
       npm run models -- verify MODEL [--json]                  hashes its files again; what is wrong is removed
       npm run models -- remove MODEL [--json]                  removes the files that no other model needs
MODEL is an id of models/catalogue, with a choice of parts after a plus (sd-turbo+large-decoder), or OWNER/NAME[@REVISION].
Models are kept in the hub's own cache folder, HF_HUB_CACHE or HF_HOME/hub. HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are honoured.`;

/** What a command answers: an object for programs, and text for people. */
interface Answer {
  readonly json: unknown;
  readonly text: string;
}

const cache = cacheFolder();

const COMMANDS: Readonly<Record<string, (model: string) => Promise<Answer>>> = { show, get, verify, remove };

async function list(): Promise<Answer> {
  const [models, repositories] = [await listModels(cache, outlineModel), await listRepositories(cache)];
  const unfinished = (bytes: number): string => (bytes === 0 ? "" : `, and ${bytesText(bytes)} of downloads that are not finished`);
  const lines = [
    ...models.map(({ model, title, byteLength }) => `${model}  ${title === model ? "" : `${title}, `}reads ${bytesText(byteLength)}`),
    `\n${cache}`,
    ...repositories.map(
      ({ repository, byteLength, unfinishedBytes }) => `  ${repository}  ${bytesText(byteLength)}${unfinished(unfinishedBytes)}`,
    ),
  ];
  return { json: { cache, models, repositories }, text: lines.join("\n") };
}

async function show(model: string): Promise<Answer> {
  const report = await inspectRepository(model, { hub: network(), outline: outlineModel });
  return { json: report, text: reportText(report) };
}

async function get(model: string): Promise<Answer> {
  const line = progressLine(model);
  const { outline } = await untilInterrupted(line.end, (signal) =>
    fetchModel(model, { cache, hub: network(), outline: outlineModel, signal, onProgress: line.say }),
  );
  return { json: { model, cache, outline }, text: `${model} is in ${cache}` };
}

async function verify(model: string): Promise<Answer> {
  namedModel(model);
  const found = await wholeModel(cache, model, outlineModel);
  if (found === undefined)
    throw new OnestrokeError("model-missing", `${model} is not in ${cache}, or not all of it`, { model, remedy: GET });
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
  const removed = await removeModel(cache, model, outlineModel);
  if (removed === undefined)
    throw new OnestrokeError("model-missing", `nothing of ${model} is in ${cache}`, { model, remedy: "Nothing to do." });
  const shared = removed.sharedWith.length === 0 ? "" : `; what it shares with ${removed.sharedWith.join(" and ")} stays`;
  return { json: { model, ...removed }, text: `${bytesText(removed.freedBytes)} freed${shared}` };
}

function network(): Hub {
  const hub = hubOf();
  if (hub === undefined) throw new OnestrokeError("offline", "HF_HUB_OFFLINE forbids the network", { remedy: "Unset HF_HUB_OFFLINE." });
  return hub;
}

async function main(args: readonly string[]): Promise<void> {
  const options = { json: { type: "boolean", default: false }, help: { type: "boolean", default: false } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [name = "", model, ...rest] = positionals;
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const isWrong = rest.length > 0 || (name === "list" ? model !== undefined : command === undefined || model === undefined);
  if (isWrong) throw new OnestrokeError("invalid-input", USAGE, { remedy: "Name one command, and the model it is for." });
  const { json, text } = command === undefined || model === undefined ? await list() : await command(model);
  process.stdout.write(`${values.json ? JSON.stringify(json) : text}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (thrown) {
  const error = OnestrokeError.from(thrown, "invalid-input");
  process.stderr.write(`${error.code}: ${error.message}\n${error.remedy}\n`);
  process.exitCode = 1;
}
