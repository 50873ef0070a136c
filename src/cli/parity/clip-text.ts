// CLIP text encoders: states, pooled token and projection for rows of ids.
import { CLIP_TEXT_UNUSED, clipText, parseClipTextConfig } from "../../networks/clip-text";
import { pooledPosition } from "../../tokenizer/pooled-position";
import { NetworkUnderTest, type DeviceCheck } from "./check";
import { relativeError } from "./golden";

export const checkClipText: DeviceCheck = async function* (fixture, device, format) {
  const { golden } = fixture;
  const config = parseClipTextConfig(fixture.config);
  const [batch = 1, tokens = 1] = golden.tensor("input_ids").shape;
  const ids = golden.tensor("input_ids").values;
  const rows = Array.from({ length: batch }, (_, row) =>
    pooledPosition(Int32Array.from(ids.subarray(row * tokens, (row + 1) * tokens)), config.endToken),
  );
  const network = await NetworkUnderTest.open(fixture, device, format, { stem: "model", unused: CLIP_TEXT_UNUSED });
  const outputs = await network.run(
    "text",
    (g) => {
      const text = clipText(g, config, { batch });
      g.output("last_hidden_state", text.lastHiddenState);
      g.output("penultimate", text.penultimate);
      g.output("pooler_output", text.pooled);
      if (text.textEmbeds) g.output("text_embeds", text.textEmbeds);
    },
    { ids: golden.ids("input_ids"), pooled_row: Uint32Array.from(rows) },
  );
  for (const [name, values] of Object.entries(outputs)) {
    if (golden.has(name)) yield { case: name, error: relativeError(values, golden.tensor(name).values) };
  }
  network.close();
};
