// Kernel concat-channels, dispatched in 3 x 1 x 1 workgroups.
struct Sizes { first_row: u32, count: u32, quads: u32, y_row: u32, y_stride: u32, x_row: u32, x_stride: u32, b_row: u32, b_stride: u32, seam: u32 }
@group(0) @binding(3) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<f32>;
fn load_x(index: u32) -> f32 { return x[index]; }
@group(0) @binding(1) var<storage, read> b: array<f32>;
fn load_b(index: u32) -> f32 { return b[index]; }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

fn at_x(row: u32, channel: u32) -> f32 { return load_x((row - sizes.x_row) * sizes.x_stride + min(channel, sizes.x_stride - 1u)); }
fn read_x(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_x(row, channel), at_x(row, channel + 1u), at_x(row, channel + 2u), at_x(row, channel + 3u));
}
fn at_b(row: u32, channel: u32) -> f32 { return load_b((row - sizes.b_row) * sizes.b_stride + min(channel, sizes.b_stride - 1u)); }
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

// The op itself: four channels of an output row.
fn value(row: u32, channel: u32) -> vec4<f32> {
  return read_joined(row, channel);
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
