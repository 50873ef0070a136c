// Kernel combine, dispatched in 16 x 1 x 1 workgroups.
enable f16;

struct Sizes { first_row: u32, count: u32, quads: u32, y_row: u32, y_stride: u32, x_row: u32, x_stride: u32, b_row: u32, b_stride: u32, noise_row: u32, noise_stride: u32, step: u32 }
@group(0) @binding(5) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
fn load_x(index: u32) -> vec4<f32> { return x[index]; }
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
fn load_b(index: u32) -> vec4<f32> { return b[index]; }
@group(0) @binding(2) var<storage, read> noise: array<vec4<f32>>;
fn load_noise(index: u32) -> vec4<f32> { return noise[index]; }
@group(0) @binding(3) var<storage, read> coefficients: array<vec4<f32>>;
fn load_coefficients(index: u32) -> vec4<f32> { return coefficients[index]; }
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.x_row) * sizes.x_stride + channel) >> 2u); }
fn read_b(row: u32, channel: u32) -> vec4<f32> { return load_b(((row - sizes.b_row) * sizes.b_stride + channel) >> 2u); }
fn read_noise(row: u32, channel: u32) -> vec4<f32> { return load_noise(((row - sizes.noise_row) * sizes.noise_stride + channel) >> 2u); }

// The op itself: four channels of an output row.
fn value(row: u32, channel: u32) -> vec4<f32> {
  let c = load_coefficients(sizes.step);
  return c.x * read_x(row, channel) + c.y * read_b(row, channel) + c.z * read_noise(row, channel);
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
