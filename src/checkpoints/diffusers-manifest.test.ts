// A folder in diffusers' layout becomes a manifest: configs are read, weight files chosen, and unknown
// classes refused by name.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { diffusersManifest } from "./diffusers-manifest";
import { component, openComponent, weightBytes } from "./manifest";
import { memoryStore } from "./memory-source";
import { nodeStore } from "./node-file";
import { FIXTURES, needsSharedFixtures, SHARED_FIXTURES } from "./testing/fixtures";
import { float32Tensor, safetensorsFile } from "./testing/safetensors-file";

const REPOSITORY = `${FIXTURES}/repo-sd-turbo-tiny`;
const CONFIGS = ["model_index.json", "unet/config.json", "vae/config.json", "text_encoder/config.json", "scheduler/scheduler_config.json"];
const weights = (name: string): Uint8Array => safetensorsFile(new Map([[name, float32Tensor([1, 2])]]));
const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The configs of the fixture with one-tensor weights; `changes` replaces files, undefined removes them. */
function repository(changes: Readonly<Record<string, Uint8Array | undefined>> = {}) {
  const files = new Map<string, Uint8Array>(CONFIGS.map((path) => [path, readFileSync(`${REPOSITORY}/${path}`)]));
  files.set("unet/diffusion_pytorch_model.safetensors", weights("conv_in.weight"));
  files.set("vae/diffusion_pytorch_model.fp16.safetensors", weights("decoder.conv_in.weight"));
  files.set("text_encoder/model.safetensors", weights("text_model.a"));
  for (const [path, bytes] of Object.entries(changes)) {
    if (bytes === undefined) files.delete(path);
    else files.set(path, bytes);
  }
  return memoryStore("models/tiny", files);
}

describe("diffusersManifest", () => {
  it("finds each component, its class, config and files", async () => {
    const manifest = await diffusersManifest(repository());
    expect(manifest).toMatchObject({ name: "tiny", pipeline: "stable-diffusion" });
    expect(component(manifest, "unet")).toMatchObject({
      className: "UNet2DConditionModel",
      files: [{ path: "unet/diffusion_pytorch_model.safetensors" }],
    });
    expect(component(manifest, "vae").config["scaling_factor"]).toBe(0.18215);
    expect(component(manifest, "tokenizer")).toMatchObject({ files: [], config: {} });
    expect((await openComponent(component(manifest, "unet"))).names).toEqual(["conv_in.weight"]);
    const files = [weights("conv_in.weight"), weights("decoder.conv_in.weight"), weights("text_model.a")];
    expect(weightBytes(manifest)).toBe(files.reduce((sum, file) => sum + file.byteLength, 0));
    expect(() => component(manifest, "text_encoder_2")).toThrow("has no text_encoder_2");
  });

  it("prefers the fp16 variant", async () => {
    const manifest = await diffusersManifest(repository({ "unet/diffusion_pytorch_model.fp16.safetensors": weights("a") }));
    expect(component(manifest, "unet").files.map((file) => file.path)).toEqual(["unet/diffusion_pytorch_model.fp16.safetensors"]);
  });

  it("follows an index to its shards, each once", async () => {
    const index = { metadata: { total_size: 16 }, weight_map: { a: "m-1.safetensors", b: "m-2.safetensors", c: "m-2.safetensors" } };
    const sharded = repository({
      "unet/diffusion_pytorch_model.safetensors": undefined,
      "unet/diffusion_pytorch_model.safetensors.index.json": text(index),
      "unet/m-1.safetensors": weights("a"),
      "unet/m-2.safetensors": weights("b"),
    });
    const unet = component(await diffusersManifest(sharded), "unet");
    expect(unet.files.map((file) => file.path)).toEqual(["unet/m-1.safetensors", "unet/m-2.safetensors"]);
    expect((await openComponent(unet)).names).toEqual(["a", "b"]);
  });

  it.each(["../../secret.safetensors", "/etc/x.safetensors", "https://host.test/x.safetensors", 3])(
    "an index may not point at %s",
    async (shard) => {
      const hostile = repository({
        "unet/diffusion_pytorch_model.safetensors": undefined,
        "unet/diffusion_pytorch_model.safetensors.index.json": text({ weight_map: { a: shard } }),
      });
      await expect(diffusersManifest(hostile)).rejects.toMatchObject({ code: "model-corrupt" });
    },
  );

  const index = JSON.parse(readFileSync(`${REPOSITORY}/model_index.json`, "utf8")) as Readonly<Record<string, unknown>>;
  it.each<[string, Readonly<Record<string, Uint8Array | undefined>>, string, string]>([
    ["no index", { "model_index.json": undefined }, "model-missing", "model_index.json"],
    [
      "no weights",
      { "vae/diffusion_pytorch_model.fp16.safetensors": undefined },
      "model-missing",
      "vae/diffusion_pytorch_model.safetensors",
    ],
    ["no config", { "unet/config.json": undefined }, "model-missing", "unet/config.json"],
    ["a config that is no JSON", { "unet/config.json": new Uint8Array([1]) }, "model-corrupt", "unet/config.json"],
    ["an unknown pipeline", { "model_index.json": text({ ...index, _class_name: "FluxPipeline" }) }, "model-unsupported", "FluxPipeline"],
    [
      "an inherited name as pipeline",
      { "model_index.json": text({ ...index, _class_name: "constructor" }) },
      "model-unsupported",
      "constructor",
    ],
    [
      "an unknown class",
      { "model_index.json": text({ ...index, vae: ["diffusers", "AutoencoderDC"] }) },
      "model-unsupported",
      "AutoencoderDC",
    ],
    ["a component that is not listed", { "model_index.json": text({ ...index, unet: [null, null] }) }, "model-missing", "unet"],
  ])("refuses %s", async (_, changes, code, named) => {
    await expect(diffusersManifest(repository(changes))).rejects.toMatchObject({ code, message: expect.stringContaining(named) });
  });

  it("reads whole published layouts", async (context) => {
    needsSharedFixtures(context);
    for (const name of ["repo-sd-turbo-tiny", "repo-nitrosd-tiny"]) {
      const manifest = await diffusersManifest(nodeStore(`${SHARED_FIXTURES}/${name}`));
      const vae = await openComponent(component(manifest, "vae"));
      expect(vae.names.filter((weight) => /\.(query|key|value|proj_attn)\./.test(weight))).toEqual([]);
      const encoder = await openComponent(component(manifest, "text_encoder"));
      expect(encoder.names.every((weight) => weight.startsWith("text_model.") && !weight.includes("position_ids"))).toBe(true);
    }
  });
});
