// `npm run bench -- [--json FILE] [--small]`: our engine and onnxruntime-web side by side in one
// headless Chromium page, on one device, alternating. `--json -` puts the report on stdout;
// logs go to stderr. `--small` runs shapes of a second, to check that results agree.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { OnestrokeError } from "../errors";
import { openBenchPage } from "./bench/page";

const USAGE = "usage: npm run bench -- [--json FILE] [--small]";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: "string" }, small: { type: "boolean", default: false } } });
  const page = await openBenchPage();
  try {
    const report = await page.run(values.small ? "small" : "full", (line) => process.stderr.write(`${line}\n`));
    const text = `${JSON.stringify(report, null, 1)}\n`;
    if (values.json === "-") process.stdout.write(text);
    else if (values.json !== undefined) await writeFile(values.json, text);
  } finally {
    await page.close();
  }
}

await main().catch((error: unknown) => {
  const shown = error instanceof TypeError ? `${error.message}\n${USAGE}` : OnestrokeError.from(error, "gpu-unavailable").message;
  process.stderr.write(`${shown}\n`);
  process.exitCode = 1;
});
