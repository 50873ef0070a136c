// Kernel group-norm-chunks, dispatched in 2 x 8 x 1 workgroups.
enable f16;

struct Sizes { x_row: u32, x_stride: u32, pixels: u32, quads: u32, unit: u32, chunks: u32, chunk_pixels: u32 }
@group(0) @binding(2) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read_write> chunk: array<vec4<f32>>;
fn store_chunk(index: u32, value: vec4<f32>) { chunk[index] = value; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.x_row) * sizes.x_stride + channel) >> 2u); }

struct Moments { count: f32, mean: vec4<f32>, square: vec4<f32> }

fn merge(a: Moments, b: Moments) -> Moments {
  let count = a.count + b.count;
  let delta = b.mean - a.mean;
  let part = b.count / max(count, 1.0);
  return Moments(count, a.mean + delta * part, a.square + b.square + delta * delta * (a.count * part));
}

// From sums of deviations from a first value, and of their squares.
fn moments_of(count: f32, first: vec4<f32>, sum: vec4<f32>, squares: vec4<f32>) -> Moments {
  let divisor = max(count, 1.0);
  return Moments(count, first + sum / divisor, max(squares - sum * sum / divisor, vec4<f32>(0.0)));
}

var<workgroup> partial: array<Moments, 256>;

fn reduce(position: u32, value: Moments) -> Moments {
  partial[position] = value;
  for (var span = 128u; span >= 16u; span >>= 1u) {
    workgroupBarrier();
    if (position < span) { partial[position] = merge(partial[position], partial[position + span]); }
  }
  workgroupBarrier();
  return partial[position % 16u];
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // This thread's quad of channels, and the first of its pixels.
  let quad = group.x * 16u + thread % 16u;
  let channel = min(quad, sizes.quads - 1u) * 4u;
  let unit = sizes.unit + group.y;
  let base = (unit / sizes.chunks) * sizes.pixels;
  let begin = (unit % sizes.chunks) * sizes.chunk_pixels + thread / 16u;
  let end = min((unit % sizes.chunks + 1u) * sizes.chunk_pixels, sizes.pixels);

  // Sum deviations from the first value, and their squares.
  let first = read_x(base + min(begin, end - 1u), channel);
  var sum = vec4<f32>(0.0);
  var squares = vec4<f32>(0.0);
  var count = 0.0;
  for (var pixel = begin; pixel < end; pixel += 16u) {
    let deviation = read_x(base + pixel, channel) - first;
    sum += deviation;
    squares += deviation * deviation;
    count += 1.0;
  }

  // Merge the threads of a quad, and store its mean and square sum.
  let moments = reduce(thread, moments_of(count, first, sum, squares));
  if (thread < 16u && quad < sizes.quads) {
    store_chunk(unit * 2u * sizes.quads + quad, moments.mean);
    store_chunk((unit * 2u + 1u) * sizes.quads + quad, moments.square);
  }
}
