// Whole repositories: prompt, seed, steps and size to latent and picture, through the
// pipeline that the app and the command line use.
import { diffusersManifest } from "../../checkpoints/diffusers-manifest";
import { Fields } from "../../common/json";
import { TextToImage } from "../../pipeline/text-to-image";
import type { DeviceCheck } from "./check";
import { GOLDEN, relativeError } from "./golden";

export const checkRepository: DeviceCheck = async function* ({ name, store, golden }, device, format) {
  const manifest = await diffusersManifest(store);
  /** One pipeline for each timestep shift among the cases. */
  const pipelines = new Map<number | undefined, TextToImage>();
  for (const entry of golden.cases) {
    const fields = new Fields(entry, `${name}/golden.json`);
    const timestepShift = fields.optionalInteger("timestep_shift", GOLDEN.index);
    const pipeline =
      pipelines.get(timestepShift) ??
      (await TextToImage.load(manifest, device, {}, { format, ...(timestepShift === undefined ? {} : { sampler: { timestepShift } }) }));
    pipelines.set(timestepShift, pipeline);
    const { latent, pixels } = await pipeline.measure({
      prompt: fields.string("prompt"),
      negative: "",
      steering: { method: "none" },
      steps: fields.integer("steps", GOLDEN.index),
      seed: BigInt(fields.integer("seed", [0, Number.MAX_SAFE_INTEGER])),
      width: fields.integer("width", GOLDEN.side),
      height: fields.integer("height", GOLDEN.side),
    });
    const index = fields.integer("i", GOLDEN.index);
    const picture = pixels.map((value) => Math.min(1, Math.max(0, value)));
    yield { case: `latent.${index}`, error: relativeError(latent, golden.channelsLast(`latent.${index}`).values) };
    yield { case: `image.${index}`, error: relativeError(picture, golden.channelsLast(`image.${index}`).values) };
  }
  for (const pipeline of pipelines.values()) pipeline.dispose();
};
