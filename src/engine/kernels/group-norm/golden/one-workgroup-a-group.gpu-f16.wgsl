// Kernel group-norm, dispatched in 32 x 1 x 1 workgroups.
enable f16;

struct Sizes { pixels: u32, run: u32, columns: u32, lines: u32, x_stride: u32, y_stride: u32, epsilon: f32 }
@group(0) @binding(4) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> scale: array<vec4<f16>>;
fn load_scale(index: u32) -> vec4<f32> { return vec4<f32>(scale[index]); }
@group(0) @binding(2) var<storage, read> shift: array<vec4<f16>>;
fn load_shift(index: u32) -> vec4<f32> { return vec4<f32>(shift[index]); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

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

fn activation(x: vec4<f32>) -> vec4<f32> {
  return x / (1.0 + exp(-x));
}

// Channels `unit` of a row.
fn value_at(row: u32, unit: u32) -> vec4<f32> {
  return load_x(row * sizes.x_stride + unit);
}


@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // This thread's place: channels of the group, and the first of its pixels. The last threads may have none.
  let column = thread % sizes.columns;
  let line = select(sizes.pixels, thread / sizes.columns, thread < sizes.columns * sizes.lines);
  let begin = group.x * sizes.run;
  let first_row = group.y * sizes.pixels;

  // The group's statistics, from sums of deviations from the first value.
  var moments = Moments(0.0, 0.0, 0.0);
  for (var offset = column; offset < sizes.run; offset += sizes.columns) {
    let unit = begin + offset;
    let start = value_at(first_row + min(line, sizes.pixels - 1u), unit).x;
    var sum = vec4<f32>(0.0);
    var squares = vec4<f32>(0.0);
    var count = 0.0;
    for (var pixel = line; pixel < sizes.pixels; pixel += 6u * sizes.lines) {
      let pixel_0 = pixel + 0u * sizes.lines;
      let read_0 = value_at(first_row + min(pixel_0, sizes.pixels - 1u), unit);
      let pixel_1 = pixel + 1u * sizes.lines;
      let read_1 = value_at(first_row + min(pixel_1, sizes.pixels - 1u), unit);
      let pixel_2 = pixel + 2u * sizes.lines;
      let read_2 = value_at(first_row + min(pixel_2, sizes.pixels - 1u), unit);
      let pixel_3 = pixel + 3u * sizes.lines;
      let read_3 = value_at(first_row + min(pixel_3, sizes.pixels - 1u), unit);
      let pixel_4 = pixel + 4u * sizes.lines;
      let read_4 = value_at(first_row + min(pixel_4, sizes.pixels - 1u), unit);
      let pixel_5 = pixel + 5u * sizes.lines;
      let read_5 = value_at(first_row + min(pixel_5, sizes.pixels - 1u), unit);
      let deviation_0 = select(vec4<f32>(0.0), read_0 - start, pixel_0 < sizes.pixels);
      sum += deviation_0;
      squares += deviation_0 * deviation_0;
      count += select(0.0, 4.0, pixel_0 < sizes.pixels);
      let deviation_1 = select(vec4<f32>(0.0), read_1 - start, pixel_1 < sizes.pixels);
      sum += deviation_1;
      squares += deviation_1 * deviation_1;
      count += select(0.0, 4.0, pixel_1 < sizes.pixels);
      let deviation_2 = select(vec4<f32>(0.0), read_2 - start, pixel_2 < sizes.pixels);
      sum += deviation_2;
      squares += deviation_2 * deviation_2;
      count += select(0.0, 4.0, pixel_2 < sizes.pixels);
      let deviation_3 = select(vec4<f32>(0.0), read_3 - start, pixel_3 < sizes.pixels);
      sum += deviation_3;
      squares += deviation_3 * deviation_3;
      count += select(0.0, 4.0, pixel_3 < sizes.pixels);
      let deviation_4 = select(vec4<f32>(0.0), read_4 - start, pixel_4 < sizes.pixels);
      sum += deviation_4;
      squares += deviation_4 * deviation_4;
      count += select(0.0, 4.0, pixel_4 < sizes.pixels);
      let deviation_5 = select(vec4<f32>(0.0), read_5 - start, pixel_5 < sizes.pixels);
      sum += deviation_5;
      squares += deviation_5 * deviation_5;
      count += select(0.0, 4.0, pixel_5 < sizes.pixels);
    }
    moments = merge(moments, moments_of(count, start, dot(sum, vec4<f32>(1.0)), dot(squares, vec4<f32>(1.0))));
  }
  moments = reduce(thread, moments);
  let deviation = inverseSqrt(moments.square / moments.count + sizes.epsilon);

  // Apply them, and store.
  for (var offset = column; offset < sizes.run; offset += sizes.columns) {
    let unit = begin + offset;
    var multiplier = vec4<f32>(deviation);
    var addend = vec4<f32>(0.0);
    multiplier *= load_scale(unit);
    addend = load_shift(unit);
    for (var pixel = line; pixel < sizes.pixels; pixel += 6u * sizes.lines) {
      let pixel_0 = pixel + 0u * sizes.lines;
      let read_0 = value_at(first_row + min(pixel_0, sizes.pixels - 1u), unit);
      let pixel_1 = pixel + 1u * sizes.lines;
      let read_1 = value_at(first_row + min(pixel_1, sizes.pixels - 1u), unit);
      let pixel_2 = pixel + 2u * sizes.lines;
      let read_2 = value_at(first_row + min(pixel_2, sizes.pixels - 1u), unit);
      let pixel_3 = pixel + 3u * sizes.lines;
      let read_3 = value_at(first_row + min(pixel_3, sizes.pixels - 1u), unit);
      let pixel_4 = pixel + 4u * sizes.lines;
      let read_4 = value_at(first_row + min(pixel_4, sizes.pixels - 1u), unit);
      let pixel_5 = pixel + 5u * sizes.lines;
      let read_5 = value_at(first_row + min(pixel_5, sizes.pixels - 1u), unit);
      if (pixel_0 < sizes.pixels) {
        store_y((first_row + pixel_0) * sizes.y_stride + unit, activation((read_0 - moments.mean) * multiplier + addend));
      }
      if (pixel_1 < sizes.pixels) {
        store_y((first_row + pixel_1) * sizes.y_stride + unit, activation((read_1 - moments.mean) * multiplier + addend));
      }
      if (pixel_2 < sizes.pixels) {
        store_y((first_row + pixel_2) * sizes.y_stride + unit, activation((read_2 - moments.mean) * multiplier + addend));
      }
      if (pixel_3 < sizes.pixels) {
        store_y((first_row + pixel_3) * sizes.y_stride + unit, activation((read_3 - moments.mean) * multiplier + addend));
      }
      if (pixel_4 < sizes.pixels) {
        store_y((first_row + pixel_4) * sizes.y_stride + unit, activation((read_4 - moments.mean) * multiplier + addend));
      }
      if (pixel_5 < sizes.pixels) {
        store_y((first_row + pixel_5) * sizes.y_stride + unit, activation((read_5 - moments.mean) * multiplier + addend));
      }
    }
  }
}
