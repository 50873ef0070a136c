// Kernel concat-channels, dispatched in 16 x 1 x 1 workgroups.
enable f16;

struct Sizes { row: u32, count: u32, quads: u32, yRow: u32, yStride: u32, xRow: u32, xStride: u32, bRow: u32, bStride: u32, seam: u32 }
const sizes = Sizes(
  0u, // row
  1024u, // count
  16u, // quads
  0u, // yRow
  64u, // yStride
  0u, // xRow
  40u, // xStride
  0u, // bRow
  24u, // bStride
  40u, // seam
);

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> b: array<vec4<f16>>;
fn load_b(index: u32) -> vec4<f32> { return vec4<f32>(b[index]); }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.xRow) * sizes.xStride + channel) >> 2u); }
fn read_b(row: u32, channel: u32) -> vec4<f32> { return load_b(((row - sizes.bRow) * sizes.bStride + channel) >> 2u); }
fn read_joined(row: u32, channel: u32) -> vec4<f32> {
  if (channel < sizes.seam) { return read_x(row, channel); }
  return read_b(row, channel - sizes.seam);
}

fn value(row: u32, channel: u32) -> vec4<f32> { return read_joined(row, channel); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_workgroup(id, count) * 64u + lane;
  if (i >= sizes.count) { return; }
  let row = sizes.row + i / sizes.quads;
  store_y((row - sizes.yRow) * sizes.quads + i % sizes.quads, value(row, (i % sizes.quads) * 4u));
}

