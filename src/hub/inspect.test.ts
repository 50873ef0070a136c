// What a repository is told to be before anything large of it is fetched, and why it cannot be drawn with.
import { afterEach, describe, expect, it } from "vitest";
import { planBytes } from "../common/download";
import { inspectRepository } from "./inspect";
import { SD_TURBO, SDXL_BASE, weights, type Files } from "./testing/layouts";
import { planning, planningOf, STEM, stopPlanning } from "./testing/planning";

afterEach(stopPlanning);

describe("a report", () => {
  it("says what a repository is, what it costs and what it needs", async () => {
    const options = await planning({ "own/xl": SDXL_BASE });
    const report = await inspectRepository("own/xl", options);
    expect(report).toMatchObject({ model: "own/xl", isGated: false, pipelineClass: "StableDiffusionXLPipeline", refused: undefined });
    const { plan, outline, downloadBytes } = report.found ?? {};
    expect(outline).toMatchObject({ readAs: "weights", family: "sdxl", defaultSize: 1024 });
    expect(outline?.parts.map(({ name }) => name)).toEqual(["text_encoder", "text_encoder_2", "unet", "vae"]);
    expect(downloadBytes).toBe(plan && planBytes(plan));
    // Two numbers in each of four networks, and SDXL's own decoder in float32 at 1024.
    expect(outline?.gpuBytes).toBe(4 * 2 * 2 + 1024 ** 2 * (196 + 2 * 1540));
    expect(structuredClone(report)).toEqual(report);
  });

  it.each<[string, Files, string, RegExp]>([
    ["an unknown pipeline", { "model_index.json": '{"_class_name":"FluxPipeline"}' }, "model-unsupported", /FluxPipeline/],
    ["pickles alone", without(SD_TURBO, /safetensors$/), "model-unsupported", /\.bin, which is not read/],
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
    const report = await inspectRepository("own/odd", await planning({ "own/odd": files }));
    expect(report).toMatchObject({ found: undefined, refused: { code, message: expect.stringMatching(message) } });
  });

  it("of a gated repository says where its licence is accepted", async () => {
    const options = await planningOf({ "own/gated": { files: SD_TURBO, gated: "manual", license: "openrail++" } });
    const report = await inspectRepository("own/gated", options);
    expect(report).toMatchObject({
      isGated: true,
      license: { id: "openrail++", commercial: true },
      refused: { code: "download-gated", detail: { page: `${options.server.base}/own/gated` } },
    });
  });

  it("is none of a repository that is not there, or when the hub fails", async () => {
    const options = await planning({});
    await expect(inspectRepository("own/none", options)).rejects.toMatchObject({ code: "model-missing" });
    options.server.intercept((_, response) => (response.writeHead(503).end(), true));
    await expect(inspectRepository("own/none", options)).rejects.toMatchObject({ code: "download-failed" });
  });
});

function without(files: Files, pattern: RegExp): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !pattern.test(path)));
}
