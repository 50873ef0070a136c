// Kernel rms-norm, dispatched in 1 x 1 x 1 workgroups.
struct Sizes { x_row: u32, x_stride: u32, y_row: u32, y_stride: u32, first_row: u32, count: u32, runs: u32, length: u32, padding: u32, epsilon: f32, group_size: f32 }
@group(0) @binding(3) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<f32>;
fn load_x(index: u32) -> f32 { return x[index]; }
@group(0) @binding(1) var<storage, read> scale: array<u32>;
fn load_scale(index: u32) -> f32 { return unpack2x16float(scale[index >> 1u])[index & 1u]; }
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
fn store_y(index: u32, value: f32) { y[index] = value; }

fn plus(a: f32, b: f32) -> f32 { return a + b; }
fn reduce(position: u32, value: f32) -> f32 { return value; }

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let flat_group = group.x + group.y * groups.x;
  // One team of threads works on each run of channels. Past the end, the last run is read again.
  let team = thread / 1u;
  let member = thread % 1u;
  let wanted = flat_group * 64u + team;
  let run = min(wanted, sizes.count - 1u);
  let row = sizes.first_row + run / sizes.runs;
  let x_begin = (row - sizes.x_row) * sizes.x_stride + (run % sizes.runs) * sizes.length;
  let y_begin = (row - sizes.y_row) * sizes.y_stride + (run % sizes.runs) * sizes.length;

  // Sum squares. Workgroup memory is [member][team].
  var sum = 0.0;
  for (var i = member; i < sizes.length; i += 1u) {
    let value = load_x(x_begin + i);
    sum += value * value;
  }
  let squares = reduce(member * 64u + team, sum);
  let inverse = inverseSqrt(squares / sizes.group_size + sizes.epsilon);

  // Apply, and store.
  if (wanted < sizes.count) {
    for (var i = member; i < sizes.length; i += 1u) {
      store_y(y_begin + i, load_x(x_begin + i) * inverse * load_scale(i));
    }
    // The last run of a row also clears the padding behind it.
    if (run % sizes.runs == sizes.runs - 1u && member == 0u) {
      for (var i = 0u; i < sizes.padding; i++) { store_y(y_begin + sizes.length + i, 0.0); }
    }
  }
}
