// Denoisers that read text: the plain prediction, and those steered by NASA and NAG, at every size and timestep.
import { Fields, type JsonObject } from "../../common/json";
import type { Steering } from "../../common/steering";
import { packSteering } from "../../engine/steering-input";
import { openDenoiser } from "../../networks";
import type { Denoiser, Inputs } from "../../networks/roles";
import { sinusoid } from "../../networks/sinusoid";
import { parseUnetConfig } from "../../networks/unet-config";
import { NetworkUnderTest, type DeviceCheck, type Fixture } from "./check";
import { GOLDEN, relativeError } from "./golden";

export const checkTextDenoiser: DeviceCheck = async function* (fixture, device, format) {
  const { golden } = fixture;
  const denoiser = openDenoiser(fixture);
  const network = await NetworkUnderTest.open(fixture, device, format, denoiser);
  for (const entry of golden.cases) {
    const fields = new Fields(entry, `${fixture.name}/golden.json`);
    const index = fields.integer("i", GOLDEN.index);
    const sample = golden.channelsLast(`sample.${index}`);
    const [batch = 1, height = 1, width = 1] = sample.shape;
    const textTokens = golden.tensor("encoder_hidden_states").shape[1] ?? 1;
    const inputs = { ...conditions(fixture, denoiser, fields.number("timestep", GOLDEN.value), batch), sample: sample.values };
    for (const { name, steering } of predictions(index, fields)) {
      if (!golden.has(name)) continue;
      const method = steering.method === "nag" ? "nag" : "nasa";
      const key = `${sample.shape.join("x")}/${method}`;
      const { out } = await network.run(
        key,
        (g) => g.output("out", denoiser.build(g, { batch, height, width, textTokens, steering: method })),
        { ...inputs, steering: packSteering({ positive: { tokens: textTokens }, negative: { tokens: textTokens } }, steering, textTokens) },
      );
      if (out) yield { case: name, error: relativeError(out, golden.channelsLast(name).values) };
    }
  }
  network.close();
};

function conditions({ golden, config }: Fixture, denoiser: Denoiser, timestep: number, batch: number): Inputs {
  const text = golden.tensor("encoder_hidden_states").values;
  const times = denoiser.timeInputs({ timestep, endTimestep: 0 }, batch);
  const { guidance } = times;
  const picture = denoiser.pictureInputs({ width: 1, height: 1 }, batch);
  return {
    ...times,
    text,
    // A fixture without a negative text, or without guidance, was computed with zeros.
    negative_text: golden.optional("negative_encoder_hidden_states") ?? new Float32Array(text.length),
    ...(guidance && { guidance: golden.optional("timestep_cond") ?? new Float32Array(guidance.length) }),
    ...(picture["sizes"] && {
      pooled_text: golden.tensor("text_embeds").values,
      // A fixture states its own sizes and corner of the crop.
      sizes: sizeFeatures([...golden.tensor("time_ids").values], picture["sizes"].length, config),
    }),
  };
}

function sizeFeatures(ids: readonly number[], length: number, config: JsonObject): Float32Array {
  return sinusoid(ids, length / ids.length, parseUnetConfig(config).timeFeatures);
}

interface Prediction {
  readonly name: string;
  readonly steering: Steering;
}

function predictions(index: number, fields: Fields): readonly Prediction[] {
  const nasa = fields.optionalObject("nasa");
  const nag = fields.optionalObject("nag");
  const list: Prediction[] = [{ name: `out.${index}`, steering: { method: "none" } }];
  if (nasa) list.push({ name: `out_nasa.${index}`, steering: { method: "nasa", scale: nasa.number("alpha", GOLDEN.value) } });
  if (nag) {
    const steering = {
      method: "nag",
      scale: nag.number("phi", GOLDEN.value),
      tau: nag.number("tau", GOLDEN.value),
      alpha: nag.number("alpha", GOLDEN.value),
    } as const;
    list.push({ name: `out_nag.${index}`, steering });
  }
  return list;
}
