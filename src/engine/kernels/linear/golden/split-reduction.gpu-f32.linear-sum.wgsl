// Kernel linear-sum, dispatched in 320 x 1 x 1 workgroups.
struct Sizes { parts: u32, quads: u32, output_quads: u32 }
@group(0) @binding(3) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> partial: array<vec4<f32>>;
fn load_partial(index: u32) -> vec4<f32> { return partial[index]; }
@group(0) @binding(1) var<storage, read> bias: array<vec2<u32>>;
fn load_bias(index: u32) -> vec4<f32> { let packed = bias[index]; return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y)); }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

// What becomes of four sums before they are stored.
fn finish(row: u32, quad: u32, value: vec4<f32>) {
  var result = value + load_bias(quad);
  let index = row * sizes.output_quads + quad;
  store_y(index, result);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let flat_group = group.x + group.y * groups.x;
  let index = flat_group * 64u + thread;
  if (index >= sizes.quads) { return; }
  // Add the parts in their order, always the same.
  var sum = vec4<f32>(0.0);
  for (var part = 0u; part < sizes.parts; part++) { sum += load_partial(part * sizes.quads + index); }
  finish(index / sizes.output_quads, index % sizes.output_quads, sum);
}
