// Plans: from the published layouts exactly the files that drawing reads, each once, with its hash.
import { afterEach, describe, expect, it } from "vitest";
import { VIGNETTE } from "../catalogue/entries";
import { blocksHeader } from "../checkpoints/formats/blocks/write";
import { tensor, torchFile } from "../checkpoints/formats/testing/torch-file";
import { memoryStore } from "../checkpoints/memory-source";
import { manifestOf } from "../checkpoints/places";
import { float32Tensor, safetensorsFile } from "../checkpoints/testing/safetensors-file";
import { decodeModel } from "../ort/onnx-graph/decode";
import { detachWeights } from "../ort/onnx-graph/detach-weights";
import { encodeModel } from "../ort/onnx-graph/encode";
import { FILES as EXPORT } from "../pipeline/ort/testing/tiny-export";
import { outlineModel } from "../pipeline/outline";
import { planDownload } from "./plan";
import { LCM_DREAMSHAPER, SD_TURBO, SDXL_BASE, SDXS_DREAMSHAPER, weights } from "./testing/layouts";
import { asBytes, network, paths, planning, planningOf, sd, STEM, stopPlanning } from "./testing/planning";

afterEach(stopPlanning);

describe("a plan", () => {
  it("of a repository has what is read of it: half precision, no pickles, no checker, nothing twice", async () => {
    const options = await planning({ "own/turbo": SD_TURBO });
    const { plan, outline } = await planDownload("own/turbo", options);
    expect(paths({ plan, outline })["own/turbo"]).toEqual([...sd(".fp16"), ...network("vae", `${STEM}.fp16.safetensors`)].toSorted());
    const commit = options.server.commit("own/turbo");
    const [repository] = plan.repositories;
    expect(plan).toMatchObject({ model: "own/turbo", title: "own/turbo", license: undefined });
    expect(repository).toMatchObject({ revision: "main", commit, addresses: [`${options.server.base}/own/turbo/resolve/${commit}/`] });
    expect(repository?.files.every(({ hash, byteLength }) => hash !== undefined && byteLength > 0)).toBe(true);
  });

  it("of a real model, from its folder, opens as the folder does", async () => {
    const options = await planningOf({ "own/vignette": { files: "models/vignette" } });
    const { plan, outline } = await planDownload("own/vignette", options);
    expect(outline).toMatchObject({ family: "vignette", defaultSize: 256, maxSteps: 4 });
    const weights = plan.repositories[0]?.files.filter(({ path }) => path.endsWith(".safetensors")) ?? [];
    expect(weights.reduce((total, { byteLength }) => total + byteLength, 0)).toBe(VIGNETTE.byteLength);
    expect(plan.repositories[0]?.files.some(({ path }) => path.endsWith(".onnx"))).toBe(false);
  });

  it("fetches no weights to be made", async () => {
    const options = await planning({ "own/turbo": SD_TURBO });
    await planDownload("own/turbo", options);
    const asked = options.server.requests.filter(({ kind }) => kind === "file");
    // The first range of each weight file, for its header.
    expect(asked.every(({ range }) => range?.startsWith("bytes=0-"))).toBe(true);
    expect(options.server.requests.map(({ path }) => path)).not.toContain("tokenizer/vocab.json");
  });

  it("is enough to open the model, and no file of it is idle", async () => {
    const options = await planning({ "own/xl": SDXL_BASE });
    const { plan } = await planDownload("own/xl", options);
    const kept = plan.repositories[0]?.files.map(({ path }) => path) ?? [];
    const holding = (names: readonly string[]) => {
      const store = memoryStore("kept", new Map(names.map((name) => [name, asBytes(SDXL_BASE[name])])));
      return outlineModel({ entry: undefined, base: store, open: () => store }, "weights");
    };
    await expect(holding(kept)).resolves.toMatchObject({ pipeline: "stable-diffusion-xl" });
    const optional = /tokenizer_config|special_tokens/;
    for (const path of kept.filter((name) => !optional.test(name)))
      await expect(holding(kept.filter((other) => other !== path))).rejects.toBeDefined();
  });

  it("takes shards with their index, each once", async () => {
    const shard = (n: number) => `${STEM}-0000${n}-of-00002.safetensors`;
    const { [`unet/${STEM}.safetensors`]: _, [`unet/${STEM}.fp16.safetensors`]: __, ...rest } = SD_TURBO;
    const index = JSON.stringify({ weight_map: { a: shard(1), b: shard(2), c: shard(1) } });
    const sharded = {
      ...rest,
      [`unet/${STEM}.safetensors.index.json`]: index,
      [`unet/${shard(1)}`]: weights("1"),
      [`unet/${shard(2)}`]: weights("2"),
    };
    const found = paths(await planDownload("own/sharded", await planning({ "own/sharded": sharded })));
    expect(found["own/sharded"]?.filter((path) => path.startsWith("unet/"))).toEqual(
      ["config.json", shard(1), shard(2), `${STEM}.safetensors.index.json`].map((file) => `unet/${file}`),
    );
  });

  it("says what each part's weights are stored in, so that nobody has to wait for the largest file to know", async () => {
    const blocks = blocksHeader([{ name: "a.weight", shape: [2, 32], format: "q8" }]);
    const q8 = new Uint8Array(blocks.header.byteLength + 64 + 4);
    q8.set(blocks.header);
    const unet = `unet/${STEM}.fp16.safetensors`;
    const { plan } = await planDownload("own/small", await planning({ "own/small": { ...SD_TURBO, [unet]: q8 } }));
    expect(plan.weightFormats).toEqual({ text_encoder: "f16", unet: "q8", vae: "f16" });
  });

  it("says in which numbers the GPU will read each part, of all its tensors", async () => {
    const unet = safetensorsFile(
      new Map([
        ["a.weight", float32Tensor([1])],
        ["b.weight", { dtype: "BF16", shape: [1], data: new Uint8Array(2) }],
      ]),
    );
    const { [`unet/${STEM}.fp16.safetensors`]: _, ...rest } = SD_TURBO;
    const { plan } = await planDownload("own/wide", await planning({ "own/wide": { ...rest, [`unet/${STEM}.safetensors`]: unet } }));
    expect(plan.weightFormats, "control: neither is quantised").toEqual({ text_encoder: "f16", unet: "f16", vae: "f16" });
    expect(plan.storedNumbers?.["unet"]?.toSorted()).toEqual(["bf16", "f32"]);
  });

  it("takes torch's files where there are no others, and reads no more of them than what they list", async () => {
    const state = new Map([["a.weight", tensor("Half", "0", [512, 1024], [1024, 1])]]);
    const torch = torchFile(state, { 0: new Uint8Array(2 ** 20) });
    const files = Object.fromEntries(
      Object.entries(SD_TURBO).flatMap(([path, content]) =>
        path.endsWith(".safetensors") ? [] : [[path, path.endsWith(".bin") ? torch : content]],
      ),
    );
    const options = await planning({ "own/old": files });
    const planned = await planDownload("own/old", options);
    const weights = ["text_encoder/model.fp16.bin", `unet/${STEM}.fp16.bin`, `vae/${STEM}.fp16.bin`];
    expect(paths(planned)["own/old"]?.filter((path) => path.endsWith(".bin"))).toEqual(weights);
    const asked = options.server.requests.flatMap(({ kind, range }) =>
      kind === "file" ? [/^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? []] : [],
    );
    const bytes = asked.reduce((sum, [, first, last]) => sum + Number(last) - Number(first) + 1, 0);
    expect(bytes).toBeLessThan(weights.length * torch.byteLength);
  });

  it("of another revision keeps its name", async () => {
    const options = await planningOf({ "own/turbo": { files: {}, revisions: { fp16: SD_TURBO } } });
    const { plan } = await planDownload("own/turbo@fp16", options);
    expect(plan).toMatchObject({
      model: "own/turbo@fp16",
      repositories: [{ revision: "fp16", commit: options.server.commit("own/turbo", "fp16") }],
    });
  });

  it("of graphs has their external data, wherever it is", async () => {
    const graph = asBytes(EXPORT["text_encoder/model.onnx"]);
    const detached = encodeModel(detachWeights(decodeModel(graph), graph, "../weights/all.pb"));
    const files = {
      ...EXPORT,
      "text_encoder/model.onnx": detached,
      "weights/all.pb": graph,
      "unet/model_fp16.onnx": "another",
      "safety_checker/model.onnx": "none",
    };
    const options = await planning({ "own/graphs": files });
    const { plan, outline } = await planDownload("own/graphs", options);
    expect(outline.readAs).toBe("graphs");
    const configs = ["scheduler/scheduler_config.json", "unet/config.json", "tokenizer/merges.txt", "tokenizer/vocab.json"];
    const graphs = ["text_encoder/model.onnx", "unet/model.onnx", "vae_decoder/model.onnx", "weights/all.pb"];
    expect(paths({ plan, outline })["own/graphs"]).toEqual([...configs, ...graphs].toSorted());
  });

  it("of a repository with both takes the weights, or the graphs if asked for", async () => {
    const options = await planning({ "own/both": { ...EXPORT, ...SD_TURBO, "vae_decoder/config.json": "{}" } });
    expect((await planDownload("own/both", options)).outline.readAs).toBe("weights");
    const graphs = await planDownload("own/both", { ...options, readAs: "graphs" });
    expect(graphs.plan.repositories[0]?.files.some(({ path }) => path.endsWith(".safetensors"))).toBe(false);
  });
});

it("control: the layouts open as they are", async () => {
  for (const files of [SD_TURBO, SDXS_DREAMSHAPER, LCM_DREAMSHAPER, SDXL_BASE]) {
    const base = memoryStore("here", new Map(Object.entries(files).map(([path, content]) => [path, asBytes(content)])));
    await expect(manifestOf({ entry: undefined, base, open: () => base })).resolves.toBeDefined();
  }
});
