// The rule: full-size published networks can be planned on a GPU with the limits that every
// WebGPU adapter has, in float32, and on software adapters, whose tiles are smaller.
// This is arithmetic only: there is no device and there are no weights.
import { describe, expect, test } from "vitest";
import { layoutArena } from "../engine/arena";
import { fuseGraph } from "../engine/fuse";
import { GraphBuilder } from "../engine/graph-builder";
import { LEAST_LIMITS, type KernelTarget } from "../engine/kernel";
import { stageGraph } from "../engine/stages";
import { byteLengthOf, elementBytes, strideOf } from "../engine/tensor";
import { TRAITS } from "../engine/traits";
import { packedBytes } from "../engine/weight-layout";
import { autoencoderKlDecoder, parseAutoencoderKlConfig } from "./autoencoder-kl";
import { autoencoderTinyDecoder, parseAutoencoderTinyConfig } from "./autoencoder-tiny";
import { KL, SD21, SDXL } from "./published";
import { unet2dCondition } from "./unet-2d-condition";
import { parseUnetConfig } from "./unet-config";

const MIB = 2 ** 20;
const TARGET: KernelTarget = {
  format: "f32",
  half: false,
  ...LEAST_LIMITS,
  traits: TRAITS.hardware,
};
const TARGETS = {
  "a GPU": TARGET,
  lavapipe: { ...TARGET, half: true, traits: TRAITS.softwareWithFloat16 },
  SwiftShader: { ...TARGET, traits: TRAITS.software },
} as const satisfies Readonly<Record<string, KernelTarget>>;
const LIMITS = { bufferBytes: 256 * MIB, storageBuffers: 8, workgroups: 65_535, bindingAlignment: 256 };

const unet = (json: unknown, side: number) => (g: GraphBuilder) =>
  unet2dCondition(g, parseUnetConfig(json), { batch: 1, height: side, width: side, textTokens: 77, steering: "nag" });

describe.each([
  ["SD2.1 at 512 pixels", unet(SD21, 64)],
  ["SDXL at 1024 pixels", unet(SDXL, 128)],
  [
    "AutoencoderKL's decoder at 512 pixels",
    (g: GraphBuilder) => autoencoderKlDecoder(g, parseAutoencoderKlConfig(KL), { batch: 1, height: 64, width: 64 }),
  ],
  [
    "TAESD's decoder at 1024 pixels",
    (g: GraphBuilder) => autoencoderTinyDecoder(g, parseAutoencoderTinyConfig({}), { batch: 1, height: 128, width: 128 }),
  ],
] as const)("%s", (_, build) => {
  const g = new GraphBuilder();
  g.output("y", build(g));
  const graph = fuseGraph(g.build());
  const stages = stageGraph(graph, TARGET);

  test.each(Object.entries(TARGETS))("no dispatch binds more, or launches more, than is allowed on %s", (_adapter, target) => {
    const wrong = stageGraph(graph, target).dispatches.flatMap(({ kernel, buffers }) => {
      const reasons: string[] = [];
      if (kernel.bindings.length > LIMITS.storageBuffers) reasons.push(`${kernel.bindings.length} storage buffers`);
      if (Math.max(...kernel.workgroups) > LIMITS.workgroups) reasons.push(`workgroups ${kernel.workgroups.join("x")}`);
      for (const [name, source] of Object.entries(buffers)) {
        if ("weight" in source && packedBytes(source.weight) > TARGET.bindingBytes) reasons.push(`weight ${name}`);
        if ("tensor" in source && byteLengthOf(source.tensor, "f32") > TARGET.bindingBytes) reasons.push(`tensor ${name}`);
        if ("window" in source) {
          const { tensor, begin, end } = source.window;
          const rowBytes = strideOf(tensor) * elementBytes(tensor.element, "f32");
          if ((end - begin) * rowBytes > TARGET.bindingBytes) reasons.push(`window of ${name}`);
          if ((begin * rowBytes) % LIMITS.bindingAlignment !== 0) reasons.push(`window of ${name} off its alignment`);
        }
      }
      return reasons.map((reason) => `${kernel.name}: ${reason}`);
    });
    expect(wrong).toEqual([]);
  });

  test("every buffer can be made", () => {
    const layout = layoutArena(stages.tensors, stages.conflicts, LIMITS.bufferBytes);
    expect(layout).toBeDefined();
    for (const bytes of layout?.slabBytes ?? []) expect(bytes).toBeLessThanOrEqual(LIMITS.bufferBytes);
  });
});

test("control: a quarter of the buffers' size is too little for the large decoder", () => {
  const g = new GraphBuilder();
  g.output("y", autoencoderKlDecoder(g, parseAutoencoderKlConfig(KL), { batch: 1, height: 64, width: 64 }));
  const stages = stageGraph(fuseGraph(g.build()), TARGET);
  expect(layoutArena(stages.tensors, stages.conflicts, LIMITS.bufferBytes / 4)).toBeUndefined();
});
