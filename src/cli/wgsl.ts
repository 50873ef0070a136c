// `npm run wgsl -- [--write]`: lists the golden kernel texts that differ from what the generators
// make now, and exits with 1 if any does. With `--write` it writes them, so that `git diff` shows the change.
import { parseArgs } from "node:util";
import { goldenTexts } from "../engine/golden";
import { readGoldenFiles, writeGoldenFiles } from "./wgsl/golden-files";

const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
const [before, now] = [readGoldenFiles(), goldenTexts()];
const changed = [...new Set([...before.keys(), ...now.keys()])].filter((path) => before.get(path) !== now.get(path));
for (const path of changed) {
  const what = !before.has(path) ? "new" : now.has(path) ? "changed" : "gone";
  process.stdout.write(`${what}: src/engine/kernels/${path}\n`);
}
if (values.write) writeGoldenFiles(now);
process.stdout.write(`${changed.length} of ${now.size} golden texts ${values.write ? "written" : "differ"}\n`);
process.exitCode = changed.length > 0 && !values.write ? 1 : 0;
