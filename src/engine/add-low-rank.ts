// Adds products of two thin matrices (LoRAs) to a weight that lies packed in GPU memory, in float32. It is no op of a graph: it runs
// once, when the weight is loaded.
import type { LowRank } from "../common/low-rank";
import { hasSizes, type Device } from "./device";
import { linearWorkgroups, type Kernel } from "./kernel";
import { sizesBinding, uploadSizes } from "./kernel-sizes";
import { HALF_BITS } from "./kernels/half-bits";
import { linearEntryPoint, wgsl } from "./wgsl";

/** Where one checkpoint tensor lies in a packed weight `[taps][k4][n4]` (ops.ts). Vectors have one input, and tables one for each row. */
export interface PackedPart {
  /** Its own outputs, and the first of them among the weight's. */
  readonly n: number;
  readonly first: number;
  readonly k: number;
  readonly k4: number;
  readonly taps: number;
  /** Of the whole weight. */
  readonly n4: number;
  /** Outputs of each half where halves alternate in blocks of four; 0 where they do not. */
  readonly half: number;
}

const THREADS = 256;

/**
 * @param place the packed weight
 * @throws OnestrokeError `gpu-unsupported`, `gpu-lost`
 */
export async function addOnGpu(device: Device, place: GPUBufferBinding, part: PackedPart, added: LowRank): Promise<void> {
  const { gpu } = device;
  const target = device.target("f32");
  const kernel = lowRankKernel(part, added.rank);
  const { pipeline, layout } = await device.program(kernel, target);
  const up = filled(gpu, scaledColumns(added, part.n));
  const down = filled(gpu, added.down);
  const buffers = [up, down];
  const resources: GPUBufferBinding[] = [place, { buffer: up }, { buffer: down }];
  if (hasSizes(kernel)) {
    const sizes = uploadSizes(device, [kernel]);
    buffers.push(sizes);
    resources.push(sizesBinding(sizes, 0));
  }
  const entries = resources.map((resource, binding) => ({ binding, resource }));
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, gpu.createBindGroup({ layout, entries }));
  pass.dispatchWorkgroups(...kernel.workgroups);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
  // What is submitted still reads them.
  for (const buffer of buffers) buffer.destroy();
}

/** `up` times the scale, a column after another, so that neighbouring threads read neighbouring values. */
function scaledColumns({ up, rank, scale }: LowRank, outputs: number): Float32Array<ArrayBuffer> {
  const columns = new Float32Array(up.length);
  for (let output = 0; output < outputs; output++) {
    for (let r = 0; r < rank; r++) columns[r * outputs + output] = scale * (up[output * rank + r] ?? 0);
  }
  return columns;
}

function filled(gpu: GPUDevice, data: Float32Array<ArrayBuffer>): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = gpu.createBuffer({ label: "low-rank", size: data.byteLength, usage });
  gpu.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

/** Two outputs a thread, which share a word of the packed weight. */
function lowRankKernel({ n, first, k, k4, taps, n4, half }: PackedPart, rank: number): Kernel {
  const words = (taps * k4 * n4) / 2;
  return {
    name: "add-low-rank",
    bindings: [
      { name: "words", access: "write", element: "u32", lanes: 1 },
      { name: "up", access: "read", element: "f32", lanes: 1 },
      { name: "down", access: "read", element: "f32", lanes: 1 },
    ],
    sizes: { words, row_words: n4 / 2, n, first, k, k4, taps, half, rank },
    workgroups: linearWorkgroups(Math.ceil(words / THREADS)),
    code: wgsl`
      ${HALF_BITS}

      ${linearEntryPoint(
        THREADS,
        wgsl`
          // Which two outputs of which input the word holds.
          let word = flat_group * ${THREADS}u + thread;
          if (word >= sizes.words) { return; }
          let column = (word % sizes.row_words) * 2u;
          let row = word / sizes.row_words;
          let tap = row / sizes.k4;
          let input = row % sizes.k4;
          var output = column;
          if (sizes.half > 0u) { output = ((column >> 2u) & 1u) * sizes.half + (column >> 3u) * 4u + (column & 3u); }
          output -= sizes.first;
          if (input >= sizes.k || output >= sizes.n) { return; }

          // Their part of the product.
          var sum = vec2<f32>(0.0);
          let inputs = sizes.k * sizes.taps;
          let next = min(output + 1u, sizes.n - 1u);
          for (var r = 0u; r < sizes.rank; r++) {
            let factor = load_down(r * inputs + input * sizes.taps + tap);
            sum += factor * vec2<f32>(load_up(r * sizes.n + output), load_up(r * sizes.n + next));
          }
          if (output + 1u >= sizes.n) { sum.y = 0.0; }

          // The sum, rounded once.
          let merged = unpack2x16float(words[word]) + sum;
          store_words(word, half_bits(bitcast<u32>(merged.x)) | (half_bits(bitcast<u32>(merged.y)) << 16u));
        `,
      )}
    `,
  };
}
