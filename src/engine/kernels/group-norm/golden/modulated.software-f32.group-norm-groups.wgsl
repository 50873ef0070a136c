// Kernel group-norm-groups, dispatched in 32 x 1 x 1 workgroups.
struct Sizes { x_row: u32, x_stride: u32, pixels: u32, group_size: u32, groups: u32, stride: u32, modulation_stride: u32, modulation_shift: u32, epsilon: f32 }
@group(0) @binding(3) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<f32>;
fn load_x(index: u32) -> f32 { return x[index]; }
@group(0) @binding(1) var<storage, read> modulation: array<f32>;
fn load_modulation(index: u32) -> f32 { return modulation[index]; }
@group(0) @binding(2) var<storage, read_write> factors: array<f32>;
fn store_factors(index: u32, value: f32) { factors[index] = value; }

fn at_x(row: u32, channel: u32) -> f32 { return load_x((row - sizes.x_row) * sizes.x_stride + min(channel, sizes.x_stride - 1u)); }
fn read_x(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_x(row, channel), at_x(row, channel + 1u), at_x(row, channel + 2u), at_x(row, channel + 3u));
}

struct Moments { count: f32, mean: f32, square: f32 }

fn merge(a: Moments, b: Moments) -> Moments {
  let count = a.count + b.count;
  let delta = b.mean - a.mean;
  let part = b.count / max(count, 1.0);
  return Moments(count, a.mean + delta * part, a.square + b.square + delta * delta * (a.count * part));
}

// From sums of deviations from a first value, and of their squares.
fn moments_of(count: f32, first: f32, sum: f32, squares: f32) -> Moments {
  let divisor = max(count, 1.0);
  return Moments(count, first + sum / divisor, max(squares - sum * sum / divisor, f32(0.0)));
}

var<workgroup> partial: array<Moments, 64>;

fn reduce(position: u32, value: Moments) -> Moments {
  partial[position] = value;
  for (var span = 32u; span >= 1u; span >>= 1u) {
    workgroupBarrier();
    if (position < span) { partial[position] = merge(partial[position], partial[position + span]); }
  }
  workgroupBarrier();
  return partial[position % 1u];
}

// One thread's share of a group: every step-th element of its rows.
fn gather(item: u32, begin: u32, lane: u32, step: u32) -> Moments {
  var row = lane / sizes.group_size;
  var offset = lane % sizes.group_size;
  let first = at_x(item * sizes.pixels + min(row, sizes.pixels - 1u), begin + offset);
  var sum = 0.0;
  var squares = 0.0;
  var count = 0.0;
  while (row < sizes.pixels) {
    let deviation = at_x(item * sizes.pixels + row, begin + offset) - first;
    sum += deviation;
    squares += deviation * deviation;
    count += 1.0;
    row += step / sizes.group_size;
    offset += step % sizes.group_size;
    if (offset >= sizes.group_size) { offset -= sizes.group_size; row += 1u; }
  }
  return moments_of(count, first, sum, squares);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // The group's statistics, from all threads.
  let begin = group.x * sizes.group_size;
  let end = begin + sizes.group_size;
  let moments = reduce(thread, gather(group.y, begin, thread, 64u));
  let deviation = inverseSqrt(moments.square / moments.count + sizes.epsilon);
  // The factors of its channels. The last group also clears the padding behind its channels.
  for (var channel = begin + thread; channel < select(end, sizes.stride, group.x == sizes.groups - 1u); channel += 64u) {
    var multiplier = deviation;
    var addend = 0.0;
    let modulated = 1.0 + load_modulation(group.y * sizes.modulation_stride + channel);
    multiplier *= modulated;
    addend = addend * modulated + load_modulation(group.y * sizes.modulation_stride + sizes.modulation_shift + channel);
    let factor = group.y * 3u * sizes.stride + channel;
    let kept = channel < end;
    store_factors(factor, select(0.0, moments.mean, kept));
    store_factors(factor + sizes.stride, select(0.0, multiplier, kept));
    store_factors(factor + 2u * sizes.stride, select(0.0, addend, kept));
  }
}
