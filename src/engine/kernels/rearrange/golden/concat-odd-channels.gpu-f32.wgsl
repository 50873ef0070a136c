// Kernel concat-channels, dispatched in 3 x 1 x 1 workgroups.
struct Sizes { row: u32, count: u32, quads: u32, yRow: u32, yStride: u32, xRow: u32, xStride: u32, bRow: u32, bStride: u32, seam: u32 }
const sizes = Sizes(
  0u, // row
  192u, // count
  3u, // quads
  0u, // yRow
  12u, // yStride
  0u, // xRow
  8u, // xStride
  0u, // bRow
  8u, // bStride
  5u, // seam
);

@group(0) @binding(0) var<storage, read> x: array<f32>;
fn load_x(index: u32) -> f32 { return x[index]; }
@group(0) @binding(1) var<storage, read> b: array<f32>;
fn load_b(index: u32) -> f32 { return b[index]; }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }

fn at_x(row: u32, channel: u32) -> f32 { return load_x((row - sizes.xRow) * sizes.xStride + min(channel, sizes.xStride - 1u)); }
fn read_x(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_x(row, channel), at_x(row, channel + 1u), at_x(row, channel + 2u), at_x(row, channel + 3u));
}
fn at_b(row: u32, channel: u32) -> f32 { return load_b((row - sizes.bRow) * sizes.bStride + min(channel, sizes.bStride - 1u)); }
fn read_b(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_b(row, channel), at_b(row, channel + 1u), at_b(row, channel + 2u), at_b(row, channel + 3u));
}
fn at_joined(row: u32, channel: u32) -> f32 {
  if (channel < sizes.seam) { return at_x(row, channel); }
  return at_b(row, channel - sizes.seam);
}
fn read_joined(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_joined(row, channel), at_joined(row, channel + 1u), at_joined(row, channel + 2u), at_joined(row, channel + 3u));
}

fn value(row: u32, channel: u32) -> vec4<f32> { return read_joined(row, channel); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_workgroup(id, count) * 64u + lane;
  if (i >= sizes.count) { return; }
  let row = sizes.row + i / sizes.quads;
  store_y((row - sizes.yRow) * sizes.quads + i % sizes.quads, value(row, (i % sizes.quads) * 4u));
}

