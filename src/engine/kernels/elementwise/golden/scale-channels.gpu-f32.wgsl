// Kernel scale-channels, dispatched in 20 x 1 x 1 workgroups.
struct Sizes { row: u32, count: u32, quads: u32, yRow: u32, yStride: u32, xRow: u32, xStride: u32, residualRow: u32, residualStride: u32 }
const sizes = Sizes(
  0u, // row
  1280u, // count
  10u, // quads
  0u, // yRow
  40u, // yStride
  0u, // xRow
  40u, // xStride
  0u, // residualRow
  40u, // residualStride
);

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
fn load_x(index: u32) -> vec4<f32> { return x[index]; }
@group(0) @binding(1) var<storage, read> residual: array<vec4<f32>>;
fn load_residual(index: u32) -> vec4<f32> { return residual[index]; }
@group(0) @binding(2) var<storage, read> scale: array<vec2<u32>>;
fn load_scale(index: u32) -> vec4<f32> { let packed = scale[index]; return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y)); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.xRow) * sizes.xStride + channel) >> 2u); }
fn read_residual(row: u32, channel: u32) -> vec4<f32> { return load_residual(((row - sizes.residualRow) * sizes.residualStride + channel) >> 2u); }
fn value(row: u32, channel: u32) -> vec4<f32> { return read_residual(row, channel) + read_x(row, channel) * load_scale(channel >> 2u); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_workgroup(id, count) * 64u + lane;
  if (i >= sizes.count) { return; }
  let row = sizes.row + i / sizes.quads;
  store_y((row - sizes.yRow) * sizes.quads + i % sizes.quads, value(row, (i % sizes.quads) * 4u));
}

