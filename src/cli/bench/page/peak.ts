// The most multiply-adds that an adapter does: sixteen chains in each thread that do not wait for each other, on operands that no compiler
// knows. What share of it a kernel reaches says how good the kernel is, whatever the adapter.
import type { Device } from "../../../engine/device";
import { measure, median, type Budget } from "../measure";

const CHAINS = 16;
const THREADS = 64;
/** Multiply-adds of each chain, and workgroups: milliseconds on a large GPU, and a second on a processor. */
const SIZES = { gpu: { rounds: 4096, workgroups: 8192 }, software: { rounds: 1024, workgroups: 256 } } as const;

const BUDGET: Budget = { minRounds: 5, maxRounds: 20, rowMs: 5_000, sampleMs: 0 };

/** float32 operations in a second; a multiply-add counts as two. */
export async function multiplyAddPeak({ gpu, adapter }: Pick<Device, "gpu" | "adapter">): Promise<number> {
  const { rounds, workgroups } = SIZES[adapter.software ? "software" : "gpu"];
  const pipeline = await gpu.createComputePipelineAsync({
    layout: "auto",
    compute: { module: gpu.createShaderModule({ code: chainsWgsl(rounds) }), entryPoint: "main" },
  });
  const operands = gpu.createBuffer({ size: 4 * (CHAINS + 2), usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
  // Near a fixed point, so that nothing overflows and nothing is denormal.
  gpu.queue.writeBuffer(
    operands,
    0,
    Float32Array.from({ length: CHAINS + 2 }, (_, i) => (i === 0 ? 0.999 : i === 1 ? 0.001 : 1 + i / 64)),
  );
  const results = gpu.createBuffer({ size: 4 * THREADS * workgroups, usage: GPUBufferUsage.STORAGE });
  const entries = [operands, results].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const run = async (times: number): Promise<void> => {
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let index = 0; index < times; index++) pass.dispatchWorkgroups(workgroups);
    pass.end();
    gpu.queue.submit([encoder.finish()]);
  };
  await run(1);
  const [samples = []] = await measure(gpu.queue, [{ run }], BUDGET);
  for (const buffer of [operands, results]) buffer.destroy();
  return (2 * CHAINS * rounds * THREADS * workgroups) / (median(samples) / 1000);
}

function chainsWgsl(rounds: number): string {
  const chains = Array.from({ length: CHAINS }, (_, i) => i);
  const eachChain = (text: (i: number) => string): string => chains.map(text).join("\n");
  return `
    @group(0) @binding(0) var<storage, read> operands: array<f32, ${CHAINS + 2}>;
    @group(0) @binding(1) var<storage, read_write> results: array<f32>;

    @compute @workgroup_size(${THREADS})
    fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      let a = operands[0];
      let b = operands[1];
      ${eachChain((i) => `var c_${i} = operands[${i + 2}] + f32(id.x) * 1e-9;`)}
      for (var round = 0u; round < ${rounds}u; round++) {
        ${eachChain((i) => `c_${i} = fma(c_${i}, a, b);`)}
      }
      results[id.x] = ${chains.map((i) => `c_${i}`).join(" + ")};
    }
  `;
}
