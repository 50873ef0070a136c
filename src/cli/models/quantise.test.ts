// A quantised folder opens like any other and gives the blocks that its source would have been rounded to; what other tools would read
// in it is what the documentation says.
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blockShape, quantise, dequantise } from "../../common/blocks";
import { fromFloat16, toFloat16 } from "../../common/float16";
import { checkTensors } from "../../checkpoints/check-tensors";
import { diffusersManifest } from "../../checkpoints/diffusers-manifest";
import { writtenBytes } from "../../checkpoints/formats/blocks/write";
import { component, openComponent } from "../../checkpoints/manifest";
import { nodeStore } from "../../checkpoints/node-file";
import { parseSafetensorsHeader } from "../../checkpoints/safetensors";
import type { TensorReader } from "../../checkpoints/tensor-reader";
import { halvesOf } from "../../checkpoints/testing/halves";
import { inFloat16 } from "../../checkpoints/testing/in-float16";
import type { WeightFormat } from "../../common/weight-format";
import { answer } from "./commands";

const SHIPPED = "models/vignette";
const FORMATS = ["q8", "q4"] as const;
let root = "";
/** What ships with the page, in float16. */
let source = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "onestroke-quantise-"));
  source = await published(join(root, "f16"));
  for (const format of FORMATS) await answer(["quantise", source], { to: join(root, format), weights: format });
}, 300_000);
afterAll(() => rm(root, { recursive: true, force: true }));

/** Writes what ships with the page again, with its blocks multiplied out. */
async function published(to: string): Promise<string> {
  await cp(SHIPPED, to, { recursive: true });
  const manifest = await diffusersManifest(nodeStore(SHIPPED));
  for (const part of [component(manifest, "text_encoder"), component(manifest, "unet")]) {
    for (const { path } of part.files) {
      await rm(join(to, path));
      await writeFile(join(to, path.replace(".safetensors", ".fp16.safetensors")), await inFloat16(part));
    }
  }
  return to;
}

const unetOf = async (folder: string) => openComponent(component(await diffusersManifest(nodeStore(folder)), "unet"));

/** Hashes of the weights in one format: millions of numbers are long to compare one by one. */
async function hashes(reader: TensorReader, names: readonly string[], format: WeightFormat) {
  const all: Record<string, string> = {};
  for await (const [name, values] of reader.stream(new Map(names.map((each) => [each, { format }])))) {
    const hash = createHash("sha256");
    if (values instanceof Float32Array) throw new Error("nothing is added to these");
    for (const bytes of writtenBytes(values, reader.shape(name))) hash.update(bytes);
    all[name] = hash.digest("hex");
  }
  return all;
}

