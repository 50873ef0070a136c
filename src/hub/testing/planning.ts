// What the tests of plans share: a hub that holds the given repositories, and the names of what is read of published layouts.
import { outlineModel } from "../../pipeline/outline";
import { modelHub } from "../hub";
import type { PlannedModel, PlanOptions } from "../plan";
import { startFakeHub, type FakeHub } from "./fake-hub";
import type { FakeRepository } from "./fake-repository";
import type { Files } from "./layouts";

let server: FakeHub | undefined;

export type Planning = PlanOptions & { readonly server: FakeHub };

/** A hub with these files, in place of the one that was started before. */
export function planning(repositories: Readonly<Record<string, Files>>): Promise<Planning> {
  return planningOf(Object.fromEntries(Object.entries(repositories).map(([name, files]) => [name, { files }])));
}

export async function planningOf(repositories: Readonly<Record<string, FakeRepository>>): Promise<Planning> {
  await stopPlanning();
  server = await startFakeHub({ repositories });
  return { hub: modelHub({ base: server.base }), outline: outlineModel, server };
}

export async function stopPlanning(): Promise<void> {
  await server?.close();
  server = undefined;
}

/** The paths of a plan, by repository, in alphabetical order. */
export function paths({ plan }: PlannedModel): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(plan.repositories.map(({ repository, files }) => [repository, files.map(({ path }) => path).toSorted()]));
}

export function asBytes(content: Uint8Array | string | undefined): Uint8Array<ArrayBuffer> {
  return new Uint8Array(typeof content === "string" ? new TextEncoder().encode(content) : (content ?? []));
}

const TOKENIZER = ["merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"];
export const tokenizer = (folder = "tokenizer") => TOKENIZER.map((file) => `${folder}/${file}`);
export const network = (folder: string, file: string) => [`${folder}/config.json`, `${folder}/${file}`];
export const STEM = "diffusion_pytorch_model";
/** Stable Diffusion but for its decoder. */
export const sd = (precision: "" | ".fp16") => [
  "model_index.json",
  "scheduler/scheduler_config.json",
  ...network("text_encoder", `model${precision}.safetensors`),
  ...tokenizer(),
  ...network("unet", `${STEM}${precision}.safetensors`),
];
/** An autoencoder at the root of its repository. */
export const TINY = ["config.json", `${STEM}.safetensors`];
/** SDXL but for its UNet's weights and its decoder. */
export const SDXL = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  ...network("text_encoder", "model.fp16.safetensors"),
  ...network("text_encoder_2", "model.fp16.safetensors"),
  ...tokenizer(),
  ...tokenizer("tokenizer_2"),
];
