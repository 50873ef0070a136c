// The examination of a device: what it asks the browser for, what it measures, and that its report names no address.
import { describe, expect, test } from "vitest";
import type { Timings } from "../../common/drawing";
import { OnestrokeError } from "../../common/errors";
import type { Recipe } from "../../common/recipe";
import type { Generator } from "../../library";
import { surveyGpu, type GpuSurvey } from "../models/gpu-survey";
import { modelRows } from "../models/state";
import { createApp } from "../store";
import { draw, drawingOf, IDLE, MODEL, NO_MODELS_KEPT } from "../testing/fake-app";
import { medianTimings, reportText, runningModels, surveyDevice, type DeviceReport } from "./report";

const NONE: GpuSurvey = { name: undefined, isSoftware: false, hasFloat16: false, maxBufferBytes: 0, memoryBytes: undefined };

/** Limits are getters of a class, as in a browser. */
class Limits {
  get maxBufferSize(): number {
    return 2 ** 28;
  }
  get maxStorageBuffersPerShaderStage(): number {
    return 8;
  }
}
Object.defineProperty(Limits.prototype, "maxBufferSize", { enumerable: true });
Object.defineProperty(Limits.prototype, "maxStorageBuffersPerShaderStage", { enumerable: true });

function browser(hasGpu: boolean, description = "a GPU"): Partial<Navigator> {
  const adapter = { info: { description }, features: new Set(["timestamp-query", "shader-f16"]), limits: new Limits() };
  return {
    userAgent: "A browser (+https://browser.example/about) 1.0",
    hardwareConcurrency: 8,
    storage: Object.create({
      estimate: async () => ({ usage: 30e6, quota: 9e9 }),
      persisted: async () => false,
    }),
    ...(hasGpu ? { gpu: Object.create({ requestAdapter: async () => adapter }) } : {}),
  };
}

const examined = async (here: Partial<Navigator>): Promise<DeviceReport> =>
  surveyDevice(await surveyGpu(here.gpu), NO_MODELS_KEPT.room, here);

const timings = (encode: number, step: number, decode: number): Timings => ({
  load: 900,
  compile: 90,
  encode,
  denoise: [step, 2 * step],
  decode,
});

describe("a report", () => {
  test("has the adapter, its features and its limits, and what is kept", async () => {
    expect(await examined(browser(true))).toMatchObject({
      browser: { processorCores: 8 },
      gpu: {
        name: "a GPU",
        isSoftware: false,
        features: ["shader-f16", "timestamp-query"],
        limits: { maxBufferSize: 2 ** 28, maxStorageBuffersPerShaderStage: 8 },
      },
      storage: { usedBytes: 30e6, quotaBytes: 9e9, isPersistent: false, modelBytes: 0, isKept: true },
    });
  });

  test("is there without a GPU, and without storage", async () => {
    const { storage: _, ...bare } = browser(false);
    const report = await surveyDevice(NONE, () => Promise.reject(new Error("denied")), bare);
    expect(report.gpu).toBeUndefined();
    expect(report.storage).toEqual({
      usedBytes: undefined,
      quotaBytes: undefined,
      isPersistent: undefined,
      modelBytes: undefined,
      isKept: undefined,
    });
  });

  test("names no address, whatever names one", async () => {
    const addresses = ["https://hub.example/a/b", "blob:http://localhost:4817/c", "127.0.0.1:8080", "file:///home/me/model"];
    const report = await examined(browser(true, `a GPU at ${addresses.join(", ")}`));
    const models = runningModels(modelRows({ kept: [], activities: new Map(), folders: addresses }), NONE);
    const text = reportText(report, models, undefined);
    expect(text).not.toMatch(/:\/\/|localhost|127\.0\.0\.1|hub\.example|browser\.example/);
    expect(JSON.parse(text)).toMatchObject({ onestroke: 1, gpu: { name: expect.stringContaining("(address)") } });
    // Control: without that care they would be in it.
    expect(JSON.stringify({ report, models })).toContain("https://hub.example/a/b");
  });

  test("says of each model what the list of models says", async () => {
    const here = { name: "a GPU", isSoftware: false, hasFloat16: true, maxBufferBytes: 2 ** 30, memoryBytes: 4 * 2 ** 30 };
    const models = runningModels(modelRows({ kept: [], activities: new Map(), folders: [] }), here);
    expect(models.find(({ model }) => model === "vignette")).toMatchObject({
      outlook: "fits",
      isHere: false,
      gpuBytes: expect.any(Number),
    });
    expect(models.map(({ outlook }) => outlook)).toContain("risky");
  });
});

