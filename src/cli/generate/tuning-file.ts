// What was measured of an adapter, kept in a file that the command line names. A page keeps it by itself (worker/tunings.ts).
import { readFile, writeFile } from "node:fs/promises";
import { OnestrokeError } from "../../common/errors";
import type { Device } from "../../engine/device";
import { PRODUCT_KERNELS } from "../../engine/product-kernels";
import { keptTuning, tuningFrom } from "../../engine/tuning";
import type { Model } from "../../pipeline/draw";

type Tuned = Pick<Device, "name" | "tuning" | "useTuning">;

/** Long enough for every network of a large model on a slow GPU. */
const MEASURING_MS = 120_000;

const versionOf = ({ name }: Tuned): string => `${PRODUCT_KERNELS} ${name}`;

/** Has the device compute as the file says. One that is not there, is broken, or is of another adapter or of other kernels says nothing. */
export async function followTuningFile(file: string, device: Tuned): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => "null");
  device.useTuning(tuningFrom(parsed(text), versionOf(device)));
}

/**
 * Measures what the file does not say yet, and writes it down.
 * @throws OnestrokeError `invalid-input` if the file cannot be written, `gpu-*`
 */
export async function measureToFile(file: string, device: Tuned, model: Pick<Model, "tune">): Promise<void> {
  const before = device.tuning;
  await model.tune({}, MEASURING_MS);
  if (device.tuning === before) return;
  try {
    await writeFile(file, `${JSON.stringify(keptTuning(device.tuning, versionOf(device)), undefined, 1)}\n`);
  } catch (cause) {
    throw new OnestrokeError("invalid-input", `--tune cannot write ${file}`, { field: "tune" }, cause);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
