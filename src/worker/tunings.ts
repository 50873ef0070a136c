// What was measured of this adapter, kept over visits: a row for each adapter that this browser ever had. What is taken again was measured
// of the same kernels in the same browser, because either may make another choice the better one; a browser does not tell its driver.
import type { ModelNumbers } from "../common/model-numbers";
import type { Device } from "../engine/device";
import { PRODUCT_KERNELS } from "../engine/product-kernels";
import { keptTuning, tuningFrom } from "../engine/tuning";
import type { Rows } from "../vault/rows";

type Tuned = Pick<Device, "name" | "tuning" | "useTuning">;

export interface Tunings {
  /** Has the device compute as was measured, or by the table, which forgets what was measured. */
  use(device: Tuned, products: ModelNumbers["products"]): Promise<void>;
  /** Runs what measures the device, and keeps what is new then, even where it fails. */
  keeping(device: Tuned, measure: () => Promise<void>): Promise<void>;
}

/** Some browsers' databases never open, and say nothing. No model and no picture waits longer for one. */
const PATIENCE_MS = 1_000;

/** @param browser its name with its version */
export function keptTunings(rows: Pick<Rows, "get" | "put" | "delete">, browser: string): Tunings {
  const version = `${PRODUCT_KERNELS} ${browser}`;
  /** A browser that keeps nothing does not keep this either. */
  const quietly = <T>(work: Promise<T>): Promise<T | undefined> => {
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS));
    return Promise.race([work.catch(() => undefined), late]);
  };
  return {
    async use(device, products) {
      const { name } = device;
      if (products === "table") {
        device.useTuning(new Map());
        await quietly(rows.delete(name));
        return;
      }
      const kept = tuningFrom(await quietly(rows.get(name)), version);
      // What was measured in this visit holds, whether it could be kept or not.
      device.useTuning(new Map([...kept, ...device.tuning]));
    },
    async keeping(device, measure) {
      const before = device.tuning;
      try {
        await measure();
      } finally {
        if (device.tuning !== before) await quietly(rows.put(device.name, keptTuning(device.tuning, version)));
      }
    },
  };
}
