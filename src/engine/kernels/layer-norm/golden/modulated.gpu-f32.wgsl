// Kernel layer-norm, dispatched in 8 x 1 x 1 workgroups.
struct Sizes { row: u32, rows: u32, channels: u32, quads: u32, xRow: u32, xStride: u32, yRow: u32, yStride: u32, modulationRow: u32, modulationStride: u32, rowsPerItem: u32, shiftBegin: u32, scaleBegin: u32, epsilon: f32 }
const sizes = Sizes(
  0u, // row
  128u, // rows
  30u, // channels
  8u, // quads
  0u, // xRow
  32u, // xStride
  0u, // yRow
  32u, // yStride
  0u, // modulationRow
  180u, // modulationStride
  64u, // rowsPerItem
  0u, // shiftBegin
  30u, // scaleBegin
  9.999999974752427e-7f, // epsilon
);

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
fn load_x(index: u32) -> vec4<f32> { return x[index]; }
@group(0) @binding(1) var<storage, read> modulation: array<f32>;
fn load_modulation(index: u32) -> f32 { return modulation[index]; }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.xRow) * sizes.xStride + channel) >> 2u); }
fn at_modulation(row: u32, channel: u32) -> f32 { return load_modulation((row - sizes.modulationRow) * sizes.modulationStride + min(channel, sizes.modulationStride - 1u)); }
fn read_modulation(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_modulation(row, channel), at_modulation(row, channel + 1u), at_modulation(row, channel + 2u), at_modulation(row, channel + 3u));
}


struct Moments { count: f32, mean: f32, square: f32 }

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

fn mask(channel: u32) -> vec4<f32> {
  return vec4<f32>(vec4<u32>(channel, channel + 1u, channel + 2u, channel + 3u) < vec4<u32>(sizes.channels));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let team = lane / 4u;
  let member = lane % 4u;
  let wanted = sizes.row + flat_workgroup(id, groups) * 16u + team;
  let row = min(wanted, sizes.rows - 1u);

  let first = read_x(row, min(member, sizes.quads - 1u) * 4u).x;
  var sum = 0.0;
  var squares = 0.0;
  var count = 0.0;
  for (var quad = member; quad < sizes.quads; quad += 4u) {
    let kept = mask(quad * 4u);
    let deviation = (read_x(row, quad * 4u) - first) * kept;
    sum += dot(deviation, vec4<f32>(1.0));
    squares += dot(deviation, deviation);
    count += dot(kept, vec4<f32>(1.0));
  }
  let moments = reduce(member * 16u + team, moments_of(count, first, sum, squares));
  let inverse = inverseSqrt(moments.square / f32(sizes.channels) + sizes.epsilon);

  if (wanted < sizes.rows) {
    for (var quad = member; quad < sizes.quads; quad += 4u) {
      var value = (read_x(row, quad * 4u) - moments.mean) * inverse;
      
      let item = row / sizes.rowsPerItem;
      value = value * (1.0 + read_modulation(item, sizes.scaleBegin + quad * 4u)) + read_modulation(item, sizes.shiftBegin + quad * 4u);
      store_y((row - sizes.yRow) * sizes.quads + quad, value * mask(quad * 4u));
    }
  }
}

