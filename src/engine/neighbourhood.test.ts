// A product's neighbourhood is staged as the whole graph is, as far as the product goes.
import { describe, expect, test } from "vitest";
import { fuseGraph } from "./fuse";
import type { Graph } from "./graph";
import { GraphBuilder } from "./graph-builder";
import { LEAST_LIMITS, type KernelTarget } from "./kernel";
import { neighbourhood } from "./neighbourhood";
import type { Node } from "./ops";
import { productsOf, stageGraph } from "./stages";
import { TRAITS } from "./traits";

const TARGET: KernelTarget = {
  format: "f16",
  half: true,
  ...LEAST_LIMITS,
  traits: TRAITS.hardware,
};

/** Four blocks of two products, each with a norm before it and a residual around it. */
function chain(): Graph {
  const g = new GraphBuilder();
  let x = g.input("x", [64, 128], "run");
  for (let block = 0; block < 4; block++) {
    const normed = g.layerNorm(x, `${block}.norm`, { epsilon: 1e-5 });
    const wide = g.activate(g.linear(normed, `${block}.in`, { outputs: 256 }), "silu");
    x = g.addTensors(g.linear(wide, `${block}.out`, { outputs: 128 }), x);
  }
  g.output("y", x);
  return fuseGraph(g.build());
}

const productsIn = (graph: Graph, node: Node): readonly string[] =>
  stageGraph(graph, TARGET)
    .dispatches.filter((dispatch) => dispatch.node === node)
    .map(({ kernel: { name, sizes, workgroups, code } }) => JSON.stringify([name, sizes, workgroups, code]));

describe("a neighbourhood", () => {
  const graph = chain();
  const products = productsOf(stageGraph(graph, TARGET));

  test("has a part of the graph, and what others read of it as outputs", () => {
    const [, , centre] = products;
    const around = neighbourhood(graph, centre ? [centre.node] : []);
    expect(around.nodes.length).toBeLessThan(graph.nodes.length);
    expect(around.nodes).toContain(centre?.node);
    const made = new Set(around.nodes.map(({ output }) => output.id));
    for (const { tensor } of around.inputs.values()) expect(made).not.toContain(tensor.id);
    for (const { id } of around.outputs.values()) expect(made).toContain(id);
  });

  test.each(products.map(({ node }, index) => [index, node] as const))("dispatches product %i as the whole graph does", (_, node) => {
    const alone = productsIn(neighbourhood(graph, [node]), node);
    expect(alone).toEqual(productsIn(graph, node));
    expect(alone.length).toBeGreaterThan(0);
  });
});
