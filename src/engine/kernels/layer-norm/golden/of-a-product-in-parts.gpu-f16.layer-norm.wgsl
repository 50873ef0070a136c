// Kernel layer-norm, dispatched in 64 x 1 x 1 workgroups.
enable f16;

struct Sizes { first_row: u32, end_row: u32, channels: u32, quads: u32, parts: u32, part_quads: u32, output_quads: u32, x_row: u32, x_stride: u32, y_row: u32, y_stride: u32, epsilon: f32 }
@group(0) @binding(6) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> part_sums: array<vec4<f32>>;
fn load_part_sums(index: u32) -> vec4<f32> { return part_sums[index]; }
@group(0) @binding(1) var<storage, read> bias: array<vec4<f16>>;
fn load_bias(index: u32) -> vec4<f32> { return vec4<f32>(bias[index]); }
@group(0) @binding(2) var<storage, read_write> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
fn store_x(index: u32, value: vec4<f32>) { x[index] = vec4<f16>(value); }
@group(0) @binding(3) var<storage, read> scale: array<vec4<f16>>;
fn load_scale(index: u32) -> vec4<f32> { return vec4<f32>(scale[index]); }
@group(0) @binding(4) var<storage, read> shift: array<vec4<f16>>;
fn load_shift(index: u32) -> vec4<f32> { return vec4<f32>(shift[index]); }
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.x_row) * sizes.x_stride + channel) >> 2u); }
// What becomes of four sums before they are stored.
fn finished(row: u32, quad: u32, value: vec4<f32>) -> vec4<f32> {
  var result = value + load_bias(quad);
  let index = row * sizes.output_quads + quad;
  return result;
}

// Four channels of the product's result: its parts, added in their order, always the same.
fn summed(row: u32, quad: u32) -> vec4<f32> {
  var sum = vec4<f32>(0.0);
  for (var part = 0u; part < sizes.parts; part++) {
    sum += load_part_sums(part * sizes.part_quads + row * sizes.output_quads + quad);
  }
  return finished(row, quad, sum);
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
  let team = thread / 64u;
  let member = thread % 64u;
  let wanted = sizes.first_row + flat_group * 1u + team;
  let row = min(wanted, sizes.end_row - 1u);

  // Sum deviations from the first value, and their squares.
  let first = summed(row, min(member, sizes.quads - 1u)).x;
  var sum = 0.0;
  var squares = 0.0;
  var count = 0.0;
  for (var quad = member; quad < sizes.quads; quad += 64u) {
    let kept = mask(quad * 4u);
    let value = summed(row, quad);
    if (wanted < sizes.end_row) { store_x(row * sizes.quads + quad, value); }
    let deviation = (value - first) * kept;
    sum += dot(deviation, vec4<f32>(1.0));
    squares += dot(deviation, deviation);
    count += dot(kept, vec4<f32>(1.0));
  }
  // Workgroup memory is [member][team].
  let moments = reduce(member * 1u + team, moments_of(count, first, sum, squares));
  let inverse = inverseSqrt(moments.square / f32(sizes.channels) + sizes.epsilon);

  // Apply, and store.
  if (wanted < sizes.end_row) {
    for (var quad = member; quad < sizes.quads; quad += 64u) {
      var value = (read_x(row, quad * 4u) - moments.mean) * inverse;
      value = value * load_scale(quad) + load_shift(quad);
      store_y((row - sizes.y_row) * sizes.quads + quad, value * mask(quad * 4u));
    }
  }
}
