// Text encoders: states, pooled token and projection for rows of ids.
import { openTextEncoder } from "../../networks";
import { NetworkUnderTest, type DeviceCheck } from "./check";
import { relativeError } from "./golden";

export const checkTextEncoder: DeviceCheck = async function* (fixture, device, format) {
  const { golden } = fixture;
  const encoder = openTextEncoder(fixture);
  const [batch = 1] = golden.tensor("input_ids").shape;
  const network = await NetworkUnderTest.open(fixture, device, format, encoder);
  const outputs = await network.run(
    "text",
    (g) => {
      const text = encoder.build(g, { batch });
      g.output("last_hidden_state", text.lastHiddenState);
      g.output("penultimate", text.penultimate);
      g.output("pooler_output", text.pooled);
      if (text.textEmbeds) g.output("text_embeds", text.textEmbeds);
    },
    encoder.inputs(Int32Array.from(golden.tensor("input_ids").values)),
  );
  for (const [name, values] of Object.entries(outputs)) {
    if (golden.has(name)) yield { case: name, error: relativeError(values, golden.tensor(name).values) };
  }
  network.close();
};
