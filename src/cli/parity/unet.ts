// UNets: the plain prediction, and the ones steered by NASA and NAG, at every size and timestep.
import { Fields } from "../../common/json";
import { STEERING_FIELDS } from "../../engine/ops";
import type { TensorData } from "../../engine/transfer";
import { sinusoid } from "../../networks/sinusoid";
import { UNET_UNUSED, unet2dCondition } from "../../networks/unet-2d-condition";
import { parseUnetConfig, type UnetConfig } from "../../networks/unet-config";
import { NetworkUnderTest, type DeviceCheck } from "./check";
import { GOLDEN, relativeError, type Golden } from "./golden";

export const checkUnet: DeviceCheck = async function* (fixture, device, format) {
  const { golden } = fixture;
  const config = parseUnetConfig(fixture.config);
  const network = await NetworkUnderTest.open(fixture, device, format, { stem: "diffusion_pytorch_model", unused: UNET_UNUSED });
  for (const entry of golden.cases) {
    const fields = new Fields(entry, `${fixture.name}/golden.json`);
    const index = fields.integer("i", GOLDEN.index);
    const sample = golden.channelsLast(`sample.${index}`);
    const [batch = 1, height = 1, width = 1] = sample.shape;
    const textTokens = golden.tensor("encoder_hidden_states").shape[1] ?? 1;
    const inputs = { ...conditions(golden, config, fields.number("timestep", GOLDEN.value), batch), sample: sample.values };
    for (const { name, steering, method } of predictions(index, fields, textTokens)) {
      if (!golden.has(name)) continue;
      const key = `${sample.shape.join("x")}/${method}`;
      const shape = { batch, height, width, textTokens, steering: method };
      const { out } = await network.run(key, (g) => g.output("out", unet2dCondition(g, config, shape)), { ...inputs, steering });
      if (out) yield { case: name, error: relativeError(out, golden.channelsLast(name).values) };
    }
  }
  network.close();
};

function conditions(golden: Golden, config: UnetConfig, timestep: number, batch: number): Readonly<Record<string, TensorData>> {
  const { timeFeatures, guidanceFeatures, added } = config;
  const text = golden.tensor("encoder_hidden_states").values;
  const inputs: Record<string, TensorData> = {
    timestep: sinusoid(
      Array.from({ length: batch }, () => timestep),
      timeFeatures.dimension,
      timeFeatures,
    ),
    text,
    // Where a fixture has no negative text, or no guidance, zeros are what it was computed with.
    negative_text: golden.optional("negative_encoder_hidden_states") ?? new Float32Array(text.length),
  };
  if (guidanceFeatures !== undefined) inputs["guidance"] = golden.optional("timestep_cond") ?? new Float32Array(batch * guidanceFeatures);
  if (added !== undefined) {
    inputs["pooled_text"] = golden.tensor("text_embeds").values;
    inputs["sizes"] = sinusoid([...golden.tensor("time_ids").values], added.sizeFeatures, timeFeatures);
  }
  return inputs;
}

interface Prediction {
  readonly name: string;
  readonly method: "nasa" | "nag";
  readonly steering: Float32Array;
}

function predictions(index: number, fields: Fields, tokens: number): readonly Prediction[] {
  const steering = (values: Readonly<Partial<Record<keyof typeof STEERING_FIELDS, number>>>) => {
    const packed = new Float32Array(8);
    packed[STEERING_FIELDS.positiveKeys] = tokens;
    for (const [name, position] of Object.entries(STEERING_FIELDS)) {
      const value = Object.entries(values).find(([field]) => field === name)?.[1];
      if (value !== undefined) packed[position] = value;
    }
    return packed;
  };
  const nasa = fields.optionalObject("nasa");
  const nag = fields.optionalObject("nag");
  const list: Prediction[] = [{ name: `out.${index}`, method: "nasa", steering: steering({}) }];
  if (nasa) {
    list.push({
      name: `out_nasa.${index}`,
      method: "nasa",
      steering: steering({ negativeKeys: tokens, nasaScale: nasa.number("alpha", GOLDEN.value) }),
    });
  }
  if (nag) {
    const dials = {
      nagPhi: nag.number("phi", GOLDEN.value),
      nagTau: nag.number("tau", GOLDEN.value),
      nagAlpha: nag.number("alpha", GOLDEN.value),
    };
    list.push({ name: `out_nag.${index}`, method: "nag", steering: steering({ negativeKeys: tokens, ...dials }) });
  }
  return list;
}
