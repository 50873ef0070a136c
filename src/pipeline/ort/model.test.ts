// The pipeline runs the same algorithm over ONNX exports as over our own engine. One Euler step is
// computed by hand here, with a denoiser whose whole body is one cross-attention, and steered by the
// reference's equations. Files that are missing or of another kind are named.
import { describe, expect, test } from "vitest";
import type { ByteStore } from "../../checkpoints/byte-source";
import { parseCatalogueEntry } from "../../catalogue/entry";
import { memoryStore } from "../../checkpoints/memory-source";
import { readJson } from "../../checkpoints/read-file";
import { decodeModel } from "../../ort/onnx-graph/decode";
import { attribute, encodeModel, valueInfo } from "../../ort/onnx-graph/encode";
import { ELEMENT_TYPES } from "../../ort/onnx-graph/model";
import { NodeList } from "../../ort/onnx-graph/node-list";
import { nodeRuntime } from "../../ort/session/load-node";
import { attend, CHANNELS, seenBy, TEXT_CHANNELS } from "../../ort/testing/attention-model";
import { TorchGenerator } from "../../samplers/noise/torch-generator";
import { scheduleFor } from "../../samplers/sampler";
import { samplerFromConfig } from "../../samplers/scheduler-file";
import { STEERING_DEFAULTS } from "../../common/steering-defaults";
import { nasa, vsf } from "../../steering/reference";
import { openClipTokenizer } from "../../tokenizer/clip-tokenizer";
import type { Progress } from "../../common/progress";
import type { Recipe } from "../../common/recipe";
import { RECIPE as FAKE } from "../../common/testing/fakes";
import { modelFolder, type ModelFiles } from "../../checkpoints/places";
import type { CatalogueEntry } from "../../catalogue/entry";
import { channelsLast } from "../latent-layout";
import { decoder, EMBEDDING, FILES, FIXTURES, INTO, json, LATENT_CHANNELS, OUT_OF } from "./testing/tiny-export";
import { openOnnxModel } from "./model";

const REQUEST: Recipe = { ...FAKE, prompt: "a lighthouse", seed: "3", width: 32, height: 16 };

/** The tiny export, with some of its files replaced. */
const files = (changes: object = {}): ModelFiles => modelFolder(memoryStore("export", new Map(Object.entries({ ...FILES, ...changes }))));
const of = (store: ByteStore, entry?: CatalogueEntry): ModelFiles => ({ ...modelFolder(store), entry });
const without = (name: string) => new Map(Object.entries(FILES).filter(([path]) => path !== name));
const runtime = await nodeRuntime();
const model = await openOnnxModel(files(), runtime);

async function textStates(text: string): Promise<Float32Array> {
  const ids = (await openClipTokenizer(FIXTURES, "clip-tokenizer-tiny")).encode(text);
  return Float32Array.from([...ids].flatMap((id) => [...EMBEDDING.subarray(id * TEXT_CHANNELS, (id + 1) * TEXT_CHANNELS)]));
}

/** The states of the words alone, without begin, end and padding. */
async function wordStates(text: string): Promise<Float32Array> {
  const count = (await openClipTokenizer(FIXTURES, "clip-tokenizer-tiny")).count(text);
  return (await textStates(text)).subarray(TEXT_CHANNELS, (1 + count) * TEXT_CHANNELS);
}

/** One step by hand: `[pixels, channels]`. */
async function expectedLatent(
  prompt: string,
  steer: (positive: Float64Array, sample: Float32Array) => Promise<Float64Array>,
): Promise<Float64Array> {
  const sampler = samplerFromConfig(await readJson(FIXTURES, "repo-sd-turbo-tiny/scheduler/scheduler_config.json"));
  const schedule = scheduleFor(sampler, 1);
  const [step] = schedule.steps;
  const noise = channelsLast(new TorchGenerator(BigInt(REQUEST.seed)).randn(LATENT_CHANNELS * 2 * 4), LATENT_CHANNELS);
  const x = noise.map((value) => value * schedule.initialNoiseScale);
  const product = (rows: ArrayLike<number>, weight: Float32Array, width: number, columns: number) =>
    Float64Array.from({ length: (rows.length / width) * columns }, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (rows[row * width + k] ?? NaN) * (weight[k * columns + column] ?? NaN);
      return sum;
    });
  const sample = Float32Array.from(
    product(
      x.map((value) => value * (step?.inputScale ?? NaN)),
      INTO,
      LATENT_CHANNELS,
      CHANNELS,
    ),
  );
  const attended = await steer(attend(sample, await textStates(prompt)), sample);
  const out = product(attended, OUT_OF, CHANNELS, LATENT_CHANNELS);
  return out.map((value, i) => (step?.next.x ?? NaN) * (x[i] ?? NaN) + (step?.next.out ?? NaN) * value);
}

