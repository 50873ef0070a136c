// Kernel embedding, dispatched in 231 x 1 x 1 workgroups.
enable f16;

struct Sizes { row: u32, count: u32, quads: u32, yRow: u32, yStride: u32, tokens: u32, idsStride: u32, vocabulary: u32, tableQuads: u32 }
const sizes = Sizes(
  0u, // row
  14784u, // count
  192u, // quads
  0u, // yRow
  768u, // yStride
  77u, // tokens
  80u, // idsStride
  49408u, // vocabulary
  192u, // tableQuads
);

@group(0) @binding(0) var<storage, read> ids: array<u32>;
fn load_ids(index: u32) -> u32 { return ids[index]; }
@group(0) @binding(1) var<storage, read> table: array<vec4<f16>>;
fn load_table(index: u32) -> vec4<f32> { return vec4<f32>(table[index]); }
@group(0) @binding(2) var<storage, read> position: array<vec4<f16>>;
fn load_position(index: u32) -> vec4<f32> { return vec4<f32>(position[index]); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }

fn value(row: u32, channel: u32) -> vec4<f32> {
  let id = min(load_ids((row / sizes.tokens) * sizes.idsStride + row % sizes.tokens), sizes.vocabulary - 1u);
  return load_table(id * sizes.tableQuads + (channel >> 2u)) + load_position((row % sizes.tokens) * sizes.tableQuads + (channel >> 2u));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_workgroup(id, count) * 64u + lane;
  if (i >= sizes.count) { return; }
  let row = sizes.row + i / sizes.quads;
  store_y((row - sizes.yRow) * sizes.quads + i % sizes.quads, value(row, (i % sizes.quads) * 4u));
}

