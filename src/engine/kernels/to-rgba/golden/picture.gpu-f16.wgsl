// Kernel to-rgba, dispatched in 256 x 1 x 1 workgroups.
enable f16;

struct Sizes { first_row: u32, count: u32, quads: u32, y_row: u32, y_stride: u32, x_row: u32, x_stride: u32, width: u32, scale: f32, shift: f32 }
@group(0) @binding(2) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read_write> y: array<vec4<u32>>;
fn store_y(index: u32, value: vec4<u32>) { y[index] = value; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.x_row) * sizes.x_stride + channel) >> 2u); }
fn rgba(pixel: u32) -> u32 {
  let colour = read_x(pixel, 0u);
  let exponent = bitcast<vec3<u32>>(colour.xyz) & vec3<u32>(0x7f800000u);
  if (any(exponent == vec3<u32>(0x7f800000u))) { return 0u; }
  let level = clamp(colour.xyz * sizes.scale + sizes.shift, vec3<f32>(0.0), vec3<f32>(1.0));
  let byte = vec3<u32>(floor(level * 255.0 + 0.5));
  return byte.x | (byte.y << 8u) | (byte.z << 16u) | (255u << 24u);
}

// The op itself: four channels of an output row.
fn value(row: u32, channel: u32) -> vec4<u32> {
  let first = row * sizes.width;
  let last = sizes.width - 1u;
  return vec4<u32>(
    rgba(first + channel),
    rgba(first + min(channel + 1u, last)),
    rgba(first + min(channel + 2u, last)),
    rgba(first + min(channel + 3u, last)),
  );
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
