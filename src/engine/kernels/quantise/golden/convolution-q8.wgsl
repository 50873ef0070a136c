// Kernel quantise-q8, dispatched in 10 x 90 x 1 workgroups.
struct Sizes { outputs: u32, inputs: u32, taps: u32, rank: u32, up_quads: u32, first_up_quad: u32, row_quads: u32, first_quad: u32, half_quads: u32, tensor: u32 }
@group(0) @binding(6) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> stored: array<f32>;
fn load_stored(index: u32) -> f32 { return stored[index]; }
@group(0) @binding(1) var<storage, read_write> values: array<u32>;
fn store_values(index: u32, value: u32) { values[index] = value; }
@group(0) @binding(2) var<storage, read_write> scales: array<vec2<u32>>;
fn store_scales(index: u32, value: vec2<u32>) { scales[index] = value; }
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;
fn count_up_counts(index: u32, count: u32) { atomicAdd(&counts[index], count); }
@group(0) @binding(4) var<storage, read> up: array<vec4<f32>>;
fn load_up(index: u32) -> vec4<f32> { return up[index]; }
@group(0) @binding(5) var<storage, read> down: array<f32>;
fn load_down(index: u32) -> f32 { return down[index]; }

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

// Exact, also below 2^-14, where the device may take float16 for zero.
fn half_value(bits: u32) -> f32 {
  let magnitude = bits & 0x7fffu;
  let size = select(bitcast<f32>((magnitude << 13u) + 0x38000000u), f32(magnitude) * 5.960464477539063e-8f, magnitude < 0x400u);
  return select(size, -size, (bits & 0x8000u) != 0u);
}

fn half_values(bits: vec4<u32>) -> vec4<f32> { return vec4<f32>(half_value(bits.x), half_value(bits.y), half_value(bits.z), half_value(bits.w)); }

// The largest float16 that is not above a value.
fn half_below(value: f32) -> u32 {
  let nearest = half_bits(bitcast<u32>(value));
  if (half_value(nearest) <= value) { return nearest; }
  return select(nearest - 1u, nearest + 1u, (nearest & 0x8000u) != 0u);
}

fn rounded_down(values: vec4<f32>) -> vec4<u32> { return vec4<u32>(half_below(values.x), half_below(values.y), half_below(values.z), half_below(values.w)); }

// The float16 with which a range is at most half a step beyond 127 steps.
fn scale_for(size: f32) -> u32 {
  let nearest = half_bits(bitcast<u32>(size / 127.0));
  return select(nearest, nearest + 1u, size > 127.5 * half_value(nearest));
}

fn scale_bits(sizes_of: vec4<f32>) -> vec4<u32> { return vec4<u32>(scale_for(sizes_of.x), scale_for(sizes_of.y), scale_for(sizes_of.z), scale_for(sizes_of.w)); }

// Zero for a block that is all one number.
fn steps_of(bits: vec4<u32>) -> vec4<f32> { return select(vec4<f32>(0.0), 1.0 / half_values(bits), bits != vec4<u32>(0u)); }

fn pairs(bits: vec4<u32>) -> vec2<u32> { return bits.xz | (bits.yw << vec2<u32>(16u)); }

fn stored_scales(bits: vec4<u32>) -> vec2<u32> {
  let scaled = bitcast<vec4<u32>>(half_values(bits) * 64.0);
  return pairs(vec4<u32>(half_bits(scaled.x), half_bits(scaled.y), half_bits(scaled.z), half_bits(scaled.w)));
}

// The quad of a packed row that the part's quad becomes.
fn column_of(quad: u32) -> u32 {
  let column = sizes.first_quad + quad;
  if (sizes.half_quads == 0u) { return column; }
  return select(2u * column, 2u * (column - sizes.half_quads) + 1u, column >= sizes.half_quads);
}

var<workgroup> least: array<vec4<f32>, 256>;
var<workgroup> largest: array<vec4<f32>, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // Which four outputs, and which input and tap of them.
  let of_block = thread % 8u;
  let lane = thread / 8u;
  let blocks = sizes.inputs / 32u;
  let tap = group.y / blocks;
  let input = group.y % blocks * 32u + lane;
  let quad = group.x * 8u + of_block;
  let is_kept = 4u * quad < sizes.outputs;
  let column = column_of(quad);

  // What is stored of them; outputs that are padding are zero.
  let last = sizes.outputs - 1u;
  let output = 4u * quad + vec4<u32>(0u, 1u, 2u, 3u);
  let place = (min(output, vec4<u32>(last)) * sizes.inputs + input) * sizes.taps + tap;
  let stored_four = vec4<f32>(load_stored(place.x), load_stored(place.y), load_stored(place.z), load_stored(place.w));

  // With the product added.
  var sum = stored_four;
  let up_quad = sizes.first_up_quad + min(quad, last / 4u);
  for (var r = 0u; r < sizes.rank; r++) {
    sum += load_down((r * sizes.inputs + input) * sizes.taps + tap) * load_up(r * sizes.up_quads + up_quad);
  }
  let merged = select(vec4<f32>(0.0), sum, output <= vec4<u32>(last));

  // Counted, if they are no finite float16.
  let exponents = bitcast<vec4<u32>>(stored_four) & vec4<u32>(0x7f800000u);
  let magnitudes = bitcast<vec4<u32>>(merged) & vec4<u32>(0x7fffffffu);
  for (var i = 0u; i < 4u; i++) {
    if (output[i] <= last && magnitudes[i] >= 0x477ff000u) {
      count_up_counts(2u * sizes.tensor + select(1u, 0u, exponents[i] == 0x7f800000u), 1u);
    }
  }

  // The range of each block.
  least[thread] = merged;
  largest[thread] = merged;
  workgroupBarrier();
  for (var half = 128u; half >= 8u; half /= 2u) {
    if (thread < half) {
      least[thread] = min(least[thread], least[thread + half]);
      largest[thread] = max(largest[thread], largest[thread + half]);
    }
    workgroupBarrier();
  }

  // Rounded.
  let scales = scale_bits(max(-least[of_block], largest[of_block]));
  let value = vec4<i32>(floor(merged * steps_of(scales) + 0.5));
  let bytes = bitcast<vec4<u32>>(clamp(value, vec4<i32>(-127), vec4<i32>(127))) & vec4<u32>(255u);
  if (is_kept) {
    store_values((tap * sizes.inputs + input) * sizes.row_quads + column, bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u));
    if (lane == 0u) { store_scales(group.y * sizes.row_quads + column, stored_scales(scales)); }
  }
}
