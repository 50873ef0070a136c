// Catalogue entries are valid, agree with the papers' step lists, and become manifests whose
// parts come from several repositories.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scheduleFor } from "../samplers/sampler";
import type { ByteStore } from "../checkpoints/byte-source";
import { parseCatalogueEntry } from "./entry";
import { CATALOGUE, catalogueEntry, VIGNETTE } from "./entries";
import { catalogueManifest } from "../checkpoints/catalogue-manifest";
import { publishedFiles } from "../checkpoints/published-files";
import { component, openComponent } from "../checkpoints/manifest";
import { memoryStore } from "../checkpoints/memory-source";
import { float32Tensor, safetensorsFile } from "../checkpoints/testing/safetensors-file";

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const weights = (name: string): Uint8Array => safetensorsFile(new Map([[name, float32Tensor([1])]]));

describe("entries", () => {
  it("each file is an entry under its own id", () => {
    const files = readdirSync("models/catalogue").map((file) => file.replace(/\.json$/, ""));
    expect(CATALOGUE.map((entry) => entry.id).toSorted()).toEqual(files.toSorted());
    expect(catalogueEntry("vignette")).toBe(CATALOGUE[0]);
    expect(catalogueEntry("nothing")).toBeUndefined();
  });

  it("what ships with the app is as large as its entry says, and has the list of words that it names", () => {
    const { byteLength, words, base } = VIGNETTE;
    const folder = join("models", base?.repository ?? "");
    const weights = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".safetensors"));
    expect(weights.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)).toBe(byteLength);
    const list: readonly string[] = JSON.parse(readFileSync(join(folder, words ?? ""), "utf8"));
    expect(list).toEqual([...new Set(list.map((word) => word.toLowerCase()))].toSorted());
    expect(list).toContain("lighthouse");
  });

  it("what ships with the app is byte for byte what its entry lists: if not, `npm run models -- hash vignette`", async () => {
    expect(VIGNETTE.files).toEqual(await publishedFiles(join("models", VIGNETTE.base?.repository ?? "")));
  });

  // UNet and text encoders, in millions of weights: a file has two or four bytes for each.
  const MILLIONS: Readonly<Record<string, number>> = {
    sd15: 860 + 123,
    sd21: 866 + 340,
    sdxl: 2567 + 123 + 695,
    "sdxs-512-dreamshaper": 316 + 123,
  };
  it.each(CATALOGUE.filter(({ downloadBytes }) => downloadBytes !== undefined))(
    "$id: its download is said to be as large as its weights are in 16 or 32 bits",
    ({ id, family, downloadBytes = 0 }) => {
      const weights = (MILLIONS[id] ?? MILLIONS[family] ?? 0) * 1e6;
      expect(downloadBytes / weights).toBeGreaterThan(1.99);
      expect(downloadBytes / weights).toBeLessThan(4.05);
    },
  );

  it.each(CATALOGUE.filter(({ gpuBytes }) => gpuBytes !== undefined))("$id: it says how large its download is", (entry) => {
    expect(entry.byteLength ?? entry.downloadBytes).toBeDefined();
  });

  it.each(CATALOGUE)("$id: every number of steps it offers has a schedule", ({ sampler, steps }) => {
    for (let n = 1; n <= steps.maximum && sampler !== undefined; n++) expect(scheduleFor(sampler, n).steps.length).toBe(n);
  });

  it.each([
    ["nitrosd-realism", 4, [249, 187, 124, 62]],
    ["nitrosd-vibrant", 3, [499, 374, 249]],
    ["dmd2-sdxl-4step", 4, [999, 749, 499, 249]],
    ["dmd2-sdxl-1step", 1, [399]],
    ["hyper-sdxl-1step", 1, [800]],
    ["swiftbrush", 1, [999]],
    ["lcm-dreamshaper-v7", 4, [999, 759, 499, 259]],
    ["esc-xl-2", 4, [1, 0.75, 0.5, 0.25]],
  ])("%s in %i steps asks the network at %j", (id, steps, timesteps) => {
    const sampler = catalogueEntry(id)?.sampler;
    expect(sampler && scheduleFor(sampler, steps).steps.map((step) => step.timestep)).toEqual(timesteps);
  });
});

