// The races of the model that ships with the project: its networks, each against the graph that is published beside it, and the whole way
// from a text to a picture. Both engines read the same bytes, which are in memory.
import type { ByteStore } from "../../../checkpoints/byte-source";
import { embedded, findModel, manifestOf, type ModelFiles } from "../../../checkpoints/places";
import type { Recipe } from "../../../common/recipe";
import type { Plan } from "../../../engine/plan";
import { packSteering } from "../../../engine/steering-input";
import type { TensorData } from "../../../engine/transfer";
import { readModel } from "../../../ort/session/open-model";
import type { OrtRuntime } from "../../../ort/session/runtime";
import type { Model } from "../../../pipeline/draw";
import { channelsFirst, channelsLast } from "../../../pipeline/latent-layout";
import { openModel } from "../../../pipeline/open";
import { WgslAutoencoder } from "../../../pipeline/wgsl/autoencoder";
import { WgslDenoiser } from "../../../pipeline/wgsl/denoiser";
import { WgslTextEncoder } from "../../../pipeline/wgsl/text-encoder";
import { Work } from "../../../pipeline/work";
import { normals } from "../made-up";
import { planRacer, sessionRacer, type Ground, type Race, type Racer, type SessionFeeds } from "./racer";

/** Both compute in float32. */
const NUMBERS = { format: "f32" } as const;

/**
 * Two float32 evaluations that add in different orders: each is within 4 * 2^-24 * sqrt(k) of the true sum, with k at most 3456, and some
 * hundred layers follow each other.
 */
const SAME_NETWORK = 1e-3;

/** Pictures have eight bits a channel: a rounding apart, relative to their mean of about a half. */
const SAME_PICTURE = 1e-2;

const SIDE = 32;
const CHANNELS = 12;
const TOKENS = 77;
const TEXT_CHANNELS = 128;
const TIMESTEP = 999;

/** @param store with all files of models/vignette */
export function vignetteRaces(store: ByteStore): readonly Race[] {
  const files = findModel("vignette", [embedded(() => store)]);
  return [unet(files, store), decoder(files, store), textEncoder(files, store), picture(files)];
}

function unet(files: ModelFiles, store: ByteStore): Race {
  const sample = normals(SIDE * SIDE * CHANNELS, 1);
  const text = normals(TOKENS * TEXT_CHANNELS, 2);
  return {
    name: "vignette-unet",
    tolerance: SAME_NETWORK,
    enter: {
      ours:
        async () =>
        async ({ device }) => {
          const denoiser = new WgslDenoiser(await manifestOf(files), device, NUMBERS);
          const plan = await denoiser.plan({ height: SIDE, width: SIDE, textTokens: TOKENS, method: "nasa" }, new Work());
          const steering = packSteering({ positive: { tokens: TOKENS }, negative: undefined }, { method: "none" }, TOKENS);
          const time = denoiser.role.timeInputs({ timestep: TIMESTEP, endTimestep: 0 });
          // The sample goes in as it is, and x0 is what the network says.
          const coefficients = Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
          writeAll(plan, { ...time, x: sample, text, steering, coefficients });
          return planRacer(plan, "x0", () => denoiser.network.evict());
        },
      onnxruntime:
        async () =>
        ({ runtime }) =>
          published(runtime, store, "unet", {
            feeds: {
              sample: runtime.tensor("float32", channelsFirst(sample, CHANNELS), [1, CHANNELS, SIDE, SIDE]),
              timestep: runtime.tensor("int64", BigInt64Array.of(BigInt(TIMESTEP)), [1]),
              encoder_hidden_states: runtime.tensor("float32", text, [1, TOKENS, TEXT_CHANNELS]),
            },
            output: "out_sample",
            sizes: { batch: 1, height: SIDE, width: SIDE, steps: 1, sequence: TOKENS },
            read: (values) => channelsLast(values, CHANNELS),
          }),
    },
  };
}

