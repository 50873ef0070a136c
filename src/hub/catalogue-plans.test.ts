// Every text-to-image family of the catalogue has a plan, from repositories in the layouts they are published in.
import { afterEach, describe, expect, it } from "vitest";
import { CATALOGUE } from "../catalogue/entries";
import { nodeStore } from "../checkpoints/node-file";
import { outlineModel } from "../pipeline/outline";
import { modelHub } from "./hub";
import { planDownload, type PlanOptions } from "./plan";
import { isCommit } from "./repository-name";
import { bare, LCM_DREAMSHAPER, SD_TURBO, SDXL_BASE, SDXL_VAE, SDXS_DREAMSHAPER, TAESD, type Files } from "./testing/layouts";
import { network, paths, planningOf, sd, SDXL, STEM, stopPlanning, TINY } from "./testing/planning";

afterEach(stopPlanning);

describe("plans of the catalogue", () => {
  const published: Readonly<Record<string, Files>> = {
    "stabilityai/sd-turbo": SD_TURBO,
    "thuanz123/swiftbrush": SD_TURBO,
    "IDKiro/sdxs-512-dreamshaper": SDXS_DREAMSHAPER,
    "SimianLuo/LCM_Dreamshaper_v7": LCM_DREAMSHAPER,
    "stabilityai/sdxl-turbo": SDXL_BASE,
    "stabilityai/stable-diffusion-xl-base-1.0": SDXL_BASE,
    "ChenDY/NitroFusion": bare(
      "nitrosd-realism_unet.safetensors",
      "nitrosd-vibrant_unet.safetensors",
      "nitrosd-realism_comfyui.safetensors",
    ),
    "tianweiy/DMD2": bare("dmd2_sdxl_4step_unet_fp16.safetensors", "dmd2_sdxl_4step_lora.safetensors"),
    "ByteDance/Hyper-SD": bare("Hyper-SDXL-1step-Unet.safetensors", "Hyper-SDXL-1step-lora.safetensors"),
    "madebyollin/taesd": TAESD,
    "madebyollin/taesdxl": TAESD,
    "madebyollin/sdxl-vae-fp16-fix": SDXL_VAE,
  };
  /** A hub that has every commit that the catalogue names. */
  function atItsCommits(): Promise<PlanOptions> {
    const parts = CATALOGUE.flatMap(({ base, components, presets }) => [base, components, ...presets.map((preset) => preset.components)]);
    const all = parts.flatMap((part) => (part === undefined ? [] : "repository" in part ? [part] : Object.values(part)));
    const commits = new Map(all.flatMap(({ repository, revision }) => (isCommit(revision) ? [[repository, revision]] : [])));
    return planningOf(
      Object.fromEntries(
        Object.entries(published).map(([name, files]) => {
          const commit = commits.get(name);
          return [name, commit === undefined ? { files } : { files, commit }];
        }),
      ),
    );
  }

  const drawable = CATALOGUE.filter(({ base, weights: form }) => base !== undefined && base.revision !== "" && form === "safetensors");

  it("control: all families that are read are here", () => {
    expect(drawable.map(({ id }) => id)).toEqual([
      "sd-turbo",
      "sdxs-512-dreamshaper",
      "sdxl-turbo",
      "nitrosd-realism",
      "nitrosd-vibrant",
      "dmd2-sdxl-4step",
      "hyper-sdxl-1step",
      "swiftbrush",
      "lcm-dreamshaper-v7",
    ]);
  });

  const base = "stabilityai/stable-diffusion-xl-base-1.0";
  const student = (repository: string, file: string) => ({
    [base]: [...SDXL, "unet/config.json"],
    [repository]: [file],
    "madebyollin/taesdxl": TINY,
  });
  const expected: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
    "sd-turbo": { "stabilityai/sd-turbo": sd(".fp16"), "madebyollin/taesd": TINY },
    "sd-turbo+large-decoder": { "stabilityai/sd-turbo": [...sd(".fp16"), ...network("vae", `${STEM}.fp16.safetensors`)] },
    swiftbrush: { "thuanz123/swiftbrush": sd(".fp16"), "madebyollin/taesd": TINY },
    "sdxs-512-dreamshaper": { "IDKiro/sdxs-512-dreamshaper": [...sd(""), ...network("vae", `${STEM}.safetensors`)] },
    "sdxs-512-dreamshaper+large-decoder": { "IDKiro/sdxs-512-dreamshaper": [...sd(""), ...network("vae_large", `${STEM}.safetensors`)] },
    "lcm-dreamshaper-v7": { "SimianLuo/LCM_Dreamshaper_v7": sd(""), "madebyollin/taesd": TINY },
    "sdxl-turbo": { "stabilityai/sdxl-turbo": [...SDXL, ...network("unet", `${STEM}.fp16.safetensors`)], "madebyollin/taesdxl": TINY },
    "sdxl-turbo+large-decoder": {
      "stabilityai/sdxl-turbo": [...SDXL, ...network("unet", `${STEM}.fp16.safetensors`)],
      "madebyollin/sdxl-vae-fp16-fix": TINY,
    },
    "nitrosd-realism": student("ChenDY/NitroFusion", "nitrosd-realism_unet.safetensors"),
    "nitrosd-vibrant": student("ChenDY/NitroFusion", "nitrosd-vibrant_unet.safetensors"),
    "dmd2-sdxl-4step": student("tianweiy/DMD2", "dmd2_sdxl_4step_unet_fp16.safetensors"),
    "hyper-sdxl-1step": student("ByteDance/Hyper-SD", "Hyper-SDXL-1step-Unet.safetensors"),
  };

  it.each(Object.entries(expected))("%s", async (id, repositories) => {
    const options = await atItsCommits();
    const planned = await planDownload(id, options);
    expect(paths(planned)).toEqual(Object.fromEntries(Object.entries(repositories).map(([name, files]) => [name, files.toSorted()])));
    const entry = CATALOGUE.find((each) => each.id === id.split("+")[0]);
    expect(planned.plan).toMatchObject({ model: id, license: entry?.license });
    expect(planned.plan.repositories.every(({ commit }) => /^[0-9a-f]{40}$/.test(commit))).toBe(true);
    expect(planned.outline).toMatchObject({ family: entry?.family, maxSteps: entry?.steps.maximum });
  });

  it.each(["esc-b-2", "imf-b-2"])("%s is refused before anybody is asked", async (id) => {
    const hub = modelHub({ base: "http://127.0.0.1:9" });
    const refused = { code: "model-unsupported", message: expect.stringContaining("which are not read") };
    await expect(planDownload(id, { hub, outline: outlineModel })).rejects.toMatchObject(refused);
  });

  it("what ships with the app is read where it is, and no part of a plan", async () => {
    const options = { hub: modelHub({ base: "http://127.0.0.1:9" }), outline: outlineModel };
    await expect(planDownload("vignette", options)).rejects.toMatchObject({ message: expect.stringContaining("ship with the app") });
    const { plan, outline } = await planDownload("vignette", { ...options, shipped: (repository) => nodeStore(`models/${repository}`) });
    expect(plan).toMatchObject({ model: "vignette", repositories: [] });
    expect(outline).toMatchObject({ family: "vignette", defaultSize: 256 });
  });
});