test("a stage's time is the median, and what is paid for once is left out", () => {
  expect(medianTimings([timings(5, 10, 3), timings(1, 30, 1), timings(9, 20, 2)])).toEqual({
    load: 0,
    compile: 0,
    encode: 5,
    denoise: [20, 40],
    decode: 2,
  });
});

describe("measuring", () => {
  function setUp(generate: Generator["generate"] = async (recipe) => drawingOf(recipe)) {
    const asked: Recipe[] = [];
    const generator: Generator = {
      ...IDLE,
      generate: (recipe, hooks) => {
        asked.push(recipe);
        return generate(recipe, hooks);
      },
    };
    const app = createApp(generator, NO_MODELS_KEPT, "", () => undefined);
    return { app, asked, state: () => app.store.getState() };
  }

  test("draws pictures of the model's own size with texts of their own, and leaves the page as it was", async () => {
    let ms = 0;
    const { app, asked, state } = setUp(async (recipe) => ({ ...drawingOf(recipe), timings: timings(++ms, ms, ms) }));
    await draw(app);
    const before = state();
    await app.benchmark();
    const measured = asked.slice(1);
    expect(measured).toHaveLength(4);
    expect(new Set(measured.map(({ prompt }) => prompt)).size).toBe(4);
    for (const recipe of measured) expect(recipe).toMatchObject({ model: MODEL.id, width: MODEL.defaultSize, height: MODEL.defaultSize });
    // The second to the fifth picture took 2 to 5 ms a stage; the first of them is not counted.
    expect(state().doctor.benchmark).toMatchObject({
      kind: "done",
      benchmark: { pictures: 3, steps: 2, adapter: MODEL.adapter, timings: { encode: 4, denoise: [4, 8], decode: 4 } },
    });
    for (const part of ["shown", "recent", "gallery", "draft"] as const) expect(state()[part]).toBe(before[part]);
    expect(state().job).toBeUndefined();
  });

  test("does nothing before a model is loaded, nor while a picture is drawn", async () => {
    const { app, asked, state } = setUp(() => new Promise(() => undefined));
    await app.benchmark();
    expect(asked).toEqual([]);
    void app.draw();
    await expect.poll(() => state().job).toBeDefined();
    await app.benchmark();
    expect(asked).toHaveLength(1);
    expect(state().doctor.benchmark).toBeUndefined();
  });

  test("ends where the model is loaded anew, and does not begin while engines are measured", async () => {
    const { app, asked, state } = setUp(async (recipe) => {
      if (recipe.prompt.endsWith("picture 1")) app.store.setState({ model: { kind: "loading", progress: undefined, share: 0 } });
      return drawingOf(recipe);
    });
    await draw(app);
    await app.benchmark();
    expect(asked).toHaveLength(3);
    expect(state().doctor.benchmark).toBeUndefined();
    app.store.setState({ model: { kind: "ready", facts: MODEL }, measuring: { current: "wgsl", times: [], failures: [] } });
    await app.benchmark();
    expect(asked).toHaveLength(3);
  });

  test.each([
    ["ends where somebody draws, and says nothing", "cancelled", undefined],
    ["says what went wrong", "gpu-lost", { kind: "failed", error: expect.objectContaining({ code: "gpu-lost" }) }],
  ] as const)("%s", async (_, code, expected) => {
    let count = 0;
    const { app, state } = setUp(async (recipe) => {
      if (++count > 2) throw new OnestrokeError(code, "it ended");
      return drawingOf(recipe);
    });
    await draw(app);
    await app.benchmark();
    expect(state().doctor.benchmark).toEqual(expected);
    expect(state().error).toBeUndefined();
  });
});
