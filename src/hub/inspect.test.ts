// What a repository is told to be before anything large of it is fetched, and why it cannot be drawn with.
import { afterEach, describe, expect, it } from "vitest";
import { catalogueEntry } from "../catalogue/entries";
import { planBytes } from "../common/download";
import { inspectModel } from "./inspect";
import type { FakeRepository } from "./testing/fake-repository";
import { SD_TURBO, SDXL_BASE, TAESD, weights, type Files } from "./testing/layouts";
import { planning, planningOf, STEM, stopPlanning } from "./testing/planning";

afterEach(stopPlanning);

describe("a report", () => {
  it("says what a repository is, what it costs and what it needs", async () => {
    const options = await planning({ "own/xl": SDXL_BASE });
    const report = await inspectModel("own/xl", options);
    expect(report).toMatchObject({
      model: "own/xl",
      repositories: [{ name: "own/xl", isGated: false }],
      pipelineClass: "StableDiffusionXLPipeline",
      refused: undefined,
    });
    const { plan, outline, downloadBytes } = report.found ?? {};
    expect(outline).toMatchObject({ readAs: "weights", family: "sdxl", defaultSize: 1024 });
    expect(outline?.parts.map(({ name }) => name)).toEqual(["text_encoder", "text_encoder_2", "unet", "vae"]);
    expect(downloadBytes).toBe(plan && planBytes(plan));
    // The largest network alone has 5.1 GB, and what is planned for an ordinary GPU is less than all of it.
    expect(outline?.gpuBytes).toBeGreaterThan(5.1e9);
    expect(outline?.gpuBytes).toBeLessThan(7.5e9);
    expect(outline?.turns).toContain("autoencoder");
    // As planned with its networks at full size (docs/quantisation.md has the bytes of each).
    expect(outline?.smallerGpuBytes?.q8).toBeLessThan(5.1e9);
    expect(outline?.smallerGpuBytes?.q4).toBeLessThan(3.7e9);
    expect(structuredClone(report)).toEqual(report);
  });

  it.each<[string, Files, string, RegExp]>([
    ["an unknown pipeline", { "model_index.json": '{"_class_name":"FluxPipeline"}' }, "model-unsupported", /FluxPipeline/],
    [
      "Flax weights alone",
      { ...without(SD_TURBO, /safetensors$|\.bin$/), "unet/diffusion_flax_model.msgpack": "x" },
      "model-unsupported",
      /msgpack, which is not read/,
    ],
    ["no index", { "sd_turbo.safetensors": weights("sd_turbo") }, "model-missing", /model_index\.json/],
    ["an index that is none", { "model_index.json": "{" }, "model-corrupt", /not JSON/],
    ["no vocabulary", without(SD_TURBO, /vocab/), "model-missing", /vocab\.json/],
    [
      "a pointer in place of weights",
      { ...SD_TURBO, [`unet/${STEM}.fp16.safetensors`]: "version https://git-lfs.github.com/spec/v1\n" },
      "model-missing",
      /Git LFS/,
    ],
    ["networks that do not fit", { ...SD_TURBO, "unet/config.json": '{"cross_attention_dim":768}' }, "model-unsupported", /text channels/],
    [
      "a scheduler without few steps",
      { ...SD_TURBO, "scheduler/scheduler_config.json": '{"_class_name":"PNDMScheduler"}' },
      "model-unsupported",
      /PNDM/,
    ],
  ])("says why not: %s", async (_, files, code, message) => {
    const report = await inspectModel("own/odd", await planning({ "own/odd": files }));
    expect(report).toMatchObject({ found: undefined, refused: { code, message: expect.stringMatching(message) } });
  });

  it("of a gated repository says where its licence is accepted", async () => {
    const options = await planningOf({ "own/gated": { files: SD_TURBO, gated: "manual", license: "openrail++" } });
    const report = await inspectModel("own/gated", options);
    expect(report).toMatchObject({
      repositories: [{ isGated: true }],
      license: { id: "openrail++", commercial: true },
      refused: { code: "download-gated", detail: { page: `${options.server.base}/own/gated` } },
    });
  });

  it("of a model of the catalogue adds up its parts", async () => {
    const taesd = { files: TAESD, commit: catalogueEntry("swiftbrush")?.components.vae?.revision ?? "" };
    const options = await planningOf({ "thuanz123/swiftbrush": { files: SD_TURBO }, "madebyollin/taesd": taesd });
    const { title, license, repositories, found } = await inspectModel("swiftbrush", options);
    expect({ title, license }).toEqual({ title: "SwiftBrush", license: { id: "CC-BY-NC-4.0", commercial: false } });
    expect(repositories.map(({ name }) => name)).toEqual(["thuanz123/swiftbrush", `madebyollin/taesd@${taesd.commit}`]);
    expect(found?.downloadBytes).toBe(found && planBytes(found.plan));
    expect(found?.outline).toMatchObject({ family: "sd21", maxSteps: 1 });
    const unread = await inspectModel("imf-b-2", await planningOf(published()));
    expect(unread).toMatchObject({
      found: undefined,
      refused: { code: "model-unsupported", message: expect.stringContaining("which are not read") },
    });
  });

  /** The repositories of one whose weights are not read, at their commits. */
  function published(): Readonly<Record<string, FakeRepository>> {
    const { base, components = {} } = catalogueEntry("imf-b-2") ?? {};
    const all = [...(base === undefined ? [] : [base]), ...Object.values(components)];
    return Object.fromEntries(
      all.map(({ repository, revision }) => [repository, { files: SDXL_BASE, ...(revision === "main" ? {} : { commit: revision }) }]),
    );
  }

  it("is none of a repository that is not there, or when the hub fails", async () => {
    const options = await planning({});
    await expect(inspectModel("own/none", options)).rejects.toMatchObject({ code: "model-missing" });
    options.server.intercept((_, response) => (response.writeHead(503).end(), true));
    await expect(inspectModel("own/none", options)).rejects.toMatchObject({ code: "download-failed" });
  });
});

function without(files: Files, pattern: RegExp): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !pattern.test(path)));
}
