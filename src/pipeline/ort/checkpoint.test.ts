// What is meant where an export's configuration says nothing.
import { expect, test } from "vitest";
import { modelFolder } from "../../checkpoints/places";
import { memoryStore } from "../../checkpoints/memory-source";
import { openOnnxCheckpoint } from "./checkpoint";

const GRAPHS = Object.fromEntries(["text_encoder", "unet", "vae_decoder"].map((folder) => [`${folder}/model.onnx`, new Uint8Array(1)]));
const json = (value: object) => new TextEncoder().encode(JSON.stringify(value));

test.each([
  { decoder: {}, scalingFactor: 0.18215 },
  { decoder: { _class_name: "AutoencoderKL" }, scalingFactor: 0.18215 },
  { decoder: { _class_name: "AutoencoderTiny" }, scalingFactor: 1 },
  { decoder: { _class_name: "AutoencoderTiny", scaling_factor: 0.5 }, scalingFactor: 0.5 },
])("a decoder of $decoder reads latents over $scalingFactor", async ({ decoder, scalingFactor }) => {
  const files = {
    ...GRAPHS,
    "vae_decoder/config.json": json(decoder),
    "scheduler/scheduler_config.json": json({ _class_name: "LCMScheduler" }),
  };
  const checkpoint = await openOnnxCheckpoint(modelFolder(memoryStore("export", new Map(Object.entries(files)))), undefined);
  expect(checkpoint.decoder.scalingFactor).toBe(scalingFactor);
});
