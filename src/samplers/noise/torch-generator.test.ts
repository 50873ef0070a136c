// Initial noise equals `torch.randn` with a CPU generator. The bound is 1e-6: the reference takes
// logarithm, sine and cosine in float32 (about 1e-7 each), while ours are rounded once.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { golden, relativeError } from "../../checkpoints/testing/fixtures";
import { MersenneTwister } from "./mersenne-twister";
import { TorchGenerator } from "./torch-generator";

const BOUND = 1e-6;

describe("MT19937", () => {
  it("gives the reference's 10000th output for the default seed", () => {
    const twister = new MersenneTwister(5489);
    for (let i = 1; i < 10000; i++) twister.next();
    expect(twister.next()).toBe(4123659995);
  });
});

describe("torch.randn", () => {
  it("every shape and seed of the reference: below 16, not a multiple of 16, batches", async () => {
    const tensors = await golden("torch-randn");
    expect(tensors.names.length).toBe(20);
    for (const name of tensors.names) {
      const seed = BigInt(/^seed(\d+)\./.exec(name)?.[1] ?? -1);
      const expected = await tensors.readFloat32(name);
      expect(relativeError(new TorchGenerator(seed).randn(expected.length), expected), name).toBeLessThan(BOUND);
      const other = new TorchGenerator(seed + 1n).randn(expected.length);
      expect(relativeError(other, expected), `control: ${name} with the next seed`).toBeGreaterThan(0.5);
    }
  });

  it("uses the low 32 bits of a seed", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (seed) => {
        expect(new TorchGenerator(seed).randn(20)).toEqual(new TorchGenerator(seed % 2n ** 32n).randn(20));
      }),
      { numRuns: 20 },
    );
  });

  it("goes on: two draws of 16 are one draw of 32, blocks being independent", () => {
    const once = new TorchGenerator(7n).randn(32);
    const generator = new TorchGenerator(7n);
    // A draw takes its uniforms in order, sixteen for each block.
    expect([...generator.randn(16), ...generator.randn(16)]).toEqual([...once]);
  });

  it("keeps the second value of a scalar pair for the next draw", () => {
    const generator = new TorchGenerator(7n);
    expect([...generator.randn(3), ...generator.randn(2)]).toEqual([...new TorchGenerator(7n).randn(5)]);
  });
});
