// Kernel group-norm, dispatched in 32 x 1 x 1 workgroups.
struct Sizes { pixels: u32, run: u32, columns: u32, lines: u32, x_stride: u32, second_stride: u32, seam: u32, y_stride: u32, epsilon: f32 }
@group(0) @binding(5) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec2<f32>>;
fn load_x(index: u32) -> vec2<f32> { return x[index]; }
@group(0) @binding(1) var<storage, read> second: array<vec2<f32>>;
fn load_second(index: u32) -> vec2<f32> { return second[index]; }
@group(0) @binding(2) var<storage, read> scale: array<u32>;
fn load_scale(index: u32) -> vec2<f32> { return unpack2x16float(scale[index]); }
@group(0) @binding(3) var<storage, read> shift: array<u32>;
fn load_shift(index: u32) -> vec2<f32> { return unpack2x16float(shift[index]); }
@group(0) @binding(4) var<storage, read_write> y: array<vec2<f32>>;
fn store_y(index: u32, value: vec2<f32>) { y[index] = value; }

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


// Channels `unit` of a row.
fn value_at(row: u32, unit: u32) -> vec2<f32> {
  if (unit >= sizes.seam) { return load_second(row * sizes.second_stride + unit - sizes.seam); }
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
    var sum = vec2<f32>(0.0);
    var squares = vec2<f32>(0.0);
    var count = 0.0;
    for (var pixel = line; pixel < sizes.pixels; pixel += 8u * sizes.lines) {
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
      let pixel_6 = pixel + 6u * sizes.lines;
      let read_6 = value_at(first_row + min(pixel_6, sizes.pixels - 1u), unit);
      let pixel_7 = pixel + 7u * sizes.lines;
      let read_7 = value_at(first_row + min(pixel_7, sizes.pixels - 1u), unit);
      let deviation_0 = select(vec2<f32>(0.0), read_0 - start, pixel_0 < sizes.pixels);
      sum += deviation_0;
      squares += deviation_0 * deviation_0;
      count += select(0.0, 2.0, pixel_0 < sizes.pixels);
      let deviation_1 = select(vec2<f32>(0.0), read_1 - start, pixel_1 < sizes.pixels);
      sum += deviation_1;
      squares += deviation_1 * deviation_1;
      count += select(0.0, 2.0, pixel_1 < sizes.pixels);
      let deviation_2 = select(vec2<f32>(0.0), read_2 - start, pixel_2 < sizes.pixels);
      sum += deviation_2;
      squares += deviation_2 * deviation_2;
      count += select(0.0, 2.0, pixel_2 < sizes.pixels);
      let deviation_3 = select(vec2<f32>(0.0), read_3 - start, pixel_3 < sizes.pixels);
      sum += deviation_3;
      squares += deviation_3 * deviation_3;
      count += select(0.0, 2.0, pixel_3 < sizes.pixels);
      let deviation_4 = select(vec2<f32>(0.0), read_4 - start, pixel_4 < sizes.pixels);
      sum += deviation_4;
      squares += deviation_4 * deviation_4;
      count += select(0.0, 2.0, pixel_4 < sizes.pixels);
      let deviation_5 = select(vec2<f32>(0.0), read_5 - start, pixel_5 < sizes.pixels);
      sum += deviation_5;
      squares += deviation_5 * deviation_5;
      count += select(0.0, 2.0, pixel_5 < sizes.pixels);
      let deviation_6 = select(vec2<f32>(0.0), read_6 - start, pixel_6 < sizes.pixels);
      sum += deviation_6;
      squares += deviation_6 * deviation_6;
      count += select(0.0, 2.0, pixel_6 < sizes.pixels);
      let deviation_7 = select(vec2<f32>(0.0), read_7 - start, pixel_7 < sizes.pixels);
      sum += deviation_7;
      squares += deviation_7 * deviation_7;
      count += select(0.0, 2.0, pixel_7 < sizes.pixels);
    }
    moments = merge(moments, moments_of(count, start, dot(sum, vec2<f32>(1.0)), dot(squares, vec2<f32>(1.0))));
  }
  moments = reduce(thread, moments);
  let deviation = inverseSqrt(moments.square / moments.count + sizes.epsilon);

  // Apply them, and store.
  for (var offset = column; offset < sizes.run; offset += sizes.columns) {
    let unit = begin + offset;
    var multiplier = vec2<f32>(deviation);
    var addend = vec2<f32>(0.0);
    multiplier *= load_scale(unit);
    addend = load_shift(unit);
    for (var pixel = line; pixel < sizes.pixels; pixel += 8u * sizes.lines) {
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
      let pixel_6 = pixel + 6u * sizes.lines;
      let read_6 = value_at(first_row + min(pixel_6, sizes.pixels - 1u), unit);
      let pixel_7 = pixel + 7u * sizes.lines;
      let read_7 = value_at(first_row + min(pixel_7, sizes.pixels - 1u), unit);
      if (pixel_0 < sizes.pixels) {
        store_y((first_row + pixel_0) * sizes.y_stride + unit, vec4<f32>((read_0 - moments.mean) * multiplier + addend, vec2<f32>(0.0)).xy);
      }
      if (pixel_1 < sizes.pixels) {
        store_y((first_row + pixel_1) * sizes.y_stride + unit, vec4<f32>((read_1 - moments.mean) * multiplier + addend, vec2<f32>(0.0)).xy);
      }
      if (pixel_2 < sizes.pixels) {
        store_y((first_row + pixel_2) * sizes.y_stride + unit, vec4<f32>((read_2 - moments.mean) * multiplier + addend, vec2<f32>(0.0)).xy);
      }
      if (pixel_3 < sizes.pixels) {
        store_y((first_row + pixel_3) * sizes.y_stride + unit, vec4<f32>((read_3 - moments.mean) * multiplier + addend, vec2<f32>(0.0)).xy);
      }
      if (pixel_4 < sizes.pixels) {
        store_y((first_row + pixel_4) * sizes.y_stride + unit, vec4<f32>((read_4 - moments.mean) * multiplier + addend, vec2<f32>(0.0)).xy);
      }
      if (pixel_5 < sizes.pixels) {
        store_y((first_row + pixel_5) * sizes.y_stride + unit, vec4<f32>((read_5 - moments.mean) * multiplier + addend, vec2<f32>(0.0)).xy);
      }
      if (pixel_6 < sizes.pixels) {
        store_y((first_row + pixel_6) * sizes.y_stride + unit, vec4<f32>((read_6 - moments.mean) * multiplier + addend, vec2<f32>(0.0)).xy);
      }
      if (pixel_7 < sizes.pixels) {
        store_y((first_row + pixel_7) * sizes.y_stride + unit, vec4<f32>((read_7 - moments.mean) * multiplier + addend, vec2<f32>(0.0)).xy);
      }
    }
  }
}
