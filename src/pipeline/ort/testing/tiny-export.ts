// The smallest export: a text encoder that is a table of words, a denoiser whose whole body is one
// cross-attention over pixels, and a decoder of one convolution. Its weights are known, so that a picture
// can be computed by hand.
import { nodeStore } from "../../../checkpoints/node-file";
import { encodeModel, valueInfo } from "../../../ort/onnx-graph/encode";
import { ELEMENT_TYPES, type OnnxModel } from "../../../ort/onnx-graph/model";
import { CHANNELS, crossAttention, GraphWriter, numbers, TEXT_CHANNELS } from "../../../ort/testing/attention-model";

const { float32, int64 } = ELEMENT_TYPES;
const WORDS = 600;
export const LATENT_CHANNELS = 4;
/** `[words, text channels]` */
export const EMBEDDING = numbers(WORDS * TEXT_CHANNELS, 21);
/** `[latent channels, channels]`, before the attention. `OUT_OF` is its counterpart after the attention. */
export const INTO = numbers(LATENT_CHANNELS * CHANNELS, 22);
export const OUT_OF = numbers(CHANNELS * LATENT_CHANNELS, 23);
export const FIXTURES = nodeStore("test/fixtures");

/** The graph of `g`, with the inputs and outputs given. */
function model(g: GraphWriter, output: string, inputs: OnnxModel["graph"]["inputs"], rank: number): OnnxModel {
  const written = g.model(output);
  const outputs = [
    valueInfo(
      "out",
      float32,
      Array.from({ length: rank }, () => undefined),
    ),
  ];
  return { ...written, graph: { ...written.graph, inputs, outputs } };
}

function textEncoder(): OnnxModel {
  const g = new GraphWriter();
  return model(
    g,
    g.op("Gather", [g.floats("words", [WORDS, TEXT_CHANNELS], EMBEDDING), "input_ids"]),
    [valueInfo("input_ids", int64, [1, "tokens"])],
    3,
  );
}

/** A cross-attention over pixels; it has an input for the timestep that has no effect. */
function unet(): OnnxModel {
  const g = new GraphWriter();
  const pixels = g.op("Transpose", [g.op("Reshape", ["sample", g.sizes(1, LATENT_CHANNELS, -1)])], { perm: [0, 2, 1] });
  const hidden = g.op("MatMul", [pixels, g.floats("into", [LATENT_CHANNELS, CHANNELS], INTO)]);
  const time = g.op("Mul", [g.op("Cast", ["timestep"], { to: float32 }), g.floats("nothing", [], Float32Array.of(0))]);
  const attended = crossAttention(g, "plain", g.op("Add", [hidden, time]), "encoder_hidden_states");
  const out = g.op("MatMul", [attended, g.floats("out_of", [CHANNELS, LATENT_CHANNELS], OUT_OF)]);
  const image = g.op("Reshape", [g.op("Transpose", [out], { perm: [0, 2, 1] }), g.op("Shape", ["sample"])]);
  const inputs = [
    valueInfo("sample", float32, [1, LATENT_CHANNELS, "height", "width"]),
    valueInfo("timestep", int64, [1]),
    valueInfo("encoder_hidden_states", float32, [1, "tokens", TEXT_CHANNELS]),
  ];
  return model(g, image, inputs, 4);
}

/** @param gain 0 makes every picture one colour */
export function decoder(gain = 1 / 40): OnnxModel {
  const g = new GraphWriter();
  const weight = g.floats(
    "upsample",
    [LATENT_CHANNELS, 3, 8, 8],
    numbers(LATENT_CHANNELS * 3 * 64, 24).map((value) => value * gain),
  );
  const image = g.op("ConvTranspose", ["latent_sample", weight], { strides: [8, 8] });
  return model(g, image, [valueInfo("latent_sample", float32, [1, LATENT_CHANNELS, "height", "width"])], 4);
}

export const json = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const read = async (path: string): Promise<Uint8Array> => {
  const source = await FIXTURES.open(path);
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes);
  return bytes;
};
/** The export's files, by path. */
export const FILES: Readonly<Record<string, Uint8Array>> = {
  "text_encoder/model.onnx": encodeModel(textEncoder()),
  "unet/model.onnx": encodeModel(unet()),
  "unet/config.json": json({ block_out_channels: [CHANNELS] }),
  "vae_decoder/model.onnx": encodeModel(decoder()),
  "tokenizer/vocab.json": await read("clip-tokenizer-tiny/vocab.json"),
  "tokenizer/merges.txt": await read("clip-tokenizer-tiny/merges.txt"),
  "scheduler/scheduler_config.json": await read("repo-sd-turbo-tiny/scheduler/scheduler_config.json"),
};
