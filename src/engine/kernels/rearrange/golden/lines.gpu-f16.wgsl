// Kernel lines, dispatched in 80 x 1 x 1 workgroups.
enable f16;

struct Sizes { first_row: u32, count: u32, quads: u32, y_row: u32, y_stride: u32, x_row: u32, x_stride: u32, before_row: u32, before_stride: u32, after_row: u32, after_stride: u32, begin: u32, before_rows: u32, x_rows: u32 }
@group(0) @binding(4) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> before: array<vec4<f16>>;
fn load_before(index: u32) -> vec4<f32> { return vec4<f32>(before[index]); }
@group(0) @binding(2) var<storage, read> after: array<vec4<f16>>;
fn load_after(index: u32) -> vec4<f32> { return vec4<f32>(after[index]); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.x_row) * sizes.x_stride + channel) >> 2u); }
fn read_before(row: u32, channel: u32) -> vec4<f32> { return load_before(((row - sizes.before_row) * sizes.before_stride + channel) >> 2u); }
fn read_after(row: u32, channel: u32) -> vec4<f32> { return load_after(((row - sizes.after_row) * sizes.after_stride + channel) >> 2u); }

// The op itself: four channels of an output row.
fn value(row: u32, channel: u32) -> vec4<f32> {
  let place = row + sizes.begin;
  if (place < sizes.before_rows) { return read_before(place, channel); }
  let below = place - sizes.before_rows;
  if (below >= sizes.x_rows) { return read_after(below - sizes.x_rows, channel); }
  return read_x(below, channel);
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
