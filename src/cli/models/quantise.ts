// Writes a model's folder again with the weights of its text encoders and denoiser in blocks (docs/quantisation.md). The autoencoder and
// all small files are copied. What becomes blocks is what the engine would quantise when it loads them.
import { copyFile, mkdir, open, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { ComponentName } from "../../catalogue/components";
import { diffusersManifest } from "../../checkpoints/diffusers-manifest";
import { blocksHeader, writtenBytes, type WrittenWeight } from "../../checkpoints/formats/blocks/write";
import { denoiserName, openComponent, type Component } from "../../checkpoints/manifest";
import { nodeStore } from "../../checkpoints/node-file";
import { canonicalName } from "../../checkpoints/spellings";
import type { TensorReader } from "../../checkpoints/tensor-reader";
import { invariant, OnestrokeError } from "../../common/errors";
import type { QuantisedFormat } from "../../common/weight-format";
import { GraphBuilder } from "../../engine/graph-builder";
import { weightsOf } from "../../engine/ops";
import { quantiseGraph } from "../../engine/quantise-graph";
import { networkRow, openDenoiser, openTextEncoder } from "../../networks";

/** Bytes of weights before and after, of one component. */
export interface Quantised {
  readonly component: string;
  readonly before: number;
  readonly after: number;
}

/** Weights and graphs; everything else in a model's folder is small and is copied. */
const WEIGHTS = /\.(?:safetensors|bin|ckpt|pt|onnx|onnx_data|msgpack|h5)$|\.index(?:\.fp16)?\.json$|\.index\.json$/;

/**
 * @param from a folder in diffusers' layout
 * @param to a folder that is empty, or is made
 * @throws OnestrokeError `invalid-input` where `to` holds something; `model-*` for what `from` is not
 */
export async function quantiseModel(
  from: string,
  to: string,
  format: QuantisedFormat,
  signal?: AbortSignal,
): Promise<readonly Quantised[]> {
  const manifest = await diffusersManifest(nodeStore(from), signal);
  await mkdir(to, { recursive: true });
  if ((await readdir(to)).length > 0) {
    throw new OnestrokeError("invalid-input", `${to} is not empty`, { field: "to", remedy: "Name a folder that is new or empty." });
  }
  const quantised: readonly ComponentName[] = ["text_encoder", "text_encoder_2", denoiserName(manifest)];
  const written: Quantised[] = [];
  for (const [name, part] of Object.entries(manifest.components)) {
    await copySmallFiles(join(from, part.folder), join(to, part.folder));
    if (quantised.some((each) => each === name)) written.push(await writeQuantised(name, part, to, format, signal));
    else for (const { path } of part.files) await copyFile(join(from, path), join(to, path));
  }
  // The index comes last: a folder without it is no model.
  await copySmallFiles(from, to);
  return written;
}

async function copySmallFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isFile() && !WEIGHTS.test(entry.name)) await copyFile(join(from, entry.name), join(to, entry.name));
  }
}

async function writeQuantised(
  component: string,
  part: Component,
  to: string,
  format: QuantisedFormat,
  signal?: AbortSignal,
): Promise<Quantised> {
  const reader = await openComponent(part, signal);
  const quantised = quantisedNames(part, format);
  const weight = (name: string): WrittenWeight => ({ name, shape: reader.shape(name), format: quantised.has(name) ? format : "f16" });
  // What is in blocks comes last: whoever loads it reads neighbours together that are made into weights in the same way.
  const weights = reader.names.map(weight).toSorted((a, b) => Number(a.format !== "f16") - Number(b.format !== "f16"));
  const file = join(to, part.folder, `${networkRow(part.className)?.stem}.safetensors`);
  const after = await writeFile(`${file}.part`, reader, weights, signal);
  await rename(`${file}.part`, file);
  return { component, before: part.files.reduce((sum, { byteLength = 0 }) => sum + byteLength, 0), after };
}

/** @returns the file's length */
async function writeFile(file: string, reader: TensorReader, weights: readonly WrittenWeight[], signal?: AbortSignal): Promise<number> {
  const { header, begins } = blocksHeader(weights);
  const handle = await open(file, "wx");
  try {
    await handle.write(header, 0, header.byteLength, 0);
    let byteLength = header.byteLength;
    for await (const [name, values] of reader.stream(new Map(weights.map((weight) => [weight.name, weight])), signal)) {
      invariant(!(values instanceof Float32Array), "nothing is added to a model's own weights");
      let at = begins.get(name) ?? 0;
      for (const bytes of writtenBytes(values, reader.shape(name))) {
        await handle.write(bytes, 0, bytes.byteLength, at);
        at += bytes.byteLength;
      }
      byteLength = Math.max(byteLength, at);
    }
    return byteLength;
  } finally {
    await handle.close();
  }
}

/** The weights that the engine would quantise. */
function quantisedNames(part: Component, format: QuantisedFormat): ReadonlySet<string> {
  const g = new GraphBuilder();
  if (networkRow(part.className)?.role === "text-encoder") {
    const { lastHiddenState, textEmbeds } = openTextEncoder(part).build(g, { batch: 1 });
    g.output("hidden", lastHiddenState);
    if (textEmbeds !== undefined) g.output("embeds", textEmbeds);
  } else {
    const denoiser = openDenoiser(part);
    const side = denoiser.sampleSize;
    const textTokens = denoiser.reads.kind === "text" ? 77 : 0;
    g.output("y", denoiser.build(g, { batch: 1, height: side, width: side, textTokens, steering: "nasa" }));
  }
  const weights = quantiseGraph(g.build(), format).nodes.flatMap(({ op }) => weightsOf(op));
  return new Set(weights.flatMap(({ keys, format: its }) => (its === undefined ? [] : keys.map(canonicalName))));
}
