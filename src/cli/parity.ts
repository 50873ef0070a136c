// `npm run parity -- DIR [--engine wgsl|ort-webgpu|ort-wasm] [--adapter best|all] [--compute-as CLASS] [--json]`: runs every
// fixture folder in DIR and compares the results with its reference tensors. There is one row for each tensor. It exits with 1
// when a row exceeds its bound, a folder is not recognised or a tensor was not compared. `--compute-as` chooses the kernels of
// another class of adapters, so that a software adapter runs what a GPU runs.
// Logs go to stderr, and stdout holds only the table or the JSON.
import { parseArgs } from "node:util";
import { OnestrokeError } from "../common/errors";
import { ENGINES } from "../common/engine";
import { TRAITS, type AdapterClass } from "../engine/traits";
import { openDevices } from "./adapters";
import { onEngine, parityFixtures, type Kind } from "./parity/fixtures";
import { runParity } from "./parity/run";
import { table } from "./parity/table";
import { openRuntime } from "./compute";

const USAGE = "usage: npm run parity -- DIR [--engine wgsl|ort-webgpu|ort-wasm] [--adapter best|all] [--compute-as CLASS] [--json]";
const CLASSES = Object.keys(TRAITS) as readonly AdapterClass[];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      engine: { type: "string" },
      adapter: { type: "string", default: "best" },
      "compute-as": { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(
      `${USAGE}\nDIR holds a folder for each fixture: its configuration, weights and golden tensors.\nCLASS is ${CLASSES.join(" or ")}.\n`,
    );
    return;
  }
  const [directory] = positionals;
  const { adapter, engine, json, "compute-as": kind } = values;
  if (directory === undefined || positionals.length > 1) throw new OnestrokeError("invalid-input", USAGE);
  if (adapter !== "best" && adapter !== "all")
    throw new OnestrokeError("invalid-input", `--adapter is best or all, not ${adapter}\n${USAGE}`);
  const chosen = ENGINES.find((name) => name === engine);
  if (engine !== undefined && chosen === undefined)
    throw new OnestrokeError("invalid-input", `--engine is ${ENGINES.join(" or ")}, not ${engine}\n${USAGE}`);
  const computeAs = CLASSES.find((name) => name === kind);
  if (kind !== undefined && computeAs === undefined)
    throw new OnestrokeError("invalid-input", `--compute-as is ${CLASSES.join(" or ")}, not ${kind}\n${USAGE}`);
  const all = await parityFixtures(directory);
  const fixtures = chosen === undefined ? all : onEngine(all, chosen);
  const needs = (on: Kind["on"]) => fixtures.some(({ kind }) => kind.on === on);
  const onGpu = chosen === "ort-webgpu" || needs("device");
  const devices = onGpu ? await openDevices(adapter, { computeAs }) : [];
  const runtimes = needs("onnx-runtime")
    ? await Promise.all((chosen === "ort-webgpu" ? devices : [undefined]).map((device) => openRuntime(device)))
    : [];
  const report = await runParity(fixtures, { devices, runtimes }, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(json ? `${JSON.stringify(report, null, 1)}\n` : table(report));
  for (const device of devices) device.destroy();
  process.exitCode = report.failed > 0 ? 1 : 0;
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof OnestrokeError ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
  process.exitCode = 2;
});
