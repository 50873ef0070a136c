// Kernel to-rgba, dispatched in 256 x 1 x 1 workgroups.
enable f16;

struct Sizes { row: u32, count: u32, quads: u32, yRow: u32, yStride: u32, xRow: u32, xStride: u32, width: u32, scale: f32, shift: f32 }
const sizes = Sizes(
  0u, // row
  16384u, // count
  64u, // quads
  0u, // yRow
  256u, // yStride
  0u, // xRow
  4u, // xStride
  256u, // width
  0.5f, // scale
  0.5f, // shift
);

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read_write> y: array<vec4<u32>>;
fn store_y(index: u32, value: vec4<u32>) { y[index] = value; }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.xRow) * sizes.xStride + channel) >> 2u); }

fn rgba(pixel: u32) -> u32 {
  let colour = read_x(pixel, 0u);
  let exponent = bitcast<vec3<u32>>(colour.xyz) & vec3<u32>(0x7f800000u);
  if (any(exponent == vec3<u32>(0x7f800000u))) { return 0u; }
  let level = clamp(colour.xyz * sizes.scale + sizes.shift, vec3<f32>(0.0), vec3<f32>(1.0));
  let byte = vec3<u32>(floor(level * 255.0 + 0.5));
  return byte.x | (byte.y << 8u) | (byte.z << 16u) | (255u << 24u);
}

fn value(line: u32, column: u32) -> vec4<u32> {
  let first = line * sizes.width;
  let last = sizes.width - 1u;
  return vec4<u32>(
    rgba(first + column),
    rgba(first + min(column + 1u, last)),
    rgba(first + min(column + 2u, last)),
    rgba(first + min(column + 3u, last)),
  );
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_workgroup(id, count) * 64u + lane;
  if (i >= sizes.count) { return; }
  let row = sizes.row + i / sizes.quads;
  store_y((row - sizes.yRow) * sizes.quads + i % sizes.quads, value(row, (i % sizes.quads) * 4u));
}

