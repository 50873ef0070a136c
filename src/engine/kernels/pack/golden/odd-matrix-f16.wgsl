// Kernel pack-outputs-f16, dispatched in 1 x 1 x 1 workgroups.
struct Sizes { outputs: u32, row_values: u32, taps: u32, across: u32, back: u32, tensor: u32, begin: u32, row_quads: u32, first_quad: u32, half_quads: u32 }
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

fn halves_at(element: u32) -> Halves { return word_at(sizes.begin + 2u * element); }

fn stored_not_finite(element: u32) -> Halves { return 0x80008000u; }

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

// Values of an output, zero for outputs that are padding and for values beyond the last.
fn halves_of(output: u32, value: u32) -> Halves {
  let last = sizes.outputs - 1u;
  let halves = halves_at(min(output, last) * sizes.row_values + value) & kept(sizes.row_values - value);
  return select(Halves(0u), halves, output <= last);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // Which four outputs, and which of their values.
  let quad = group.x * 16u + thread % 16u;
  let begin = group.y * 128u + thread / 16u * 32u;
  let end = min(begin + 32u, sizes.row_values);
  if (4u * quad >= sizes.outputs || begin >= end) { return; }

  // Moved, or rounded. Taps of an input follow each other where they are stored.
  var tap = begin % sizes.taps;
  var place = tap * sizes.across + begin / sizes.taps * sizes.row_quads + column_of(quad);
  var found = Halves(0u);
  for (var value = begin; value < end; value += 2u) {
    let halves_0 = halves_of(4u * quad + 0u, value);
    let halves_1 = halves_of(4u * quad + 1u, value);
    let halves_2 = halves_of(4u * quad + 2u, value);
    let halves_3 = halves_of(4u * quad + 3u, value);
    found |= not_finite(halves_0) | not_finite(halves_1) | not_finite(halves_2) | not_finite(halves_3);
    store_packed(place, vec2<u32>((halves_0 & 0xffffu) | (halves_1 << 16u), (halves_2 & 0xffffu) | (halves_3 << 16u)));
    let ends_0 = tap + 1u == sizes.taps;
    tap = select(tap + 1u, 0u, ends_0);
    place += select(sizes.across, sizes.back, ends_0);
    if (value + 1u == end) { break; }
    store_packed(place, vec2<u32>((halves_0 >> 16u) | (halves_1 & 0xffff0000u), (halves_2 >> 16u) | (halves_3 & 0xffff0000u)));
    let ends_1 = tap + 1u == sizes.taps;
    tap = select(tap + 1u, 0u, ends_1);
    place += select(sizes.across, sizes.back, ends_1);
  }
  if (bits_of(found) == 0u) { return; }

  // Counted, because some are no numbers.
  for (var value = begin; value < end; value += 2u) {
    for (var output = 4u * quad; output < min(4u * quad + 4u, sizes.outputs); output++) {
      count_not_finite(output * sizes.row_values + value, halves_of(output, value));
    }
  }
}
