// The quickest engine is measured when somebody asks, remembered for this model and this GPU, and used where nobody chooses.
import { describe, expect, test, vi } from "vitest";
import { OnestrokeError } from "../../common/errors";
import type { Engine } from "../../common/engine";
import type { Generator } from "../../library";
import { createApp } from "../store";
import { keeping } from "../strings-keeping";
import { draw, drawingOf, IDLE, NO_MODELS_KEPT } from "../testing/fake-app";
import { createQuickestEngines, type TextStorage } from "./quickest";

function storage(): TextStorage {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, text) => void kept.set(key, text),
    removeItem: (key) => void kept.delete(key),
  };
}

/** An app whose engines take so long for a picture; one that is not named cannot draw. */
function setUp(ms: Partial<Record<Engine, number>>, quickest = createQuickestEngines(storage, async () => "a GPU"), reason = "no graphs") {
  let engine: Engine | undefined;
  const used: (Engine | undefined)[] = [];
  const generator: Generator = {
    ...IDLE,
    useEngine: (chosen) => {
      engine = chosen;
      used.push(chosen);
    },
    generate: async (recipe) => {
      const decode = ms[engine ?? "wgsl"];
      if (decode === undefined) throw new OnestrokeError("model-unsupported", reason);
      return { ...drawingOf(recipe), timings: { load: 9_000, compile: 9_000, encode: 0, denoise: [0], decode } };
    },
  };
  const app = createApp(generator, NO_MODELS_KEPT, "", () => undefined, { quickest });
  return { app, used, state: () => app.store.getState() };
}

describe("measuring", () => {
  test("draws with each, and the quickest is used from then on, in later visits too", async () => {
    const kept = storage();
    const quickest = createQuickestEngines(
      () => kept,
      async () => "a GPU",
    );
    const { app, used, state } = setUp({ wgsl: 900, "ort-wasm": 200 }, quickest);
    await draw(app);
    await app.measureEngines();
    expect(state().measuring).toEqual({
      current: undefined,
      times: [
        { engine: "ort-wasm", ms: 200 },
        { engine: "wgsl", ms: 900 },
      ],
      failures: [{ engine: "ort-webgpu", reason: "no graphs" }],
    });
    expect(used.at(-1)).toBe("ort-wasm");
    expect(state().engine, "nobody has chosen one").toBeUndefined();
    const later = setUp({ wgsl: 900, "ort-wasm": 200 }, quickest);
    await later.app.start();
    expect(later.used).toEqual(["ort-wasm"]);
    await later.app.useEngine("wgsl");
    expect(later.used.at(-1), "what somebody chooses comes first").toBe("wgsl");
  });

  test("ends where somebody draws, and nothing is remembered", async () => {
    const { app, used, state } = setUp({ wgsl: 1 });
    await draw(app);
    const cancelled: Generator["generate"] = () => Promise.reject(new OnestrokeError("cancelled", "another picture"));
    const other = createApp(
      { ...IDLE, generate: vi.fn(IDLE.generate).mockImplementationOnce(IDLE.generate).mockImplementation(cancelled) },
      NO_MODELS_KEPT,
      "",
      () => undefined,
    );
    await draw(other);
    await other.measureEngines();
    expect(other.store.getState().measuring).toBeUndefined();
    expect(used.at(-1)).toBeUndefined();
    expect(state().measuring).toBeUndefined();
  });

  test("says of an engine that could not draw why, in one short line", async () => {
    const { app, state } = setUp({ wgsl: 900 }, undefined, `no kernel for it\n${"at a line of a library\n".repeat(9)}`);
    await draw(app);
    const said = () => keeping.measured(state().measuring ?? expect.fail("it was measured"));
    await app.measureEngines();
    expect(said()).toBe(
      "Onestroke on WebGPU: 900 ms. ONNX Runtime on WebGPU could not draw it (no kernel for it)." +
        " ONNX Runtime on WASM could not draw it (no kernel for it)",
    );
    const none = setUp({}, undefined, "x".repeat(5_000));
    none.app.store.setState({ shown: state().shown });
    await none.app.measureEngines();
    const text = keeping.measured(none.state().measuring ?? expect.fail("it was measured"));
    expect(text).toMatch(/^No engine could draw it\. Onestroke on WebGPU could not draw it \(x/);
    expect(text.length).toBeLessThan(600);
  });

  test("before a picture is shown does nothing", async () => {
    const { app, used } = setUp({ wgsl: 1 });
    await app.measureEngines();
    expect(used).toEqual([]);
  });
});

describe("what is remembered", () => {
  test("holds for its model and its GPU alone, and a text that is none holds nothing", async () => {
    const kept = storage();
    let gpu: string | undefined = "a GPU";
    const quickest = createQuickestEngines(
      () => kept,
      async () => gpu,
    );
    await quickest.remember("vignette", "ort-wasm");
    expect(await quickest.of("vignette")).toBe("ort-wasm");
    expect(await quickest.of("sd-turbo")).toBeUndefined();
    gpu = "another GPU";
    expect(await quickest.of("vignette")).toBeUndefined();
    gpu = undefined;
    await quickest.remember("vignette", "ort-wasm");
    expect(await quickest.of("vignette")).toBe("ort-wasm");
    for (const text of ["", "{", "null", '{"engine":"abacus"}']) {
      kept.setItem("onestroke-quickest vignette", text);
      expect(await quickest.of("vignette")).toBeUndefined();
    }
  });

  test("is nothing where the browser denies storage", async () => {
    const denied = createQuickestEngines(
      () => {
        throw new DOMException("denied", "SecurityError");
      },
      async () => "a GPU",
    );
    await denied.remember("vignette", "wgsl");
    denied.forget("vignette");
    expect(await denied.of("vignette")).toBeUndefined();
  });

  test("is forgotten where that engine does not load the model any more, and the usual one does", async () => {
    const kept = storage();
    const quickest = createQuickestEngines(
      () => kept,
      async () => "a GPU",
    );
    await quickest.remember("vignette", "ort-webgpu");
    let engine: Engine | undefined;
    const generator: Generator = {
      ...IDLE,
      useEngine: (chosen) => void (engine = chosen),
      load: async (id) => (engine === "ort-webgpu" ? Promise.reject(new OnestrokeError("gpu-unavailable", "gone")) : IDLE.load(id)),
    };
    const app = createApp(generator, NO_MODELS_KEPT, "", () => undefined, { quickest });
    await app.start();
    expect(app.store.getState()).toMatchObject({ model: { kind: "ready" }, error: undefined });
    expect(await quickest.of("vignette")).toBeUndefined();
  });
});
