// Kernel pack-rows-f16, dispatched in 1 x 1 x 1 workgroups.
struct Sizes { rows: u32, first_row: u32, row_values: u32, tensor: u32, begin: u32, row_quads: u32, first_quad: u32, half_quads: u32 }
@group(0) @binding(3) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> stored: array<vec4<u32>>;
fn load_stored(index: u32) -> vec4<u32> { return stored[index]; }
@group(0) @binding(1) var<storage, read_write> packed: array<vec2<u32>>;
fn store_packed(index: u32, value: vec2<u32>) { packed[index] = value; }
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;
fn count_up_counts(index: u32, count: u32) { atomicAdd(&counts[index], count); }

alias Halves = vec4<u32>;

fn kept(count: u32) -> Halves {
  let low = select(Halves(0u), Halves(0xffffu), Halves(count) > Halves(0u, 2u, 4u, 6u));
  return low | select(Halves(0u), Halves(0xffff0000u), Halves(count) > Halves(1u, 3u, 5u, 7u));
}

fn bits_of(words: Halves) -> u32 {
  let bits = countOneBits(words);
  return bits.x + bits.y + bits.z + bits.w;
}

fn halves_at(element: u32) -> Halves { return load_stored((sizes.begin + 2u * element) >> 4u); }

fn stored_not_finite(element: u32) -> Halves { return Halves(0x80008000u); }

fn not_finite(halves: Halves) -> Halves {
  return ((halves & Halves(0x7c007c00u)) + Halves(0x04000400u)) & Halves(0x80008000u);
}

fn count_not_finite(element: u32, halves: Halves) {
  let found = not_finite(halves);
  let stored = found & stored_not_finite(element);
  count_up_counts(2u * sizes.tensor, bits_of(stored));
  count_up_counts(2u * sizes.tensor + 1u, bits_of(found ^ stored));
}

// The quad of a packed row that the part's quad becomes.
fn column_of(quad: u32) -> u32 {
  let column = sizes.first_quad + quad;
  if (sizes.half_quads == 0u) { return column; }
  return select(2u * column, 2u * (column - sizes.half_quads) + 1u, column >= sizes.half_quads);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let flat_group = group.x + group.y * groups.x;
  // Which values of which row, and how many there are from the first of them on.
  let pieces = (sizes.row_values + 7u) / 8u;
  let piece = flat_group * 64u + thread;
  let row = piece / pieces;
  let value = 8u * (piece % pieces);
  if (row >= sizes.rows) { return; }
  let count = sizes.row_values - value;
  let element = row * sizes.row_values + value;

  // Moved, or rounded; and counted, if they are no numbers.
  let begin = (sizes.first_row + row) * sizes.row_quads;
  let halves = halves_at(element) & kept(count);
  store_packed(begin + column_of(value / 4u), halves.xy);
  if (count > 4u) { store_packed(begin + column_of(value / 4u + 1u), halves.zw); }
  if (any(not_finite(halves) != Halves(0u))) { count_not_finite(element, halves); }
}
