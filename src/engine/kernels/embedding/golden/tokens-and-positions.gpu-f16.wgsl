// Kernel embedding, dispatched in 231 x 1 x 1 workgroups.
enable f16;

struct Sizes { first_row: u32, count: u32, quads: u32, y_row: u32, y_stride: u32, tokens: u32, ids_stride: u32, vocabulary: u32, table_quads: u32 }
@group(0) @binding(4) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> ids: array<u32>;
fn load_ids(index: u32) -> u32 { return ids[index]; }
@group(0) @binding(1) var<storage, read> table: array<vec4<f16>>;
fn load_table(index: u32) -> vec4<f32> { return vec4<f32>(table[index]); }
@group(0) @binding(2) var<storage, read> position: array<vec4<f16>>;
fn load_position(index: u32) -> vec4<f32> { return vec4<f32>(position[index]); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

// The op itself: four channels of an output row.
fn value(row: u32, channel: u32) -> vec4<f32> {
  let id = min(load_ids((row / sizes.tokens) * sizes.ids_stride + row % sizes.tokens), sizes.vocabulary - 1u);
  return load_table(id * sizes.table_quads + (channel >> 2u)) + load_position((row % sizes.tokens) * sizes.table_quads + (channel >> 2u));
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