describe("presets", () => {
  const parts = (id: string) => {
    const { components = {} } = catalogueEntry(id) ?? {};
    return Object.entries(components).map(([name, { repository, folder }]) => [name, repository, folder]);
  };
  const fixed = ["vae", "madebyollin/sdxl-vae-fp16-fix", ""];
  const tiny = ["vae", "madebyollin/taesdxl", ""];
  const student = ["unet", "ChenDY/NitroFusion", undefined];
  it.each([
    ["sd-turbo", "sd-turbo", [["vae", "madebyollin/taesd", ""]]],
    ["sd-turbo+small-decoder", "sd-turbo", [["vae", "madebyollin/taesd", ""]]],
    ["sd-turbo+large-decoder", "sd-turbo+large-decoder", []],
    ["sdxl-turbo+large-decoder", "sdxl-turbo+large-decoder", [fixed]],
    ["nitrosd-vibrant", "nitrosd-vibrant", [student, tiny]],
    ["nitrosd-vibrant+large-decoder", "nitrosd-vibrant+large-decoder", [student, fixed]],
    ["sdxs-512-dreamshaper", "sdxs-512-dreamshaper", []],
    ["sdxs-512-dreamshaper+large-decoder", "sdxs-512-dreamshaper+large-decoder", [["vae", "IDKiro/sdxs-512-dreamshaper", "vae_large"]]],
  ])("%s is the model %s with its own parts", (asked, id, components) => {
    expect(catalogueEntry(asked)?.id).toBe(id);
    expect(parts(asked)).toEqual(components);
  });

  it.each(["sd-turbo+", "sd-turbo+huge-decoder", "sd-turbo+large-decoder+large-decoder", "vignette+small-decoder", "+small-decoder"])(
    "%s is no model",
    (id) => expect(catalogueEntry(id)).toBeUndefined(),
  );

  it("text-to-image models on the hub all have a choice of decoder, and say what it costs", () => {
    for (const { base, presets } of CATALOGUE) {
      if (base === undefined || base.revision === "") continue;
      expect(presets.map(({ id }) => id)).toEqual(["small-decoder", "large-decoder"]);
    }
  });
});

describe("parsing", () => {
  const valid = {
    id: "x",
    title: "X",
    summary: "Draws x.",
    family: "sdxl",
    size: 512,
    steps: { maximum: 4, preferred: 1 },
    base: { repository: "a/b", revision: "main" },
    license: { id: "MIT" },
  };
  const part = { repository: "c/d", revision: "main", className: "AutoencoderKL" };
  it("control: the smallest entry", () =>
    expect(parseCatalogueEntry(valid, "x")).toMatchObject({ weights: "safetensors", components: {} }));

  it("control: a list of words beside a model that ships with the app", () =>
    expect(parseCatalogueEntry({ ...valid, base: { repository: "x", revision: "" }, words: "words.json" }, "x").words).toBe("words.json"));

  it.each<[string, object]>([
    ["family", { family: "sd3" }],
    ["summary", { summary: undefined }],
    ["id", { presets: [{ id: "a+b", title: "A", summary: "A." }] }],
    ["title", { presets: [{ id: "a", summary: "A." }] }],
    ["vea", { presets: [{ id: "a", title: "A", summary: "A.", components: { vea: part } }] }],
    ["preferred", { steps: { maximum: 1, preferred: 2 } }],
    ["revision", { base: { repository: "a/b" } }],
    ["sampler", { base: undefined }],
    ["rule", { sampler: { rule: "magic" } }],
    ["byteLength", { byteLength: "24 MB" }],
    ["fineSize", { fineSize: 512 }],
    ["fineSize", { fineSize: 8192 }],
    ["words", { words: "words.json" }],
    ["words", { base: { repository: "x", revision: "" }, words: "../elsewhere/words.json" }],
    ["renoise", { sampler: { rule: "listed", lists: [{ network: [1, 2], renoise: [1] }] } }],
    ["vea", { components: { vea: part } }],
    ["files", { components: { vae: part } }],
    ["files", { components: { vae: { ...part, folder: "", files: [] } } }],
    ["sha256", { components: { vae: { ...part, files: [{ path: "x", sha256: "abc" }] } } }],
  ])("refuses a wrong %s: %j", (field, change) => {
    expect(() => parseCatalogueEntry({ ...valid, ...change }, "x")).toThrow(
      expect.objectContaining({ code: "model-unsupported", detail: expect.objectContaining({ field }) }),
    );
  });
});

