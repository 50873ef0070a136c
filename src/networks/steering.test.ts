// The rule: a negative prompt changes the cross-attentions of a step and nothing else, and a text
// reaches the step only through keys and values that are computed once. The tests read lists only and need no device.
import { describe, expect, test } from "vitest";
import { fuseGraph } from "../engine/fuse";
import { GraphBuilder } from "../engine/graph-builder";
import { LEAST_LIMITS, type KernelTarget } from "../engine/kernel";
import { RATES } from "../engine/rates";
import { stageGraph, tensorOf, type StagedDispatch } from "../engine/stages";
import { TRAITS } from "../engine/traits";
import { SD21 } from "./published";
import { unet2dCondition } from "./unet-2d-condition";
import { parseUnetConfig } from "./unet-config";

/** SD2.1 has six transformers on the way down, one in the middle and nine on the way up. */
const CROSS_ATTENTIONS = 16;

const TARGET: KernelTarget = {
  format: "f32",
  half: false,
  ...LEAST_LIMITS,
  traits: TRAITS.hardware,
};

function plan(steering: "nasa" | "nag") {
  const g = new GraphBuilder();
  g.output("y", unet2dCondition(g, parseUnetConfig(SD21), { batch: 1, height: 64, width: 64, textTokens: 77, steering }));
  const graph = fuseGraph(g.build());
  return { graph, dispatches: stageGraph(graph, TARGET).dispatches };
}

const nasa = plan("nasa");
const nag = plan("nag");

const isSteered = ({ kernel }: StagedDispatch) => kernel.name.startsWith("cross-attention");
const others = (dispatches: readonly StagedDispatch[]) =>
  dispatches.filter((dispatch) => !isSteered(dispatch)).map(({ kernel, mask }) => ({ kernel, mask }));

describe("NAG's list of dispatches is NASA's", () => {
  test("but for the cross-attentions and one pass after each of them", () => {
    const withoutPass = nag.dispatches.filter(({ kernel }) => kernel.name !== "nag-combine");
    expect(others(withoutPass)).toEqual(others(nasa.dispatches));
    expect(withoutPass.map(isSteered)).toEqual(nasa.dispatches.map(isSteered));
    const passes = nag.dispatches.flatMap(({ kernel }, index) => (kernel.name === "nag-combine" ? [index] : []));
    expect(passes).toHaveLength(CROSS_ATTENTIONS);
    for (const index of passes) expect(nag.dispatches[index - 1]?.kernel.name).toBe("cross-attention-branches");
  });
});

describe.each([
  ["NASA", nasa, ["cross-attention-nasa"]],
  ["NAG", nag, ["cross-attention-branches", "nag-combine"]],
] as const)("%s's step", (_, { graph, dispatches }, kernels) => {
  /** Dispatches that read a graph input. */
  const readers = (name: string) => {
    const id = graph.inputs.get(name)?.tensor.id;
    return dispatches.filter(({ buffers }) => Object.values(buffers).some((source) => tensorOf(source)?.id === id));
  };

  test.each([
    ["text", RATES.prompt],
    ["negative_text", RATES.negative],
  ] as const)("does not read `%s`: one projection for each cross-attention does, when that text changes", (input, rate) => {
    expect(readers(input).map(({ kernel, mask }) => [kernel.name, mask])).toEqual(
      Array.from({ length: CROSS_ATTENTIONS }, () => ["linear", rate]),
    );
  });

  test("reads the dial in the cross-attentions and their passes alone", () => {
    const names = readers("steering").map(({ kernel }) => kernel.name);
    expect(names).toEqual(Array.from({ length: CROSS_ATTENTIONS }, () => kernels).flat());
  });
});
