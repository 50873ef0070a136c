// Kernel conv2d-sum, dispatched in 1024 x 1 x 1 workgroups.

struct Sizes { parts: u32, quads: u32, outputQuads: u32 }
const sizes = Sizes(4u, 65536u, 16u);
@group(0) @binding(0) var<storage, read> partial: array<vec4<f32>>;
fn load_partial(index: u32) -> vec4<f32> { return partial[index]; }
@group(0) @binding(1) var<storage, read> bias: array<vec2<u32>>;
fn load_bias(index: u32) -> vec4<f32> { let packed = bias[index]; return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y)); }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }

fn finish(row: u32, quad: u32, value: vec4<f32>) {
  var result = value + load_bias(quad);
  result = result;
  let index = row * sizes.outputQuads + quad;
  
  result = result;
  store_y(index, result);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let index = flat_workgroup(group, groups) * 64u + thread;
  if (index >= sizes.quads) { return; }
  var sum = vec4<f32>(0.0);
  for (var part = 0u; part < sizes.parts; part++) { sum += load_partial(part * sizes.quads + index); }
  finish(index / sizes.outputQuads, index % sizes.outputQuads, sum);
}
