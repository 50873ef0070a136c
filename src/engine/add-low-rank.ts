// Adds products of two thin matrices (LoRAs) to a weight that lies packed in GPU memory, in float32. It is no op of a graph: it runs
// once, when the weight is loaded.
import type { LowRank } from "../common/low-rank";
import type { Device } from "./device";
import { linearWorkgroups, type Kernel } from "./kernel";
import { sizesBinding, uploadSizes } from "./kernel-sizes";
import { HALF_BITS } from "./kernels/half-bits";
import { roundUp } from "./tensor";
import { linearEntryPoint, wgsl } from "./wgsl";

/** Where one checkpoint tensor lies in a packed weight `[taps][k4][n4]` (weight-layout.ts). Vectors have one input, and tables one for each row. */
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

/** Counters of numbers that are no finite float16 any more, and which of them are the tensor's (not-finite-counts.ts). */
interface Counters {
  readonly counts: GPUBuffer;
  readonly tensor: number;
}

/**
 * @param place the packed weight
 * @throws OnestrokeError `gpu-unsupported`, `gpu-lost`
 */
export async function addOnGpu(
  device: Device,
  place: GPUBufferBinding,
  part: PackedPart,
  added: LowRank,
  { counts, tensor }: Counters,
): Promise<void> {
  const { gpu } = device;
  const target = device.target("f32");
  const kernel = lowRankKernel(part, added.rank, tensor);
  const { pipeline, layout } = await device.program(kernel, target);
  const up = filled(gpu, scaledColumns(added, part.n));
  const down = filled(gpu, added.down);
  const sizes = uploadSizes(device, [kernel]);
  const resources = [place, { buffer: up }, { buffer: down }, { buffer: counts }, sizesBinding(sizes, 0)];
  const entries = resources.map((resource, binding) => ({ binding, resource }));
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, gpu.createBindGroup({ layout, entries }));
  pass.dispatchWorkgroups(...kernel.workgroups);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
  // What is submitted still reads them.
  for (const buffer of [up, down, sizes]) buffer.destroy();
}

/** Several products as one, for a kernel that reads four outputs of a column of `up` at once: one matrix of all columns, and one of all rows. */
export function stackedProducts({ gpu }: Device, added: readonly LowRank[], outputs: number) {
  const quads = roundUp(outputs, 4);
  const rank = added.reduce((sum, one) => sum + one.rank, 0);
  const [ups, downs] = [new Float32Array(rank * quads), new Float32Array(added.reduce((sum, { down }) => sum + down.length, 0))];
  let [row, at] = [0, 0];
  for (const one of added) {
    const columns = scaledColumns(one, outputs);
    for (let r = 0; r < one.rank; r++, row++) ups.set(columns.subarray(r * outputs, (r + 1) * outputs), row * quads);
    downs.set(one.down, at);
    at += one.down.length;
  }
  const [up, down] = [filled(gpu, ups), filled(gpu, downs)];
  const destroy = (): void => [up, down].forEach((buffer) => buffer.destroy());
  return { up: { buffer: up }, down: { buffer: down }, rank, destroy };
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
function lowRankKernel({ n, first, k, k4, taps, n4, half }: PackedPart, rank: number, tensor: number): Kernel {
  const words = (taps * k4 * n4) / 2;
  return {
    name: "add-low-rank",
    bindings: [
      { name: "words", access: "write", element: "u32", lanes: 1 },
      { name: "up", access: "read", element: "f32", lanes: 1 },
      { name: "down", access: "read", element: "f32", lanes: 1 },
      { name: "counts", access: "count", element: "u32", lanes: 1 },
    ],
    sizes: { words, row_words: n4 / 2, n, first, k, k4, taps, half, rank, tensor },
    workgroups: linearWorkgroups(Math.ceil(words / THREADS)),
    code: wgsl`
      ${HALF_BITS}

      // The sign bit of each of two float16 that is infinite or no number.
      fn not_finite(halves: u32) -> u32 { return ((halves & 0x7c007c00u) + 0x04000400u) & 0x80008000u; }

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

          // The sum, rounded once; and counted where it is too large, but not where there was no number before.
          let stored = words[word];
          let merged = unpack2x16float(stored) + sum;
          let halves = half_bits(bitcast<u32>(merged.x)) | (half_bits(bitcast<u32>(merged.y)) << 16u);
          store_words(word, halves);
          let beyond = not_finite(halves) & ~not_finite(stored);
          if (beyond != 0u) { count_up_counts(2u * sizes.tensor + 1u, countOneBits(beyond)); }
        `,
      )}
    `,
  };
}
