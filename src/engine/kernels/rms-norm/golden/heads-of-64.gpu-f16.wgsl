// Kernel rms-norm, dispatched in 192 x 1 x 1 workgroups.
enable f16;

struct Sizes { x_row: u32, x_stride: u32, y_row: u32, y_stride: u32, first_row: u32, count: u32, runs: u32, length: u32, padding: u32, epsilon: f32, group_size: f32 }
@group(0) @binding(3) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> scale: array<vec4<f16>>;
fn load_scale(index: u32) -> vec4<f32> { return vec4<f32>(scale[index]); }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn plus(a: f32, b: f32) -> f32 { return a + b; }
var<workgroup> partial: array<f32, 64>;

fn reduce(position: u32, value: f32) -> f32 {
  partial[position] = value;
  for (var span = 32u; span >= 8u; span >>= 1u) {
    workgroupBarrier();
    if (position < span) { partial[position] = plus(partial[position], partial[position + span]); }
  }
  workgroupBarrier();
  return partial[position % 8u];
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let flat_group = group.x + group.y * groups.x;
  // One team of threads works on each run of channels. Past the end, the last run is read again.
  let team = thread / 8u;
  let member = thread % 8u;
  let wanted = flat_group * 8u + team;
  let run = min(wanted, sizes.count - 1u);
  let row = sizes.first_row + run / sizes.runs;
  let x_begin = (row - sizes.x_row) * (sizes.x_stride >> 2u) + (run % sizes.runs) * sizes.length;
  let y_begin = (row - sizes.y_row) * (sizes.y_stride >> 2u) + (run % sizes.runs) * sizes.length;

  // Sum squares. Workgroup memory is [member][team].
  var sum = 0.0;
  for (var i = member; i < sizes.length; i += 8u) {
    let value = load_x(x_begin + i);
    sum += dot(value, value);
  }
  let squares = reduce(member * 8u + team, sum);
  let inverse = inverseSqrt(squares / sizes.group_size + sizes.epsilon);

  // Apply, and store.
  if (wanted < sizes.count) {
    for (var i = member; i < sizes.length; i += 8u) {
      store_y(y_begin + i, load_x(x_begin + i) * inverse * load_scale(i));
    }
    // The last run of a row also clears the padding behind it.
    if (run % sizes.runs == sizes.runs - 1u && member == 0u) {
      for (var i = 0u; i < sizes.padding; i++) { store_y(y_begin + sizes.length + i, vec4<f32>(0.0)); }
    }
  }
}