/** Compares float32 sums of tens of terms with float64. */
function expectClose(actual: Float32Array, expected: Float64Array): void {
  expect(actual.length).toBe(expected.length);
  const difference = Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] ?? NaN))));
  expect(difference / Math.max(...expected.map(Math.abs))).toBeLessThan(2e-5);
}

describe("the algorithm", () => {
  test("one step, unsteered", async () => {
    const { latent } = await model.measure(REQUEST);
    expectClose(latent, await expectedLatent(REQUEST.prompt, async (positive) => positive));
  });

  test("one step steered by NASA; an empty negative or a strength of 0 is the unsteered picture", async () => {
    const steering = { method: "nasa", scale: 0.4 } as const;
    const { latent } = await model.measure({ ...REQUEST, negative: "fog", steering });
    const states = await textStates("fog");
    expectClose(latent, await expectedLatent(REQUEST.prompt, async (positive, sample) => nasa(positive, attend(sample, states), steering)));
    const plain = await model.measure(REQUEST);
    expect(plain.latent).not.toEqual(latent);
    expect(await model.measure({ ...REQUEST, steering })).toEqual(plain);
    expect(await model.measure({ ...REQUEST, negative: "fog", steering: { ...steering, scale: 0 } })).toEqual(plain);
  });

  test("one step steered by VSF, beside words that the prompt gives a negative weight; at strength 0 those words alone", async () => {
    const steering = { method: "vsf", scale: 1.5, offset: 0.2 } as const;
    const asked = { ...REQUEST, prompt: `${REQUEST.prompt} (red sea:-1)`, negative: "fog", emphasis: "a1111" } as const;
    const [said, turned, away] = [await textStates(REQUEST.prompt), await wordStates("red sea"), await wordStates("fog")];
    const merged = (sample: Float32Array, negative: Float32Array) => {
      const [whole, other] = [seenBy(sample, Float32Array.from([...said, ...turned])), seenBy(sample, negative)];
      const signed = whole.map((tokens) => tokens.map((token, i) => (i < said.length / TEXT_CHANNELS ? token : { ...token, sign: -1 })));
      return Float64Array.from(signed.flatMap((tokens, i) => [...vsf(tokens, other[i] ?? [], steering)]));
    };
    const { latent } = await model.measure({ ...asked, steering });
    expectClose(latent, await expectedLatent(REQUEST.prompt, async (_, sample) => merged(sample, away)));
    const without = await model.measure({ ...asked, steering: { ...steering, scale: 0 } });
    expectClose(without.latent, await expectedLatent(REQUEST.prompt, async (_, sample) => merged(sample, new Float32Array())));
    // Of a text without words nothing is left to steer by, and without such words in the prompt no bit changes.
    const plain = await model.measure(REQUEST);
    expect(await model.measure({ ...REQUEST, negative: "()", emphasis: "a1111", steering })).toEqual(plain);
    expect(plain.latent).not.toEqual(without.latent);
  });

  test("going back and forth between with and without a negative reads the denoiser's weights once more, not each time", async () => {
    const inner = memoryStore("export", new Map(Object.entries(FILES)));
    const opened: string[] = [];
    const store: ByteStore = { ...inner, open: (path) => (opened.push(path), inner.open(path)) };
    const fresh = await openOnnxModel(of(store), runtime);
    const draw = (request: Partial<Recipe> = {}) => fresh.measure({ ...REQUEST, ...request });
    const nasaOnFog = { negative: "fog", steering: { method: "nasa", scale: 0.4 } } as const;
    const plain = await draw();
    opened.length = 0;
    const steered = await draw(nasaOnFog);
    expect(await draw()).toEqual(plain);
    expect(await draw(nasaOnFog)).toEqual(steered);
    expect(opened).toEqual(["unet/model.onnx"]);
    const nagOnFog = { negative: "fog", steering: { method: "nag", scale: 4, tau: 1.2, alpha: 0.25 } } as const;
    expect(await draw(nagOnFog)).not.toEqual(plain);
    expect(await draw()).toEqual(plain);
    expect(opened).toEqual(["unet/model.onnx", "unet/model.onnx"]);
    await fresh.dispose();
  });

  test("steering that ends after the first step: the second goes on from it as if there were no negative", async () => {
    const steering = { method: "nasa", scale: 0.4 } as const;
    const draw = async (request: Partial<Recipe>) => (await model.measure({ ...REQUEST, negative: "fog", ...request })).latent;
    const early = await draw({ steering: { ...steering, sigmaEnd: 100 }, steps: 2 });
    expect(early).not.toEqual(await draw({ steering, steps: 2 }));
    expect(early).not.toEqual(await draw({ steps: 2 }));
    expect(await draw({ steering: { ...steering, sigmaEnd: 100 } })).toEqual(await draw({ steering }));
  });

  test("a text encoder that gives its pooled text first, and a vocabulary that its embedding lacks a row for", async () => {
    const { graph, ...rest } = decodeModel(FILES["text_encoder/model.onnx"] ?? new Uint8Array());
    const pooled = new NodeList("pooled");
    pooled.op("ReduceMean", ["out"], [attribute("axes", [1]), attribute("keepdims", 0)], "pooler_output");
    const outputs = [valueInfo("pooler_output", ELEMENT_TYPES.float32, [1, TEXT_CHANNELS]), ...graph.outputs];
    const encoder = encodeModel({ ...rest, graph: { ...graph, outputs, nodes: [...graph.nodes, ...pooled.nodes] } });
    const pooledFirst = { "text_encoder/model.onnx": encoder };
    const other = await openOnnxModel(files(pooledFirst), runtime);
    expect(await other.measure(REQUEST)).toEqual(await model.measure(REQUEST));
    await other.dispose();
    const short = { ...pooledFirst, "text_encoder/config.json": json({ vocab_size: 500 }) };
    await expect(openOnnxModel(files(short), runtime)).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringMatching(/knows 597 tokens, the text encoder 500/),
    });
  });

  test("a picture of the size asked for, the same for the same request", async () => {
    const { picture, timings } = await model.draw(REQUEST);
    expect([picture.width, picture.height, picture.data.length]).toEqual([32, 16, 4 * 32 * 16]);
    expect((await model.draw({ ...REQUEST, seed: "4" })).picture.data).not.toEqual(picture.data);
    expect((await model.draw(REQUEST)).picture.data).toEqual(picture.data);
    expect(timings.denoise).toHaveLength(1);
  });

  test("more steps: a preview after each but the last", async () => {
    const previews: number[] = [];
    await model.draw({ ...REQUEST, steps: 3 }, { previewShare: Infinity, onPreview: (_, step) => previews.push(step) });
    expect(previews).toEqual([1, 2]);
  });

  test("a preview may be of one colour, the last picture may not, as with our own engine", async () => {
    const grey = await openOnnxModel(files({ "vae_decoder/model.onnx": encodeModel(decoder(0)) }), runtime);
    const previews: number[] = [];
    const drawing = grey.draw({ ...REQUEST, steps: 2 }, { previewShare: Infinity, onPreview: (_, step) => previews.push(step) });
    await expect(drawing).rejects.toMatchObject({ code: "bad-image" });
    expect(previews).toEqual([1]);
    await grey.dispose();
  });

  test("a long prompt is cut at one row of tokens, or read in several where asked", async () => {
    const sea = Array.from({ length: 90 }, () => "sea").join(" ");
    const [calm, rough] = [`${sea} calm`, `${sea} storm`];
    const draw = async (change: Partial<Recipe>) => (await model.measure({ ...REQUEST, ...change })).latent;
    expect(await draw({ prompt: calm })).toEqual(await draw({ prompt: rough }));
    expect(await draw({ prompt: calm, rows: 8 })).not.toEqual(await draw({ prompt: rough, rows: 8 }));
  });
});

