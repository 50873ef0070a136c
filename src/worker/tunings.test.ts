// What was measured of an adapter holds in later visits, for the same adapter and the same software, unless it was to be forgotten.
import { describe, expect, test } from "vitest";
import { OnestrokeError } from "../common/errors";
import type { Device } from "../engine/device";
import type { Tuning } from "../engine/tuning";
import { memoryRows } from "../vault/rows";
import { keptTunings } from "./tunings";

const TUNING: Tuning = new Map([["f16 linear f16 64x64x512", { tile: "wide", splits: 2 }]]);

const device = (name = "a GPU"): Pick<Device, "name" | "tuning" | "useTuning"> & { tuning: Tuning } => ({
  name,
  tuning: new Map(),
  useTuning(tuning) {
    this.tuning = tuning;
  },
});

/** A visit in which it is measured. */
async function measured(rows: Parameters<typeof keptTunings>[0]): Promise<void> {
  const here = device();
  await keptTunings(rows, "a browser 1").keeping(here, async () => here.useTuning(TUNING));
}

async function found(rows: Parameters<typeof keptTunings>[0], browser = "a browser 1", name?: string): Promise<Tuning> {
  const later = device(name);
  await keptTunings(rows, browser).use(later, undefined);
  return later.tuning;
}

describe("what was measured", () => {
  test("holds in a later visit", async () => {
    const rows = memoryRows();
    await measured(rows);
    expect(await found(rows)).toEqual(TUNING);
  });

  test.each([
    ["another browser", "a browser 2", undefined],
    ["another adapter", "a browser 1", "another GPU"],
  ])("says nothing of %s", async (_, browser, name) => {
    const rows = memoryRows();
    await measured(rows);
    expect(await found(rows, browser, name)).toEqual(new Map());
  });

  test("is forgotten where the table is to decide, and the device computes by it", async () => {
    const rows = memoryRows();
    await measured(rows);
    const here = device();
    here.useTuning(TUNING);
    await keptTunings(rows, "a browser 1").use(here, "table");
    expect(here.tuning).toEqual(new Map());
    expect(await found(rows)).toEqual(new Map());
  });

  test("is kept as far as it came where measuring fails, and only where there is something new", async () => {
    const rows = memoryRows();
    const here = device();
    const failing = keptTunings(rows, "a browser 1").keeping(here, async () => {
      here.useTuning(TUNING);
      throw new OnestrokeError("cancelled", "a picture came");
    });
    await expect(failing).rejects.toMatchObject({ code: "cancelled" });
    expect(await found(rows)).toEqual(TUNING);
    await rows.delete(here.name);
    await keptTunings(rows, "a browser 1").keeping(here, async () => undefined);
    expect(await rows.entries()).toEqual([]);
  });

  test("holds nobody up where the database never opens", async () => {
    const never = () => new Promise<never>(() => undefined);
    const here = device();
    const tunings = keptTunings({ get: never, put: never, delete: never }, "a browser 1");
    await tunings.use(here, undefined);
    await tunings.keeping(here, async () => here.useTuning(TUNING));
    expect(here.tuning).toEqual(TUNING);
    await tunings.use(here, "table");
    expect(here.tuning).toEqual(new Map());
  });

  test("lasts for the visit in a browser that keeps nothing", async () => {
    const denied = () => Promise.reject(new OnestrokeError("storage-full", "no room"));
    const here = device();
    const tunings = keptTunings({ get: denied, put: denied, delete: denied }, "a browser 1");
    await tunings.keeping(here, async () => here.useTuning(TUNING));
    await tunings.use(here, undefined);
    expect(here.tuning, "another model is loaded").toEqual(TUNING);
    await tunings.use(here, "table");
    expect(here.tuning).toEqual(new Map());
  });
});
