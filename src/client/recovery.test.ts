// After a fault of the worker or the GPU: every fault ends in a picture or in one named error.
import { beforeAll, describe, expect, test } from "vitest";
import { OnestrokeError } from "../common/errors";
import type { Progress } from "../common/progress";
import type { Backend } from "../worker/backend";
import { gradientBackend, type Fault } from "../worker/testing/gradient-backend";
import { superviseGenerator, type Generator } from "./generator";
import type { SpawnWorker } from "./supervisor";
import { code, pixels, QUICK, RECIPE, setUp } from "./testing/gradient-generator";
import { sameThreadWorkers } from "./testing/same-thread";

describe("recovery", () => {
  let expected = "";
  beforeAll(async () => {
    expected = await pixels(setUp().generator);
  });

  test.each<[string, Fault]>([
    ["the GPU is lost in the middle of a picture", "lose"],
    ["the worker meets a bug", "die"],
  ])("%s: a new worker draws the same picture", async (_, fault) => {
    const { generator, spawned } = setUp([[fault]]);
    expect(await pixels(generator)).toBe(expected);
    expect(spawned()).toBe(2);
  });

  test("the GPU is lost while idle: the next picture comes from a new worker", async () => {
    const backends = [gradientBackend(), gradientBackend()];
    const workers = sameThreadWorkers(async (number) => backends[number] ?? gradientBackend());
    const generator = superviseGenerator(workers.spawn, { modelsRoot: "https://page.example/models/" }, "wait", QUICK);
    await generator.load("gradient");
    backends[0]?.lose("crashed");
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await pixels(generator)).toBe(expected);
    expect(workers.spawned()).toBe(2);
  });

  test("a worker that stops listening is noticed", async () => {
    const { generator, spawned } = setUp([], [0]);
    expect(await pixels(generator)).toBe(expected);
    expect(spawned()).toBe(2);
  });

  test("one repetition, then the error; and the next call starts afresh", async () => {
    const { generator, spawned } = setUp([["lose"], ["lose"]]);
    await expect(generator.generate(RECIPE)).rejects.toEqual(code("gpu-lost"));
    expect(spawned()).toBe(2);
    expect(await pixels(generator)).toBe(expected);
  });

  test("after too many deaths in a row nothing is repeated by itself", async () => {
    const { generator, spawned } = setUp(Array<Fault[]>(9).fill(["lose"]));
    for (let attempt = 0; attempt < 3; attempt++) await expect(generator.generate(RECIPE)).rejects.toEqual(code("gpu-lost"));
    expect(spawned()).toBe(4);
  });

  test.each(["ort-webgpu", "ort-wasm"] as const)(
    "%s, which says nothing while it compiles or computes a step, gets more time",
    async (engine) => {
      const workers = sameThreadWorkers(async () => gradientBackend(["hang"]));
      let ticks = 0;
      const counting: SpawnWorker = (listeners) => {
        const port = workers.spawn(listeners);
        return { ...port, post: (message) => (message.type === "ping" && ticks++, port.post(message)) };
      };
      const patience = { ...QUICK, stalledTicks: 5, quietTicks: 40 };
      const generator = superviseGenerator(counting, { modelsRoot: "https://page.example/models/" }, "wait", patience);
      generator.useEngine(engine);
      await expect(generator.generate(RECIPE)).rejects.toEqual(code("gpu-timeout"));
      expect(ticks).toBeGreaterThan(30);
    },
  );

  test("a GPU that hangs ends in `gpu-timeout`, and the page goes on", async () => {
    const { generator } = setUp([["hang"]]);
    await expect(generator.generate(RECIPE)).rejects.toEqual(code("gpu-timeout"));
    expect(await pixels(generator)).toBe(expected);
  });

  test.each(["disposing of it", "cancelling"])("%s while a dead worker's successor is held back spawns none", async (how) => {
    const workers = sameThreadWorkers(async () => gradientBackend(["lose"]));
    const patience = { ...QUICK, deathsBeforeGivingUp: 1, backoffMs: [60_000] };
    const generator = superviseGenerator(workers.spawn, { modelsRoot: "https://page.example/models/" }, "wait", patience);
    await expect(generator.generate(RECIPE)).rejects.toEqual(code("gpu-lost"));
    const abort = new AbortController();
    const drawing = generator.generate(RECIPE, { signal: abort.signal });
    if (how === "cancelling") abort.abort();
    else generator.dispose();
    await expect(drawing).rejects.toEqual(code("cancelled"));
    expect(workers.spawned()).toBe(1);
  });

  test.each<[string, Progress | undefined]>([
    ["before the first byte", undefined],
    ["halfway", { stage: "load", component: "unet", loadedBytes: 1, totalBytes: 2 }],
  ])("a download that stalls %s ends in `download-stalled`, and trying again fetches anew", async (_, last) => {
    const stalled: Backend = {
      ...gradientBackend(),
      load: (_id, _engine, hooks) => {
        hooks.onEngine?.("wgsl");
        if (last !== undefined) hooks.onProgress?.(last);
        return new Promise(() => undefined);
      },
    };
    const workers = sameThreadWorkers(async (number) => (number === 0 ? stalled : gradientBackend()));
    const generator = superviseGenerator(workers.spawn, { modelsRoot: "https://page.example/models/" }, "wait", QUICK);
    await expect(generator.generate(RECIPE)).rejects.toEqual(code("download-stalled"));
    expect(await pixels(generator)).toBe(expected);
  });

  describe("a worker without a GPU", () => {
    /** As in the real one, what nobody chose is drawn on WASM and what needs the GPU is refused. */
    const withoutGpu = (): Backend => {
      const backend = gradientBackend();
      return {
        ...backend,
        load: async (id, engine = "ort-wasm", hooks) => {
          if (engine !== "ort-wasm") throw new OnestrokeError("gpu-unavailable", "no adapter");
          return backend.load(id, engine, hooks);
        },
      };
    };
    const supervise = (first: Backend) => {
      const workers = sameThreadWorkers(async (number) => (number === 0 ? first : withoutGpu()));
      return superviseGenerator(workers.spawn, { modelsRoot: "https://page.example/models/" }, "wait", QUICK);
    };
    const drawnBy = async (generator: Generator) => (await generator.generate(RECIPE)).model.parts.map(({ engine }) => engine);

    test("control: draws on WASM when there never was one", async () => {
      expect(await drawnBy(supervise(withoutGpu()))).toEqual(["ort-wasm"]);
    });

    test.each(["in the middle of a picture", "between two"])(
      "is `gpu-blocked` when one was lost %s, unless WASM is asked for",
      async (when) => {
        const first = gradientBackend(when === "between two" ? [] : ["lose"]);
        const generator = supervise(first);
        await generator.load("gradient");
        if (when === "between two") {
          first.lose("crashed");
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        await expect(generator.generate(RECIPE)).rejects.toMatchObject({ code: "gpu-blocked", remedy: expect.stringContaining("Reload") });
        await expect(generator.generate(RECIPE)).rejects.toEqual(code("gpu-blocked"));
        generator.useEngine("ort-wasm");
        expect(await drawnBy(generator)).toEqual(["ort-wasm"]);
      },
    );
  });
});
