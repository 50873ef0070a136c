import { describe, expect, it } from "vitest";
import { evaluate, expectClose, random } from "../../testing/evaluate";
import { VARIANTS } from "../../testing/variants";
import { embeddingReference } from "./reference";

const VOCABULARY = 50;

const CASES = [
  { name: "tokens a multiple of four", batch: 1, tokens: 8, channels: 16, position: true },
  { name: "ids with padded rows", batch: 3, tokens: 7, channels: 12, position: true },
  { name: "padded channels", batch: 2, tokens: 5, channels: 10, position: true },
  { name: "no positions", batch: 2, tokens: 1, channels: 8, position: false },
  { name: "bands of 4 KiB", batch: 2, tokens: 77, channels: 20, position: true, bindingBytes: 4096 },
] as const;

function idsOf(batch: number, tokens: number): Uint32Array<ArrayBuffer> {
  // The first is past the end of the table, the last its last row.
  return Uint32Array.from({ length: batch * tokens }, (_, i) =>
    i === 0 ? 4_000_000_000 : i === batch * tokens - 1 ? VOCABULARY - 1 : (i * 17) % VOCABULARY,
  );
}

describe("embedding takes rows of the table and adds positions", () => {
  for (const variant of VARIANTS) {
    const { format, target } = variant;
    it.each(CASES)(`$name (${variant.variant})`, async ({ batch, tokens, channels, position, ...rest }) => {
      const ids = idsOf(batch, tokens);
      const weights = { table: random(VOCABULARY * channels, 1), position: random(tokens * channels, 2) };
      const { y } = await evaluate(
        (g) => {
          const places = position ? { key: "position", shape: [tokens, channels] } : undefined;
          g.output(
            "y",
            g.embedding(g.input("ids", [batch, tokens], "prompt", "u32"), { key: "table", shape: [VOCABULARY, channels] }, places),
          );
        },
        { inputs: { ids }, weights },
        { format, target: { ...target, ...rest } },
      );
      const expected = embeddingReference(ids, tokens, channels, weights.table, position ? weights.position : undefined);
      // One addition: 2^-24 in float32, one rounding of 2^-11 at most in float16.
      expectClose(y ?? [], expected, format === "f16" ? 2 ** -11 : 2 ** -23);
    });
  }
});

describe("control: the reference depends on the ids", () => {
  it("differs for another id", () => {
    const table = random(VOCABULARY * 4, 1);
    expect(embeddingReference([1], 1, 4, table)).not.toEqual(embeddingReference([2], 1, 4, table));
  });
});
