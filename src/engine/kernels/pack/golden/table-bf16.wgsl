// Kernel pack-rows-bf16, dispatched in 1536 x 1 x 1 workgroups.
struct Sizes { rows: u32, first_row: u32, row_values: u32, tensor: u32, begin: u32, row_quads: u32, first_quad: u32, half_quads: u32 }
@group(0) @binding(3) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> stored: array<u32>;
fn load_stored(index: u32) -> u32 { return stored[index]; }
@group(0) @binding(1) var<storage, read_write> packed: array<vec2<u32>>;
fn store_packed(index: u32, value: vec2<u32>) { packed[index] = value; }
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;
fn count_up_counts(index: u32, count: u32) { atomicAdd(&counts[index], count); }

alias Halves = u32;

fn kept(count: u32) -> Halves { return select(0xffffu, 0xffffffffu, count > 1u); }

fn bits_of(word: Halves) -> u32 { return countOneBits(word); }

// Four bytes from any place on.
fn word_at(at: u32) -> u32 {
  let shift = 8u * (at & 3u);
  let word = load_stored(at >> 2u);
  if (shift == 0u) { return word; }
  return (word >> shift) | (load_stored((at >> 2u) + 1u) << (32u - shift));
}

fn half_bits(bits: u32) -> u32 {
  let sign = (bits >> 16u) & 0x8000u;
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return sign | 0x7e00u; }
  if (magnitude >= 0x477ff000u) { return sign | 0x7c00u; }
  if (magnitude >= 0x38800000u) { return sign | ((magnitude + 0xfffu + ((magnitude >> 13u) & 1u) - 0x38000000u) >> 13u); }
  if (magnitude < 0x33000000u) { return sign; }
  let shift = 126u - (magnitude >> 23u);
  let mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  let kept = mantissa >> shift;
  let rest = mantissa & ((1u << shift) - 1u);
  let middle = 1u << (shift - 1u);
  return sign | (kept + select(0u, 1u, rest > middle || (rest == middle && (kept & 1u) == 1u)));
}

fn halves_at(element: u32) -> Halves {
  let pair = word_at(sizes.begin + 2u * element);
  return half_bits(pair << 16u) | (half_bits(pair & 0xffff0000u) << 16u);
}

fn stored_not_finite(element: u32) -> Halves {
  return ((word_at(sizes.begin + 2u * element) & 0x7f807f80u) + 0x00800080u) & 0x80008000u;
}

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
  let pieces = (sizes.row_values + 3u) / 4u;
  let piece = flat_group * 64u + thread;
  let row = piece / pieces;
  let value = 4u * (piece % pieces);
  if (row >= sizes.rows) { return; }
  let count = sizes.row_values - value;
  let element = row * sizes.row_values + value;

  // Moved, or rounded; and counted, if they are no numbers.
  let begin = (sizes.first_row + row) * sizes.row_quads;
  let first = halves_at(element) & kept(count);
  var second = 0u;
  if (count > 2u) { second = halves_at(element + 2u) & kept(count - 2u); }
  store_packed(begin + column_of(value / 4u), vec2<u32>(first, second));
  if (not_finite(first) != 0u) { count_not_finite(element, first); }
  if (not_finite(second) != 0u) { count_not_finite(element + 2u, second); }
}