test("loading fills one bar once", async () => {
  const loading: Progress[] = [];
  const opened = await openOnnxModel(files(), runtime, {
    onProgress: (progress) => loading.push(progress),
  });
  const { weightBytes } = opened.facts;
  const loaded = loading.map((progress) => (progress.stage === "load" ? progress.loadedBytes : NaN));
  expect(loaded).toEqual(loaded.toSorted((left, right) => left - right));
  expect(loaded.at(-1)).toBe(weightBytes);
  expect(loading.every((progress) => progress.stage === "load" && progress.totalBytes === weightBytes)).toBe(true);
  await opened.dispose();
});

test.each([
  ["one resolution", { block_out_channels: [8] }, 8],
  ["three", { block_out_channels: [8, 8, 8] }, 32],
  ["as many as Stable Diffusion's, where nobody says", {}, 64],
])("sizes can be halved at every level of the denoiser: %s", async (_, config, multiple) => {
  const opened = await openOnnxModel(files({ "unet/config.json": json(config) }), runtime);
  expect(opened.facts.trainedSizes).toEqual([{ side: opened.facts.defaultSize, multiple }]);
  await opened.dispose();
});

test("graphs by the name of those whose layer norms were fused", async () => {
  const renamed = Object.entries(FILES).map(([path, bytes]) => [path.replace("unet/model.", "unet/model_layernorm."), bytes] as const);
  const opened = await openOnnxModel(of(memoryStore("export", new Map(renamed))), runtime);
  expect(await opened.measure(REQUEST)).toEqual(await model.measure(REQUEST));
  await opened.dispose();
});