describe("manifest", () => {
  const classes = {
    _class_name: "StableDiffusionPipeline",
    unet: ["diffusers", "UNet2DConditionModel"],
    text_encoder: ["transformers", "CLIPTextModel"],
    vae: ["diffusers", "AutoencoderKL"],
    tokenizer: ["transformers", "CLIPTokenizer"],
    scheduler: ["diffusers", "PNDMScheduler"],
  };
  const base = memoryStore(
    "a/b",
    new Map([
      ["model_index.json", json(classes)],
      ["unet/config.json", json({ in_channels: 4 })],
      ["text_encoder/config.json", json({})],
      ["text_encoder/model.safetensors", weights("text")],
      ["scheduler/scheduler_config.json", json({ _class_name: "PNDMScheduler" })],
    ]),
  );
  const elsewhere = memoryStore(
    "c/d",
    new Map([
      ["student.safetensors", weights("student")],
      ["config.json", json({ latent_channels: 4 })],
      ["diffusion_pytorch_model.safetensors", weights("tiny")],
    ]),
  );
  const open = ({ repository }: { readonly repository: string }): ByteStore => (repository === "a/b" ? base : elsewhere);
  const from = { repository: "c/d", revision: "main" };
  const entry = (more: object = {}) =>
    parseCatalogueEntry(
      {
        id: "mixed",
        title: "Mixed",
        summary: "Draws with parts of two.",
        family: "sd15",
        size: 512,
        steps: { maximum: 1, preferred: 1 },
        base: { repository: "a/b", revision: "main" },
        components: {
          unet: { ...from, className: "UNet2DConditionModel", files: [{ path: "student.safetensors" }] },
          vae: { ...from, className: "AutoencoderTiny", folder: "" },
        },
        sampler: { rule: "listed", lists: [{ network: [999], renoise: [999] }] },
        license: { id: "MIT" },
        ...more,
      },
      "mixed",
    );

  it("leaves a second decoder of the base where another autoencoder takes the place of the first", async () => {
    const finer = memoryStore("a/b", new Map([["model_index.json", json({ ...classes, vae_fine: ["diffusers", "AutoencoderTiny"] })]]));
    const opening = ({ repository }: { readonly repository: string }): ByteStore => {
      if (repository !== "a/b") return elsewhere;
      return {
        name: "a/b",
        exists: async (path) => path === "model_index.json" || base.exists(path),
        open: (path) => (path === "model_index.json" ? finer : base).open(path),
      };
    };
    expect((await catalogueManifest(entry(), opening)).components).not.toHaveProperty("vae_fine");
  });

  it("takes bare weights with the base's config, a folder with its own, the rest from the base", async () => {
    const manifest = await catalogueManifest(entry(), open);
    expect(manifest).toMatchObject({
      name: "mixed",
      pipeline: "stable-diffusion",
      family: "sd15",
      license: { id: "MIT" },
    });
    expect(component(manifest, "unet").config).toEqual({ in_channels: 4 });
    expect((await openComponent(component(manifest, "unet"))).names).toEqual(["student"]);
    expect(component(manifest, "vae")).toMatchObject({ className: "AutoencoderTiny", config: { latent_channels: 4 } });
    expect((await openComponent(component(manifest, "vae"))).names).toEqual(["tiny"]);
    expect((await openComponent(component(manifest, "text_encoder"))).names).toEqual(["text"]);
  });

  it("refuses weights of another length than the catalogue's", async () => {
    const unet = { ...from, className: "UNet2DConditionModel", files: [{ path: "student.safetensors", byteLength: 1 }] };
    const vae = { ...from, className: "AutoencoderTiny", folder: "" };
    await expect(catalogueManifest(entry({ components: { unet, vae } }), open)).rejects.toMatchObject({ code: "model-corrupt" });
  });

  const unread = CATALOGUE.filter(({ components }) => Object.values(components).some(({ files }) => files?.length === 0));
  it.each(unread)("$id: says what can be done about weights that are not read", async (published) => {
    const refused = catalogueManifest(published, open);
    const said = `models/catalogue/${published.id}.json`;
    await expect(refused).rejects.toMatchObject({ code: "model-unsupported", message: expect.stringContaining(said) });
  });

  it("what it says can be done is: converted weights in a folder of one's own keep the entry's steps", async () => {
    const opened: unknown[] = [];
    const unet = { repository: "own", revision: "", className: "UNet2DConditionModel", files: [{ path: "student.safetensors" }] };
    const vae = { ...from, className: "AutoencoderTiny", folder: "" };
    const manifest = await catalogueManifest(entry({ weights: "safetensors", components: { unet, vae } }), (at) => {
      opened.push([at.repository, at.revision]);
      return open(at);
    });
    expect(opened).toContainEqual(["own", ""]);
    expect(manifest.sampler).toEqual(entry().sampler);
  });
});
