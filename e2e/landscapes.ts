// A model of the hub for tests of the page: the embedded student under another name, and the panel's row of it.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, type Locator, type Page } from "@playwright/test";
import { diffusersManifest } from "../src/checkpoints/diffusers-manifest";
import { component } from "../src/checkpoints/manifest";
import { nodeStore } from "../src/checkpoints/node-file";
import { inFloat16 } from "../src/checkpoints/testing/in-float16";
import type { FakeHub } from "../src/hub/testing/fake-hub";

export const LANDSCAPES = "someone/landscapes";
/** Its largest file, of three chunks. */
export const UNET = "unet/diffusion_pytorch_model.fp16.safetensors";
export const ENCODER = "text_encoder/model.safetensors";

const ROOT = "models/vignette";
const unet = component(await diffusersManifest(nodeStore(ROOT)), "unet");
const denoiser = await inFloat16(unet);

/** As the page ships with them, in its folder. */
export const VIGNETTE_FILES = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((path) =>
  statSync(join(ROOT, path)).isFile(),
);

/** Vignette's files with its denoiser in float16, as most are published, so that it is a model of its own. */
export function landscapes(): Record<string, Uint8Array> {
  const files = VIGNETTE_FILES.filter((path) => path !== unet.files[0]?.path).map(
    (path) => [path, new Uint8Array(readFileSync(join(ROOT, path)))] as const,
  );
  return Object.fromEntries([...files, [UNET, denoiser.slice()]]);
}

/** The hub is the one other host that the page may ask. */
export function faultsBut(hub: FakeHub, faults: readonly string[]): readonly string[] {
  return faults.filter((fault) => ![hub.base, hub.files].some((origin) => fault.startsWith(`a request to ${origin}/`)));
}

export const row = (at: Page): Locator => at.locator(`[data-model="${LANDSCAPES}"]`);
export const act = (at: Page, name: string): Locator => row(at).getByRole("button", { name: new RegExp(`^${name}`) });

export async function openModels(at: Page): Promise<void> {
  await at.getByRole("button", { name: "Model:" }).click();
  await expect(at.getByRole("heading", { name: "Models" })).toBeVisible();
}

/** Has the page ask the hub what the model is. */
export async function lookAtIt(at: Page): Promise<void> {
  await openModels(at);
  await at.getByLabel("Name on the hub").fill(`https://huggingface.co/${LANDSCAPES}`);
  await at.getByRole("button", { name: "Look at it" }).click();
}
