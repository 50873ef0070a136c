// What was measured of an adapter, kept in a file that the command line names. A page keeps it by itself (worker/tunings.ts).
import { readFile, writeFile } from "node:fs/promises";
import { OnestrokeError } from "../../common/errors";
import { isJsonObject } from "../../common/json";
import type { Device } from "../../engine/device";
import { PRODUCT_KERNELS } from "../../engine/product-kernels";
import { keptTuning, tuningFrom } from "../../engine/tuning";
import type { Model } from "../../pipeline/draw";

type Tuned = Pick<Device, "name" | "tuning" | "useTuning">;

/** Long enough for every network of a large model on a slow GPU. */
const MEASURING_MS = 120_000;

const versionOf = ({ name }: Tuned): string => `${PRODUCT_KERNELS} ${name}`;

/**
 * Has the device compute as the file says. One that is not there yet, or is of another adapter or of other kernels, says nothing.
 * @throws OnestrokeError `invalid-input` if the file holds anything else, which would be written over
 */
export async function followTuningFile(file: string, device: Tuned): Promise<void> {
  device.useTuning(tuningFrom(await kept(file), versionOf(device)));
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

async function kept(file: string): Promise<unknown> {
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    if (isJsonObject(value) && Array.isArray(value["choices"])) return value;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
  }
  throw new OnestrokeError("invalid-input", `--tune would write over ${file}, which is no record of measurements`, {
    field: "tune",
    remedy: "Name a file that is not there yet, or remove this one.",
  });
}