describe.each(FORMATS)("%s", (format) => {
  const folder = () => join(root, format);
  it("opens with the same names and shapes, and says what it is stored in", async () => {
    const [before, after] = [await unetOf(source), await unetOf(folder())];
    checkTensors(after, new Map(before.names.map((name) => [name, before.shape(name)])), [], "unet");
    expect([before.weightFormat, after.weightFormat]).toEqual(["f16", format]);
  });

  it("gives the blocks that the source gives, or float16 of what they stand for", async () => {
    const [before, after] = [await unetOf(source), await unetOf(folder())];
    const { tensors } = await headerOf(folder());
    const names = before.names.filter((name) => tensors.has(`${name}.scales`));
    expect(names.length).toBeGreaterThan(20);
    expect(await hashes(after, names, format)).toEqual(await hashes(before, names, format));
    const [name = ""] = names;
    const shape = blockShape(before.shape(name));
    const restored = dequantise(quantise(await before.readFloat32(name), shape, format), shape);
    expect(await after.readFloat32(name)).toEqual(restored);
    expect((await halvesOf(after, [name])).get(name)).toEqual(Uint16Array.from(restored, toFloat16));
  });

  it("leaves the first and the last convolution, and all that is no product, as they were", async () => {
    const [before, after] = [await unetOf(source), await unetOf(folder())];
    const { tensors } = await headerOf(folder());
    const kept = before.names.filter((name) => !tensors.has(`${name}.scales`));
    expect(kept).toEqual(
      expect.arrayContaining(["conv_in.weight", "conv_out.weight", "time_embedding.linear_1.weight", "conv_norm_out.weight"]),
    );
    expect(await hashes(after, kept, "f16")).toEqual(await hashes(before, kept, "f16"));
  });

  it("is, for other tools, integers and scales whose product is the weight", async () => {
    const { tensors, bytes } = await headerOf(folder());
    const name = [...tensors.keys()].find((each) => each.endsWith(".conv1.weight") && tensors.has(`${each}.scales`)) ?? "";
    const [values, scales, minima] = [tensors.get(name), tensors.get(`${name}.scales`), tensors.get(`${name}.minima`)];
    const exact = await (await unetOf(source)).readFloat32(name);
    const [outputs = 0, inputs = 0] = (await unetOf(source)).shape(name);
    expect(values?.shape).toEqual(format === "q8" ? [outputs, inputs, 3, 3] : [outputs, inputs / 2, 3, 3]);
    expect(scales?.shape).toEqual([outputs, inputs / 32, 3, 3]);
    const half = (at: number) => fromFloat16(bytes.readUInt16LE(at));
    for (const [output, input, tap] of [
      [0, 0, 0],
      [1, 5, 4],
      [outputs - 1, inputs - 1, 8],
    ] as const) {
      const block = 2 * ((output * (inputs / 32) + Math.floor(input / 32)) * 9 + tap);
      const at = (output * inputs + input) * 9 + tap;
      const pair = (output * (inputs / 2) + Math.floor(input / 2)) * 9 + tap;
      const stored =
        format === "q8"
          ? bytes.readInt8((values?.begin ?? 0) + at)
          : (bytes.readUInt8((values?.begin ?? 0) + pair) >> (4 * (input % 2))) & 15;
      const scale = half((scales?.begin ?? 0) + block);
      const minimum = minima === undefined ? 0 : half(minima.begin + block);
      expect(Math.abs(minimum + scale * stored - (exact[at] ?? NaN))).toBeLessThanOrEqual(scale / 2 + 2 ** -20);
    }
  });

  it("copies the rest, and leaves out other forms of the weights", async () => {
    expect((await readdir(join(folder(), "unet"))).toSorted()).toEqual(["config.json", "diffusion_pytorch_model.safetensors"]);
    const files = async (from: string) => (await readdir(join(from, "tokenizer"))).toSorted();
    expect(await files(folder())).toEqual(await files(source));
    const vae = component(await diffusersManifest(nodeStore(source)), "vae").files[0]?.path ?? "";
    expect((await readFile(join(folder(), vae))).equals(await readFile(join(source, vae)))).toBe(true);
  });
});

async function headerOf(folder: string) {
  const bytes = await readFile(join(folder, "unet", "diffusion_pytorch_model.safetensors"));
  const length = Number(bytes.readBigUInt64LE(0));
  return { bytes, ...parseSafetensorsHeader(Uint8Array.from(bytes.subarray(8, 8 + length)), bytes.byteLength - 8 - length, "unet") };
}

it("what is in such blocks already stays as it is, byte for byte", async () => {
  const to = join(root, "again");
  await answer(["quantise", SHIPPED], { to, weights: "q8" });
  for (const file of ["unet/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"]) {
    expect((await readFile(join(to, file))).equals(await readFile(join(SHIPPED, file))), file).toBe(true);
  }
});

it("writes over nothing, and asks for what is missing", async () => {
  const full = await mkdtemp(join(root, "full-"));
  await writeFile(join(full, "file"), "");
  const refused = { code: "invalid-input" };
  await expect(answer(["quantise", source], { to: full, weights: "q8" })).rejects.toMatchObject({
    ...refused,
    message: expect.stringContaining("not empty"),
  });
  await expect(answer(["quantise", source], { to: join(root, "x"), weights: "f16" })).rejects.toMatchObject(refused);
  await expect(answer(["quantise", source], { weights: "q8" })).rejects.toMatchObject(refused);
  await expect(answer(["quantise", full], { to: join(root, "y"), weights: "q8" })).rejects.toMatchObject({ code: "model-missing" });
});

it.each([
  ['"onestroke.blocks":"1"', '"onestroke.blocks":"2"', "model-unsupported", 'version "2"'],
  [".conv1.weight.scales", ".conv1.weight.scaled", "model-corrupt", "rule 11"],
  ['"dtype":"I8"', '"dtype":"U8"', "model-corrupt", "rule 11"],
])("is refused where it does not agree with itself: %s", async (written, changed, code, message) => {
  const folder = await mkdtemp(join(root, "changed-"));
  await cp(join(root, written.includes("scales") ? "q4" : "q8"), join(folder, "q"), { recursive: true });
  const file = join(folder, "q", "unet", "diffusion_pytorch_model.safetensors");
  const bytes = await readFile(file);
  bytes.write(changed, bytes.indexOf(written), "latin1");
  await writeFile(file, bytes);
  await expect(unetOf(join(folder, "q"))).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});
