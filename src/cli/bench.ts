// `npm run bench -- [--steering] [--json FILE] [--small]`: our engine and onnxruntime-web side by
// side in one headless Chromium page, on one device, alternating. With `--steering`: what a
// negative prompt costs our engine, on Dawn in Node. `--json -` puts the report on stdout;
// logs go to stderr. `--small` runs shapes of a second, to check that everything works.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Scale } from "./bench/page/rows";
import { OnestrokeError } from "../common/errors";
import { openDevices } from "./adapters";
import { openBenchPage } from "./bench/open-page";
import { benchSteering } from "./bench/steering";
import { steeringText } from "./bench/steering/report";

const USAGE = "usage: npm run bench -- [--steering] [--json FILE] [--small]";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: "string" }, small: { type: "boolean", default: false }, steering: { type: "boolean", default: false } },
  });
  const report = await (values.steering ? steering : sideBySide)(values.small ? "small" : "full");
  const text = `${JSON.stringify(report, null, 1)}\n`;
  if (values.json === "-") process.stdout.write(text);
  else if (values.json !== undefined) await writeFile(values.json, text);
}

async function sideBySide(scale: Scale) {
  const page = await openBenchPage();
  try {
    return await page.run(scale, log);
  } finally {
    await page.close();
  }
}

async function steering(scale: Scale) {
  const [device] = await openDevices("best");
  if (!device) throw new OnestrokeError("gpu-unavailable", "there is no adapter");
  const report = await benchSteering(device, { scale, method: device.adapter.software ? "dispatches alone" : "whole runs" });
  log(steeringText(report));
  device.destroy();
  return report;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

await main().catch((error: unknown) => {
  const shown = error instanceof TypeError ? `${error.message}\n${USAGE}` : OnestrokeError.from(error, "gpu-unavailable").message;
  log(shown);
  process.exitCode = 1;
});
