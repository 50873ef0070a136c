// A decoder in strips gives the pixels of the whole one, up to the rounding of sums in another order, and takes less memory; strips are
// taken where the whole does not fit, and images are recomputed only where strips alone do not.
import { describe, expect, test } from "vitest";
import { openAutoencoder } from "../../networks";
import { KL } from "../../networks/published";
import { decoderGraph } from "../../pipeline/wgsl/graphs";
import { arenaBytes, layoutArena } from "../arena";
import { fuseGraph } from "../fuse";
import type { Graph } from "../graph";
import { GraphBuilder } from "../graph-builder";
import { LEAST_LIMITS, type KernelTarget } from "../kernel";
import { stageGraph } from "../stages";
import { byteLengthOf, type NumberFormat } from "../tensor";
import { compare, evaluate, random } from "../testing/evaluate";
import { TRAITS } from "../traits";
import { checkpointTensors } from "../weights";
import { fitGraph, plannedArenaBytes } from "./fit-graph";
import { stripGraph } from "./strip-graph";

/** Every kind of node of the published decoder, at a hundredth of its size. */
const SMALL = {
  ...KL,
  block_out_channels: [16, 24, 32],
  layers_per_block: 1,
  norm_num_groups: 8,
  down_block_types: KL.down_block_types.slice(1),
  up_block_types: KL.up_block_types.slice(1),
};
const LATENT = { height: 19, width: 13 };

function decoder(config: unknown, size: { readonly height: number; readonly width: number }): Graph {
  const g = new GraphBuilder();
  decoderGraph(g, openAutoencoder({ className: "AutoencoderKL", config }), size, "pixels");
  return fuseGraph(g.build());
}

const count = (graph: Graph, kind: string): number => graph.nodes.filter(({ op }) => op.kind === kind).length;

/** The small decoder's graph with every image of the last two levels in strips, and these of them recomputed. */
function small(recomputed: readonly number[]): (graph: Graph) => Graph {
  return (graph) => {
    const large = new Set(
      graph.nodes.filter(({ output }) => byteLengthOf(output, "f16") > 70_000 && output.shape.length === 4).map(({ output }) => output.id),
    );
    expect(large.size).toBeGreaterThan(10);
    const stripped = stripGraph(graph, {
      large,
      count: 9,
      recomputed: new Set([...large].filter((_, index) => recomputed.includes(index))),
    });
    expect(count(stripped?.graph ?? graph, "lines")).toBeGreaterThan(50);
    return stripped?.graph ?? graph;
  };
}

async function decode(format: NumberFormat, rewrite: (graph: Graph) => Graph) {
  const shapes = checkpointTensors(decoder(SMALL, LATENT));
  const weights = Object.fromEntries(
    [...shapes].map(([name, shape], index) => {
      const inputs = shape.slice(1).reduce((product, axis) => product * axis, 1);
      const scale = shape.length === 1 ? 1 : 1 / Math.sqrt(inputs);
      return [
        name,
        random(
          shape.reduce((product, axis) => product * axis, 1),
          index + 1,
        ).map((value) => value * scale),
      ];
    }),
  );
  const latent = random(LATENT.height * LATENT.width * 4, 99);
  const outputs = await evaluate(
    (g) => decoderGraph(g, openAutoencoder({ className: "AutoencoderKL", config: SMALL }), LATENT, "pixels"),
    { inputs: { latent }, weights },
    { format, fuse: true, rewrite },
  );
  return Float32Array.from(outputs["pixels"] ?? []);
}

describe("the pixels are those of the whole decoder", () => {
  test.each<[NumberFormat, number, string, readonly number[]]>([
    ["f32", 1e-5, "in strips", []],
    ["f32", 1e-5, "in strips, some recomputed", [0, 2, 5, 8]],
    // Statistics in another order move a float16 by one place here and there.
    ["f16", 2 ** -9, "in strips", []],
    ["f16", 2 ** -9, "in strips, some recomputed", [0, 2, 5, 8]],
  ])("%s, within %f, %s", async (format, bound, _, recomputed) => {
    const whole = await decode(format, (graph) => graph);
    const strips = await decode(format, small(recomputed));
    expect(compare(strips, whole).relative).toBeLessThan(bound);
    // Control: the bound is narrow enough to see a single wrong line.
    const wrong = strips.slice();
    wrong.copyWithin(0, LATENT.width * 4 * 4, LATENT.width * 4 * 8);
    expect(compare(wrong, whole).relative).toBeGreaterThan(10 * bound);
  });
});

describe("what does not fit is computed in strips", () => {
  const MIB = 2 ** 20;
  /** What WebGPU promises on every device. */
  const DEFAULTS = { bindingBytes: 128 * MIB, bufferBytes: 256 * MIB } as const;
  const arena = (graph: Graph, format: NumberFormat): number => {
    const target: KernelTarget = {
      format,
      half: true,
      ...LEAST_LIMITS,
      bindingBytes: DEFAULTS.bindingBytes,
      traits: TRAITS.hardware,
    };
    const { tensors, conflicts } = stageGraph(graph, target);
    const layout = layoutArena(tensors, conflicts, DEFAULTS.bufferBytes);
    return layout === undefined ? Number.POSITIVE_INFINITY : arenaBytes(layout);
  };
  const convolutions = (graph: Graph): number =>
    graph.nodes.reduce((sum, { op, output }) => sum + (op.kind === "conv2d" ? output.shape.reduce((a, b) => a * b, 1) : 0), 0);

  test.each<[NumberFormat, number]>([
    ["f16", 1],
    ["f32", 1.5],
  ])("the published decoder at 1024 x 1024 in %s: 1 GiB, and at most %d times the convolutions", (format, most) => {
    const graph = decoder(KL, { height: 128, width: 128 });
    const fitted = fitGraph(graph, format, { arenaBytes: 1024 * MIB, ...DEFAULTS });
    expect(arena(graph, format)).toBe(Number.POSITIVE_INFINITY);
    expect(arena(fitted, format)).toBeLessThanOrEqual(1024 * MIB);
    // Lines beside a strip are computed twice where a convolution's result is not kept.
    expect(convolutions(fitted)).toBeLessThanOrEqual(most * 1.01 * convolutions(graph));
  });

  test.each<[NumberFormat, number]>([
    ["f16", 256],
    ["f16", 128],
    ["f32", 256],
    ["f32", 128],
  ])("the published decoder at 512 x 512 in %s, for %d MiB: its arena takes no more than was planned", (format, mebibytes) => {
    const fitted = fitGraph(decoder(KL, { height: 64, width: 64 }), format, { arenaBytes: mebibytes * MIB, ...DEFAULTS });
    const taken = arena(fitted, format);
    expect(taken).toBeLessThanOrEqual(plannedArenaBytes(fitted, format));
    expect(taken, "and what was planned is no idle guess").toBeGreaterThan(0.85 * plannedArenaBytes(fitted, format));
  });

  test("where it fits it stays as it is", () => {
    const graph = decoder(KL, { height: 64, width: 64 });
    expect(fitGraph(graph, "f16", { arenaBytes: 1024 * MIB, ...DEFAULTS })).toBe(graph);
  });

  test("what cannot be in strips stays as it is, too", () => {
    const g = new GraphBuilder();
    const x = g.input("x", [1, 512, 512, 64], "run");
    g.output("y", g.averagePool(g.silu(x)));
    const graph = g.build();
    expect(fitGraph(graph, "f32", { arenaBytes: MIB, ...DEFAULTS })).toBe(graph);
  });
});