function decoder(files: ModelFiles, store: ByteStore): Race {
  const latent = normals(SIDE * SIDE * CHANNELS, 3);
  return {
    name: "vignette-decoder",
    tolerance: SAME_NETWORK,
    enter: {
      ours:
        async () =>
        async ({ device }) => {
          const autoencoder = new WgslAutoencoder(await manifestOf(files), device, { ...NUMBERS, sampleSize: SIDE });
          const plan = await autoencoder.plan({ height: 8 * SIDE, width: 8 * SIDE }, new Work(), "pixels");
          writeAll(plan, { latent });
          return planRacer(plan, "pixels", () => autoencoder.scales[0].decoder.network.evict());
        },
      onnxruntime:
        async () =>
        ({ runtime }) =>
          published(runtime, store, "vae_decoder", {
            feeds: { latent_sample: runtime.tensor("float32", channelsFirst(latent, CHANNELS), [1, CHANNELS, SIDE, SIDE]) },
            output: "sample",
            sizes: { batch: 1, height: SIDE, width: SIDE },
            // Its pixels are in [-1, 1], and ours in [0, 1].
            read: (values) => channelsLast(values, 3).map((value) => value / 2 + 0.5),
          }),
    },
  };
}

function textEncoder(files: ModelFiles, store: ByteStore): Race {
  const ids = Int32Array.from({ length: TOKENS }, (_, token) => 1 + ((token * 97) % 500));
  return {
    name: "vignette-text",
    tolerance: SAME_NETWORK,
    enter: {
      ours:
        async () =>
        async ({ device }) => {
          const [encoder] = await WgslTextEncoder.openAll(await manifestOf(files), device, NUMBERS);
          if (encoder === undefined) throw new Error("vignette has a text encoder");
          const plan = await encoder.plan(new Work());
          writeAll(plan, encoder.role.inputs(ids));
          return planRacer(plan, "hidden", () => encoder.network.evict());
        },
      onnxruntime:
        async () =>
        ({ runtime }) =>
          published(runtime, store, "text_encoder", {
            feeds: { input_ids: runtime.tensor("int64", BigInt64Array.from(ids, BigInt), [1, TOKENS]) },
            output: "last_hidden_state",
            sizes: { batch: 1, sequence: TOKENS },
            read: (values) => values,
          }),
    },
  };
}

function picture(files: ModelFiles): Race {
  const start = async (engine: "wgsl" | "ort-webgpu", { device, runtime }: Ground): Promise<Racer> => {
    const compute = { device: () => device, runtime: async () => runtime };
    return pictureRacer(await openModel(files, engine, compute, {}, engine === "wgsl" ? NUMBERS : {}));
  };
  return {
    name: "vignette-picture",
    tolerance: SAME_PICTURE,
    enter: { ours: async () => (ground) => start("wgsl", ground), onnxruntime: async () => (ground) => start("ort-webgpu", ground) },
  };
}

/** Every picture has a text and a seed of its own, so that nothing is left over from the one before. */
function pictureRacer(model: Model): Racer {
  const recipe: Omit<Recipe, "prompt" | "seed"> = {
    model: "vignette",
    negative: "",
    steering: { method: "none" },
    steps: 1,
    width: 256,
    height: 256,
  };
  let drawn = 0;
  let pixels = new Uint8ClampedArray();
  return {
    run: async (times) => {
      for (let run = 0; run < times; run++) {
        drawn++;
        const drawing = await model.draw({ ...recipe, prompt: `a lighthouse on a cliff, ${drawn} sailboats`, seed: String(drawn) });
        pixels = drawing.picture.data;
      }
    },
    read: async () => Float32Array.from(pixels, (value) => value / 255),
    release: () => model.dispose(),
  };
}

interface Published {
  readonly feeds: SessionFeeds["feeds"];
  readonly output: string;
  /** Of the dimensions that the graph leaves open. */
  readonly sizes: Readonly<Record<string, number>>;
  /** The output in our order. */
  readonly read: (values: Float32Array) => Float32Array;
}

async function published(runtime: OrtRuntime, store: ByteStore, folder: string, { feeds, output, sizes, read }: Published): Promise<Racer> {
  const files = await readModel({ store, path: `${folder}/model.onnx` });
  const racer = await sessionRacer(runtime, { ...files, feeds, output }, { freeDimensionOverrides: sizes });
  return { ...racer, read: async () => read(await racer.read()) };
}

function writeAll(plan: Plan, inputs: Readonly<Record<string, TensorData>>): void {
  for (const [name, values] of Object.entries(inputs)) plan.write(name, values);
}
