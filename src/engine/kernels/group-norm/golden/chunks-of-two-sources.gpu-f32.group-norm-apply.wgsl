// Kernel group-norm-apply, dispatched in 15360 x 1 x 1 workgroups.
struct Sizes { row: u32, count: u32, quads: u32, yRow: u32, yStride: u32, xRow: u32, xStride: u32, secondRow: u32, secondStride: u32, pixels: u32, factorQuads: u32, seam: u32 }
const sizes = Sizes(
  0u, // row
  983040u, // count
  240u, // quads
  0u, // yRow
  960u, // yStride
  0u, // xRow
  320u, // xStride
  0u, // secondRow
  640u, // secondStride
  4096u, // pixels
  240u, // factorQuads
  320u, // seam
);

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
fn load_x(index: u32) -> vec4<f32> { return x[index]; }
@group(0) @binding(1) var<storage, read> second: array<vec4<f32>>;
fn load_second(index: u32) -> vec4<f32> { return second[index]; }
@group(0) @binding(2) var<storage, read> factors: array<vec4<f32>>;
fn load_factors(index: u32) -> vec4<f32> { return factors[index]; }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.xRow) * sizes.xStride + channel) >> 2u); }
fn read_second(row: u32, channel: u32) -> vec4<f32> { return load_second(((row - sizes.secondRow) * sizes.secondStride + channel) >> 2u); }
fn read_joined(row: u32, channel: u32) -> vec4<f32> {
  if (channel < sizes.seam) { return read_x(row, channel); }
  return read_second(row, channel - sizes.seam);
}

fn value(row: u32, channel: u32) -> vec4<f32> {
  let factor = (row / sizes.pixels) * 3u * sizes.factorQuads + (channel >> 2u);
  let centred = read_joined(row, channel) - load_factors(factor);
  return centred * load_factors(factor + sizes.factorQuads) + load_factors(factor + 2u * sizes.factorQuads);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_workgroup(id, count) * 64u + lane;
  if (i >= sizes.count) { return; }
  let row = sizes.row + i / sizes.quads;
  store_y((row - sizes.yRow) * sizes.quads + i % sizes.quads, value(row, (i % sizes.quads) * 4u));
}

