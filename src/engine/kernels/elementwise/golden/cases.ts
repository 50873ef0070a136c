// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GraphBuilder } from "../../../graph-builder";
import type { GoldenCase } from "../../../golden-case";

const x = (g: GraphBuilder) => g.input("x", [2, 64, 40], "run");
const b = (g: GraphBuilder) => g.input("b", [2, 64, 40], "run");
const modulation = (g: GraphBuilder) => g.input("modulation", [2, 6 * 40], "timestep");

export const CASES: readonly GoldenCase[] = [
  { name: "activate", on: ["gpu-f16", "software-f32"], build: (g) => g.output("y", g.activate(x(g), "gelu")) },
  { name: "add", on: ["gpu-f16", "software-f32"], build: (g) => g.output("y", g.addTensors(x(g), b(g))) },
  { name: "scale-channels", on: ["gpu-f32"], build: (g) => g.output("y", g.scaleChannels(x(g), "scale", b(g))) },
  { name: "scale-shift", on: ["gpu-f16"], build: (g) => g.output("y", g.scaleShift(x(g), 2, -1)) },
  { name: "gated-add", on: ["gpu-f16"], build: (g) => g.output("y", g.gatedAdd(x(g), b(g), modulation(g), 2)) },
  { name: "gated-activation", on: ["gpu-f16"], build: (g) => g.output("y", g.gatedActivation(x(g), "silu", { gateFirst: true })) },
  { name: "add-table", on: ["gpu-f16"], build: (g) => g.output("y", g.addTable(x(g), "table", [1, 64, 40])) },
  {
    name: "table-tokens",
    on: ["gpu-f16"],
    build: (g) => g.output("y", g.tableTokens(g.input("x", [2, 40], "timestep"), "table", [8, 40])),
  },
  {
    name: "combine",
    on: ["gpu-f16"],
    build: (g) => {
      const [latent, output, noise] = ["latent", "output", "noise"].map((name) => g.input(name, [1, 32, 32, 4], "run", "f32"));
      const coefficients = g.input("coefficients", [1, 8], "run", "f32");
      if (latent && output && noise) g.output("y", g.combine(latent, coefficients, 1, { b: output, noise }));
    },
  },
];