describe("a model of the catalogue", () => {
  const ENTRY = {
    id: "student",
    title: "A student",
    summary: "Draws for a test.",
    family: "sd21",
    size: 16,
    steps: { maximum: 2, preferred: 1 },
    base: { repository: "export", revision: "" },
    sampler: { rule: "listed", lists: [{ network: [500], renoise: [500] }] },
    license: { id: "MIT" },
  };
  const entry = (changes: object = {}) => parseCatalogueEntry({ ...ENTRY, ...changes }, "student.json");

  test("is what its entry says, and stepped as it says", async () => {
    const store = memoryStore("export", without("scheduler/scheduler_config.json"));
    const student = await openOnnxModel(of(store, entry()), runtime);
    expect(student.facts).toMatchObject({
      id: "student",
      title: "A student",
      maxSteps: 2,
      license: { id: "MIT" },
      steering: STEERING_DEFAULTS.sd21,
    });
    expect((await student.measure(REQUEST)).latent).not.toEqual((await model.measure(REQUEST)).latent);
    await student.dispose();
  });

  test("with networks from elsewhere is not drawn as its base", async () => {
    const unet = { repository: "student", revision: "main", className: "UNet2DConditionModel", folder: "" };
    const store = memoryStore("export", new Map(Object.entries(FILES)));
    await expect(openOnnxModel(of(store, entry({ components: { unet } })), runtime)).rejects.toMatchObject({
      code: "model-unsupported",
    });
  });
});

describe("refusals", () => {
  test("a size that is no multiple, and a cancelled request", async () => {
    await expect(model.draw({ ...REQUEST, width: 33 })).rejects.toMatchObject({ code: "invalid-input" });
    await expect(model.draw(REQUEST, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
  });

  test.each(["unet/model.onnx", "vae_decoder/model.onnx", "tokenizer/vocab.json", "scheduler/scheduler_config.json"])(
    "without %s",
    async (path) => {
      await expect(openOnnxModel(of(memoryStore("export", without(path))), runtime)).rejects.toMatchObject({ code: "model-missing" });
    },
  );

  test("a decoder that ONNX Runtime refuses, and the sessions opened before it are released", async () => {
    const open = new Set<object>();
    const { createSession } = runtime;
    runtime.createSession = async (...parameters) => {
      const session = await createSession.apply(runtime, parameters);
      const { release } = session;
      session.release = () => (open.delete(session), release.call(session));
      open.add(session);
      return session;
    };
    try {
      const { graph } = decoder();
      const nodes = graph.nodes.map((node) => ({ ...node, opType: "Nonsense" }));
      const broken = { "vae_decoder/model.onnx": encodeModel({ ...decoder(), graph: { ...graph, nodes } }) };
      await expect(openOnnxModel(files(broken), runtime)).rejects.toMatchObject({ code: "model-unsupported" });
      expect(open.size).toBe(0);
      const control = await openOnnxModel(files(), runtime);
      expect(open.size).toBe(3);
      await control.dispose();
    } finally {
      runtime.createSession = createSession;
    }
  });

  test("two text encoders", async () => {
    await expect(openOnnxModel(files({ "text_encoder_2/model.onnx": new Uint8Array(1) }), runtime)).rejects.toMatchObject({
      code: "model-unsupported",
    });
  });
});
