// Golden texts: the WGSL of representative cases of every op, kept in files so that a review of a
// generator shows what it generates. This file makes the texts; it reads and writes no files.
// `npm run wgsl -- --write` writes them, and a unit test compares them.
import { invariant } from "../common/errors";
import { fuseGraph } from "./fuse";
import type { Graph } from "./graph";
import { GraphBuilder } from "./graph-builder";
import type { GoldenCase, GoldenTarget } from "./golden-case";
import { LEAST_LIMITS, type Kernel, type KernelTarget } from "./kernel";
import { CASES as attention } from "./kernels/attention/golden/cases";
import { CASES as conv2d } from "./kernels/conv2d/golden/cases";
import { CASES as crossAttention } from "./kernels/cross-attention/golden/cases";
import { CASES as elementwise } from "./kernels/elementwise/golden/cases";
import { CASES as embedding } from "./kernels/embedding/golden/cases";
import { CASES as groupNorm } from "./kernels/group-norm/golden/cases";
import { CASES as layerNorm } from "./kernels/layer-norm/golden/cases";
import { CASES as linear } from "./kernels/linear/golden/cases";
import { PARTS as pack } from "./kernels/pack/golden/cases";
import { CASES as nagCombine } from "./kernels/nag-combine/golden/cases";
import { QUANTISED as quantise } from "./kernels/quantise/golden/cases";
import { CASES as rearrange } from "./kernels/rearrange/golden/cases";
import { CASES as resample } from "./kernels/resample/golden/cases";
import { CASES as rmsNorm } from "./kernels/rms-norm/golden/cases";
import { CASES as rotary } from "./kernels/rotary/golden/cases";
import { CASES as toRgba } from "./kernels/to-rgba/golden/cases";
import { quantiseGraph } from "./quantise-graph";
import { stageGraph } from "./stages";
import { TRAITS } from "./traits";
import { assembleWgsl } from "./wgsl";

/** By the kernel's folder. */
const CASES: Readonly<Record<string, readonly GoldenCase[]>> = {
  attention,
  conv2d,
  "cross-attention": crossAttention,
  elementwise,
  embedding,
  "group-norm": groupNorm,
  "layer-norm": layerNorm,
  linear,
  "nag-combine": nagCombine,
  rearrange,
  resample,
  "rms-norm": rmsNorm,
  rotary,
  "to-rgba": toRgba,
};

/** Kernels that are no op of a graph. */
const ALONE: Readonly<Record<string, ReadonlyMap<string, Kernel>>> = { pack, quantise };

/** The limits every adapter has. float32 without `shader-f16`, so that packed weights are seen too. */
const TARGETS: Readonly<Record<GoldenTarget, KernelTarget>> = {
  "gpu-f16": { ...LEAST_LIMITS, format: "f16", half: true, traits: TRAITS.hardware },
  "gpu-tiles-f16": { ...LEAST_LIMITS, format: "f16", half: true, traits: TRAITS.hardwareWithFloat16Tiles },
  "gpu-fast-f16": { ...LEAST_LIMITS, format: "f16", half: true, traits: TRAITS.hardwareWithFastFloat16 },
  "gpu-few-registers": { ...LEAST_LIMITS, format: "f16", half: true, traits: TRAITS.hardwareWithFewRegisters },
  "gpu-f32": { ...LEAST_LIMITS, format: "f32", half: false, traits: TRAITS.hardware },
  "software-f16": { ...LEAST_LIMITS, format: "f16", half: true, traits: TRAITS.softwareWithFloat16 },
  "software-f32": { ...LEAST_LIMITS, format: "f32", half: false, traits: TRAITS.software },
};

/** They are the same everywhere. */
const ALONE_TARGET = TARGETS["gpu-f32"];

/** Every case's graph, fused as a network's is. */
export function goldenGraphs(): readonly Graph[] {
  return Object.values(CASES).flatMap((cases) => cases.map(graphOf));
}

/** Texts by their file, relative to `kernels/`. */
export function goldenTexts(): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [folder, cases] of Object.entries(CASES)) {
    for (const each of cases) {
      for (const on of each.on) {
        for (const [name, text] of kernelTexts(each, on)) {
          const path = `${folder}/golden/${name}.wgsl`;
          invariant(!texts.has(path), `two golden texts are called ${path}`);
          texts.set(path, text);
        }
      }
    }
  }
  for (const [folder, kernels] of Object.entries(ALONE)) {
    for (const [name, kernel] of kernels) texts.set(`${folder}/golden/${name}.wgsl`, textOf(kernel, ALONE_TARGET));
  }
  return texts;
}

/** A case of one kernel is called `case.target`, of several each `case.target.kernel`; equal texts stand once. */
function kernelTexts(each: GoldenCase, on: GoldenTarget): ReadonlyMap<string, string> {
  const { dispatches } = stageGraph(graphOf(each), TARGETS[on]);
  const distinct = new Map(dispatches.map(({ kernel }) => [assembleWgsl(kernel, TARGETS[on]), kernel]));
  return new Map(
    [...distinct.values()].map((kernel) => [
      [each.name, on, ...(distinct.size > 1 ? [kernel.name] : [])].join("."),
      textOf(kernel, TARGETS[on]),
    ]),
  );
}

function textOf(kernel: Kernel, target: KernelTarget): string {
  const { name, workgroups } = kernel;
  return `// Kernel ${name}, dispatched in ${workgroups.join(" x ")} workgroups.\n${assembleWgsl(kernel, target)}`;
}

function graphOf({ build, weights = "f16" }: GoldenCase): Graph {
  const builder = new GraphBuilder();
  build(builder);
  return quantiseGraph(fuseGraph(builder.build()), weights);
}
