// Kernel group-norm-groups, dispatched in 32 x 1 x 1 workgroups.
struct Sizes { x_row: u32, x_stride: u32, second_row: u32, second_stride: u32, seam: u32, pixels: u32, group_size: u32, groups: u32, run: u32, stride: u32, chunks: u32, chunk_pixels: u32, epsilon: f32 }
const sizes = Sizes(
  0u, // x_row
  320u, // x_stride
  0u, // second_row
  640u, // second_stride
  320u, // seam
  4096u, // pixels
  30u, // group_size
  32u, // groups
  30u, // run
  960u, // stride
  32u, // chunks
  128u, // chunk_pixels
  0.000009999999747378752f, // epsilon
);

@group(0) @binding(0) var<storage, read> x: array<f32>;
fn load_x(index: u32) -> f32 { return x[index]; }
@group(0) @binding(1) var<storage, read> second: array<f32>;
fn load_second(index: u32) -> f32 { return second[index]; }
@group(0) @binding(2) var<storage, read> scale: array<u32>;
fn load_scale(index: u32) -> f32 { return unpack2x16float(scale[index >> 1u])[index & 1u]; }
@group(0) @binding(3) var<storage, read> shift: array<u32>;
fn load_shift(index: u32) -> f32 { return unpack2x16float(shift[index >> 1u])[index & 1u]; }
@group(0) @binding(4) var<storage, read_write> factors: array<f32>;
fn store_factors(index: u32, value: f32) { factors[index] = value; }

fn at_x(row: u32, channel: u32) -> f32 { return load_x((row - sizes.x_row) * sizes.x_stride + min(channel, sizes.x_stride - 1u)); }
fn read_x(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_x(row, channel), at_x(row, channel + 1u), at_x(row, channel + 2u), at_x(row, channel + 3u));
}
fn at_second(row: u32, channel: u32) -> f32 { return load_second((row - sizes.second_row) * sizes.second_stride + min(channel, sizes.second_stride - 1u)); }
fn read_second(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_second(row, channel), at_second(row, channel + 1u), at_second(row, channel + 2u), at_second(row, channel + 3u));
}
fn at_joined(row: u32, channel: u32) -> f32 {
  if (channel < sizes.seam) { return at_x(row, channel); }
  return at_second(row, channel - sizes.seam);
}
fn read_joined(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_joined(row, channel), at_joined(row, channel + 1u), at_joined(row, channel + 2u), at_joined(row, channel + 3u));
}

struct Moments { count: f32, mean: f32, square: f32 }

// From sums of deviations from a first value, and of their squares.
fn moments_of(count: f32, first: f32, sum: f32, squares: f32) -> Moments {
  let divisor = max(count, 1.0);
  return Moments(count, first + sum / divisor, max(squares - sum * sum / divisor, f32(0.0)));
}

fn merge(a: Moments, b: Moments) -> Moments {
  let count = a.count + b.count;
  let delta = b.mean - a.mean;
  let part = b.count / max(count, 1.0);
  return Moments(count, a.mean + delta * part, a.square + b.square + delta * delta * (a.count * part));
}

var<workgroup> partial: array<Moments, 256>;

fn reduce(position: u32, value: Moments) -> Moments {
  partial[position] = value;
  for (var span = 128u; span >= 1u; span >>= 1u) {
    workgroupBarrier();
    if (position < span) { partial[position] = merge(partial[position], partial[position + span]); }
  }
  workgroupBarrier();
  return partial[position % 1u];
}

// One thread's share of a group: every step-th element, or quad, of its rows.
fn gather(item: u32, begin: u32, lane: u32, step: u32) -> Moments {
  var row = lane / sizes.run;
  var offset = lane % sizes.run;
  var moments = Moments(0.0, 0.0, 0.0);
  while (row < sizes.chunks) {
    let line = (item * sizes.chunks + row) * 2u;
    let count = min(sizes.chunk_pixels, sizes.pixels - row * sizes.chunk_pixels);
    moments = merge(moments, Moments(f32(count), at_joined(line, begin + offset), at_joined(line + 1u, begin + offset)));
    row += step / sizes.run;
    offset += step % sizes.run;
    if (offset >= sizes.run) { offset -= sizes.run; row += 1u; }
  }
  return moments;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // The group's statistics, from all threads.
  let begin = group.x * sizes.group_size;
  let end = begin + sizes.group_size;
  let moments = reduce(thread, gather(group.y, begin, thread, 256u));
  let deviation = inverseSqrt(moments.square / moments.count + sizes.epsilon);
  // The factors of its channels. The last group also clears the padding behind its channels.
  for (var channel = begin + thread; channel < select(end, sizes.stride, group.x == sizes.groups - 1u); channel += 256u) {
    var multiplier = deviation;
    var addend = 0.0;
    multiplier *= load_scale(channel);
    addend = load_shift(channel);
    let factor = group.y * 3u * sizes.stride + channel;
    let kept = channel < end;
    store_factors(factor, select(0.0, moments.mean, kept));
    store_factors(factor + sizes.stride, select(0.0, multiplier, kept));
    store_factors(factor + 2u * sizes.stride, select(0.0, addend, kept));
  }
}
