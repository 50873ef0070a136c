// Kernel layer-norm, dispatched in 8 x 1 x 1 workgroups.
struct Sizes { first_row: u32, end_row: u32, channels: u32, quads: u32, x_row: u32, x_stride: u32, y_row: u32, y_stride: u32, modulation_row: u32, modulation_stride: u32, rows_per_item: u32, shift_begin: u32, scale_begin: u32, epsilon: f32 }
@group(0) @binding(3) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
fn load_x(index: u32) -> vec4<f32> { return x[index]; }
@group(0) @binding(1) var<storage, read> modulation: array<f32>;
fn load_modulation(index: u32) -> f32 { return modulation[index]; }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.x_row) * sizes.x_stride + channel) >> 2u); }
fn at_modulation(row: u32, channel: u32) -> f32 { return load_modulation((row - sizes.modulation_row) * sizes.modulation_stride + min(channel, sizes.modulation_stride - 1u)); }
fn read_modulation(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_modulation(row, channel), at_modulation(row, channel + 1u), at_modulation(row, channel + 2u), at_modulation(row, channel + 3u));
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
  for (var span = 32u; span >= 16u; span >>= 1u) {
    workgroupBarrier();
    if (position < span) { partial[position] = merge(partial[position], partial[position + span]); }
  }
  workgroupBarrier();
  return partial[position % 16u];
}

// 1 for channels, 0 for the padding behind them.
fn mask(channel: u32) -> vec4<f32> {
  return vec4<f32>(vec4<u32>(channel, channel + 1u, channel + 2u, channel + 3u) < vec4<u32>(sizes.channels));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let flat_group = group.x + group.y * groups.x;
  // One team of threads works on each row, and neighbours read neighbouring quads. Past the end, the last row is read again.
  let team = thread / 4u;
  let member = thread % 4u;
  let wanted = sizes.first_row + flat_group * 16u + team;
  let row = min(wanted, sizes.end_row - 1u);

  // Sum deviations from the first value, and their squares.
  let first = read_x(row, min(member, sizes.quads - 1u) * 4u).x;
  var sum = 0.0;
  var squares = 0.0;
  var count = 0.0;
  for (var quad = member; quad < sizes.quads; quad += 4u) {
    let kept = mask(quad * 4u);
    let value = read_x(row, quad * 4u);
    let deviation = (value - first) * kept;
    sum += dot(deviation, vec4<f32>(1.0));
    squares += dot(deviation, deviation);
    count += dot(kept, vec4<f32>(1.0));
  }
  // Workgroup memory is [member][team].
  let moments = reduce(member * 16u + team, moments_of(count, first, sum, squares));
  let inverse = inverseSqrt(moments.square / f32(sizes.channels) + sizes.epsilon);

  // Apply, and store.
  if (wanted < sizes.end_row) {
    for (var quad = member; quad < sizes.quads; quad += 4u) {
      var value = (read_x(row, quad * 4u) - moments.mean) * inverse;
      let item = row / sizes.rows_per_item;
      value = value * (1.0 + read_modulation(item, sizes.scale_begin + quad * 4u)) + read_modulation(item, sizes.shift_begin + quad * 4u);
      store_y((row - sizes.y_row) * sizes.quads + quad, value * mask(quad * 4u));
    }
  }
}
