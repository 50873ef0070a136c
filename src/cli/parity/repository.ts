// Whole repositories: from prompt, seed, steps and size to latent and picture, through the
// pipeline that the app and the command line use.
import { manifestOf, modelFolder } from "../../checkpoints/places";
import { Fields } from "../../common/json";
import type { Model } from "../../pipeline/draw";
import { openWgslModel } from "../../pipeline/wgsl/model";
import type { DeviceCheck } from "./check";
import { GOLDEN, relativeError } from "./golden";

export const checkRepository: DeviceCheck = async function* ({ name, store, golden }, device, format) {
  const manifest = await manifestOf(modelFolder(store));
  /** One model for each timestep shift among the cases. */
  const models = new Map<number | undefined, Model>();
  for (const entry of golden.cases) {
    const fields = new Fields(entry, `${name}/golden.json`);
    const timestepShift = fields.optionalInteger("timestep_shift", GOLDEN.index);
    const sampler = timestepShift === undefined ? {} : { sampler: { timestepShift } };
    const model = models.get(timestepShift) ?? (await openWgslModel(manifest, device, {}, { format, ...sampler }));
    models.set(timestepShift, model);
    const { latent, pixels } = await model.measure({
      model: name,
      prompt: fields.string("prompt"),
      negative: "",
      steering: { method: "none" },
      steps: fields.integer("steps", GOLDEN.index),
      seed: String(fields.integer("seed", [0, Number.MAX_SAFE_INTEGER])),
      width: fields.integer("width", GOLDEN.side),
      height: fields.integer("height", GOLDEN.side),
    });
    const index = fields.integer("i", GOLDEN.index);
    const picture = pixels.map((value) => Math.min(1, Math.max(0, value)));
    yield { case: `latent.${index}`, error: relativeError(latent, golden.channelsLast(`latent.${index}`).values) };
    yield { case: `image.${index}`, error: relativeError(picture, golden.channelsLast(`image.${index}`).values) };
  }
  for (const model of models.values()) await model.dispose();
};
