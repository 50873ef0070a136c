// Whatever a tuning may choose for a product, the WGSL compiler takes what becomes of it, with all that a product does for its neighbours.
import { describe, expect, test } from "vitest";
import { goldenGraphs } from "../../golden";
import { LEAST_LIMITS, type KernelTarget } from "../../kernel";
import { productsOf, stageGraph } from "../../stages";
import { testDevice } from "../../testing/evaluate";
import { TRAITS } from "../../traits";
import { assembleWgsl } from "../../wgsl";
import type { TileName } from "./tile";

const TARGET: KernelTarget = {
  format: "f32",
  half: false,
  ...LEAST_LIMITS,
  traits: TRAITS.hardware,
};

const graphs = goldenGraphs().filter(({ nodes }) => nodes.some(({ op }) => op.kind === "linear" || op.kind === "conv2d"));

describe.each<{ tile: TileName; splits: number }>([
  { tile: "large", splits: 1 },
  { tile: "medium", splits: 1 },
  { tile: "small", splits: 1 },
  { tile: "wide", splits: 1 },
  { tile: "wide", splits: 2 },
])("$tile tiles in $splits parts", (choice) => {
  test("are whole modules for every golden product", async () => {
    const device = await testDevice();
    const texts = new Set<string>();
    let chosen = 0;
    for (const graph of graphs) {
      const names = productsOf(stageGraph(graph, TARGET)).map(({ product }) => product.name);
      const target = { ...TARGET, tuning: new Map(names.map((name) => [name, choice])) };
      const stages = stageGraph(graph, target);
      chosen += productsOf(stages).filter(({ product }) => product.isTuned).length;
      for (const { kernel } of stages.dispatches) texts.add(assembleWgsl(kernel, target));
    }
    expect(chosen).toBeGreaterThan(3);
    device.gpu.pushErrorScope("validation");
    const infos = await Promise.all([...texts].map((code) => device.gpu.createShaderModule({ code }).getCompilationInfo()));
    await device.gpu.popErrorScope();
    expect(infos.flatMap(({ messages }) => messages.filter(({ type }) => type === "error").map(({ message }) => message))).toEqual([]);
    for (const text of texts) expect(workgroupBytes(text)).toBeLessThanOrEqual(TARGET.workgroupBytes);
  });
});

/** Of the arrays that a module declares there. */
function workgroupBytes(text: string): number {
  const sizes = { f32: 4, u32: 4, "vec2<f32>": 8, "vec4<f32>": 16 } as const;
  return [...text.matchAll(/var<workgroup> \w+: array<(f32|u32|vec[24]<f32>), (\d+)>/g)].reduce((sum, [, element, count]) => {
    const known = Object.entries(sizes).find(([name]) => name === element);
    return sum + (known?.[1] ?? Number.NaN) * Number(count);
  }, 0);
}
