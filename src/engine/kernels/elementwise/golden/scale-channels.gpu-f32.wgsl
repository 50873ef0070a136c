// Kernel scale-channels, dispatched in 20 x 1 x 1 workgroups.
struct Sizes { first_row: u32, count: u32, quads: u32, y_row: u32, y_stride: u32, x_row: u32, x_stride: u32, residual_row: u32, residual_stride: u32 }
@group(0) @binding(4) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
fn load_x(index: u32) -> vec4<f32> { return x[index]; }
@group(0) @binding(1) var<storage, read> residual: array<vec4<f32>>;
fn load_residual(index: u32) -> vec4<f32> { return residual[index]; }
@group(0) @binding(2) var<storage, read> scale: array<vec2<u32>>;
fn load_scale(index: u32) -> vec4<f32> { let packed = scale[index]; return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y)); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.x_row) * sizes.x_stride + channel) >> 2u); }
fn read_residual(row: u32, channel: u32) -> vec4<f32> { return load_residual(((row - sizes.residual_row) * sizes.residual_stride + channel) >> 2u); }

// The op itself: four channels of an output row.
fn value(row: u32, channel: u32) -> vec4<f32> {
  return read_residual(row, channel) + read_x(row, channel) * load_scale(channel >> 2u);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let flat_group = group.x + group.y * groups.x;
  // This thread's row of the band, and quad of the row.
  let i = flat_group * 64u + thread;
  if (i >= sizes.count) { return; }
  let row = sizes.first_row + i / sizes.quads;
  store_y((row - sizes.y_row) * sizes.quads + i % sizes.quads, value(row, (i % sizes.quads) * 4u));
}
