// Kernel gated-activation, dispatched in 10 x 1 x 1 workgroups.
enable f16;

struct Sizes { row: u32, count: u32, quads: u32, yRow: u32, yStride: u32, xRow: u32, xStride: u32, gate: u32, linear: u32 }
const sizes = Sizes(
  0u, // row
  640u, // count
  5u, // quads
  0u, // yRow
  20u, // yStride
  0u, // xRow
  40u, // xStride
  0u, // gate
  20u, // linear
);

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.xRow) * sizes.xStride + channel) >> 2u); }
fn activation(x: vec4<f32>) -> vec4<f32> {
  return x / (1.0 + exp(-x));
}fn value(row: u32, channel: u32) -> vec4<f32> { return read_x(row, sizes.linear + channel) * activation(read_x(row, sizes.gate + channel)); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_workgroup(id, count) * 64u + lane;
  if (i >= sizes.count) { return; }
  let row = sizes.row + i / sizes.quads;
  store_y((row - sizes.yRow) * sizes.quads + i % sizes.quads, value(row, (i % sizes.quads) * 4u));
}

