// The races of networks with made-up weights: the layout of SD2.1's UNet in two sizes, and TAESD. Their ONNX graphs are made from the same
// graphs that ours are compiled from (onnx/of-graph.ts), with the same weights.
import { invariant } from "../../../common/errors";
import { fuseGraph } from "../../../engine/fuse";
import type { Graph } from "../../../engine/graph";
import { GraphBuilder } from "../../../engine/graph-builder";
import { Plan } from "../../../engine/plan";
import { packSteering } from "../../../engine/steering-input";
import type { Shape } from "../../../engine/tensor";
import type { TensorData } from "../../../engine/transfer";
import { checkpointTensors, Weights } from "../../../engine/weights";
import { openAutoencoder, openDenoiser } from "../../../networks";
import { SD21 } from "../../../networks/published";
import { channelsLast } from "../../../pipeline/latent-layout";
import { MadeUpWeights, normals } from "../made-up";
import { encodeOnnx } from "../onnx/encode";
import { onnxOfGraph } from "../onnx/of-graph";
import { planRacer, sessionRacer, type Ground, type Race, type Racer } from "./racer";

/** Two float32 evaluations that add in different orders, through some hundred layers that neither grow nor shrink what they read. */
const SAME_RESULT = 1e-3;

const TOKENS = 77;
const FORMAT = { format: "f32" } as const;

/** Heads have 64 channels, as in SD2.1, but the first level of the half-size one has heads of 80. */
const SIZES = {
  tiny: { block_out_channels: [64, 128, 256, 256], attention_head_dim: [1, 2, 4, 4], cross_attention_dim: 256 },
  half: { block_out_channels: [160, 320, 640, 640], attention_head_dim: [2, 5, 10, 10], cross_attention_dim: 512 },
} as const;

export function madeUpRaces(): readonly Race[] {
  return [
    madeUpRace("sd21-unet-tiny", () => madeUpUnet(SIZES.tiny, 32)),
    madeUpRace("sd21-unet-half", () => madeUpUnet(SIZES.half, 32)),
    madeUpRace("taesd-256", () => madeUpDecoder("AutoencoderTiny", {}, 32)),
  ];
}

const WEIGHTS = new MadeUpWeights();

/** A checkpoint's tensors as float16 bits, by key. */
type Checkpoint = ReadonlyMap<string, Uint16Array<ArrayBuffer>>;

interface Network {
  readonly graph: Graph;
  /** Inputs that only our graph has are left out of the ONNX model, which has no negative text. */
  readonly inputs: Readonly<Record<string, TensorData>>;
}

/** @param config where it differs from SD2.1's; @param side of the latent */
export function madeUpUnet(config: { readonly cross_attention_dim: number }, side: number): Network {
  const role = openDenoiser({ className: "UNet2DConditionModel", config: { ...SD21, ...config } });
  const g = new GraphBuilder();
  g.output("y", role.build(g, { batch: 1, height: side, width: side, textTokens: TOKENS, steering: "nasa" }));
  return {
    graph: g.build(),
    inputs: {
      ...role.timeInputs({ timestep: 999, endTimestep: 0 }),
      sample: normals(side * side * role.inChannels, 1),
      text: normals(TOKENS * config.cross_attention_dim, 2),
      steering: packSteering({ positive: { tokens: TOKENS }, negative: undefined }, { method: "none" }, TOKENS),
    },
  };
}

export function madeUpDecoder(className: string, config: unknown, side: number): Network {
  const role = openAutoencoder({ className, config });
  const g = new GraphBuilder();
  g.output("y", role.decoder.build(g, { batch: 1, height: side, width: side }));
  return { graph: g.build(), inputs: { latent: normals(side * side * role.latentChannels, 1) } };
}

export function madeUpRace(name: string, network: () => Network): Race {
  return {
    name,
    tolerance: SAME_RESULT,
    enter: {
      ours: async () => {
        const made = network();
        const checkpoint = new Map([...checkpointTensors(made.graph)].map(([key, shape]) => [key, WEIGHTS.halves(key, shape)]));
        return ({ device }) => ours(made, checkpoint, device);
      },
      onnxruntime: async () => {
        const files = onnxFiles(network());
        return ({ runtime }) => onnx(files, network().inputs, runtime);
      },
    },
  };
}

/** As `pipeline/wgsl/network.ts` loads a network: the GPU's compiler works while weights come. */
async function ours({ graph: plain, inputs }: Network, checkpoint: Checkpoint, device: Ground["device"]): Promise<Racer> {
  const graph = fuseGraph(plain);
  const weights = new Weights(device, {
    async *stream(wanted) {
      for (const key of wanted.keys()) {
        const values = checkpoint.get(key);
        invariant(values !== undefined, `${key} is a weight of the network`);
        yield [key, values];
      }
    },
  });
  weights.prepare(graph, ["f16"]).catch(() => undefined);
  Plan.prepare(device, graph, FORMAT).catch(() => undefined);
  await weights.load(graph);
  const plan = await Plan.compile(device, graph, weights, FORMAT);
  for (const [name, data] of Object.entries(inputs)) plan.write(name, data);
  return planRacer(plan, "y", () => {
    plan.destroy();
    weights.evict();
  });
}

const WEIGHTS_FILE = "weights.bin";

interface OnnxFiles {
  readonly model: Uint8Array;
  readonly weights: Uint8Array;
  readonly inputs: Readonly<Record<string, Shape>>;
}

function onnxFiles({ graph }: Network): OnnxFiles {
  const parts: Float32Array[] = [];
  let byteLength = 0;
  const written = onnxOfGraph(graph, (key, shape, form) => {
    const stored = WEIGHTS.floats(key, shape);
    const part = form === "transposed" ? channelsLast(stored, shape[0] ?? 1) : stored;
    parts.push(part);
    byteLength += part.byteLength;
    return { location: WEIGHTS_FILE, offset: byteLength - part.byteLength, byteLength: part.byteLength };
  });
  const weights = new Float32Array(byteLength / 4);
  let at = 0;
  for (const part of parts) {
    weights.set(part, at);
    at += part.length;
  }
  return { model: encodeOnnx(written), weights: new Uint8Array(weights.buffer), inputs: written.inputs };
}

function onnx({ model, weights, inputs: shapes }: OnnxFiles, inputs: Network["inputs"], runtime: Ground["runtime"]): Promise<Racer> {
  const feeds = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, runtime.tensor("float32", Float32Array.from(inputs[name] ?? []), shape)]),
  );
  return sessionRacer(runtime, { model, external: [{ path: WEIGHTS_FILE, data: weights }], feeds, output: "y" });
}
