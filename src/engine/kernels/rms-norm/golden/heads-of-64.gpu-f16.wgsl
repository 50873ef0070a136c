// Kernel rms-norm, dispatched in 192 x 1 x 1 workgroups.
enable f16;

struct Sizes { xRow: u32, xStride: u32, yRow: u32, yStride: u32, row: u32, count: u32, runs: u32, length: u32, padding: u32, epsilon: f32, groupSize: f32 }
const sizes = Sizes(
  0u, // xRow
  384u, // xStride
  0u, // yRow
  384u, // yStride
  0u, // row
  1536u, // count
  6u, // runs
  16u, // length
  0u, // padding
  9.999999974752427e-7f, // epsilon
  64.0f, // groupSize
);

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> scale: array<vec4<f16>>;
fn load_scale(index: u32) -> vec4<f32> { return vec4<f32>(scale[index]); }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }


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
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let team = lane / 8u;
  let member = lane % 8u;
  let wanted = flat_workgroup(id, groups) * 8u + team;
  let run = min(wanted, sizes.count - 1u);
  let row = sizes.row + run / sizes.runs;
  let x_begin = (row - sizes.xRow) * (sizes.xStride >> 2u) + (run % sizes.runs) * sizes.length;
  let y_begin = (row - sizes.yRow) * (sizes.yStride >> 2u) + (run % sizes.runs) * sizes.length;

  var sum = 0.0;
  for (var i = member; i < sizes.length; i += 8u) {
    let value = load_x(x_begin + i);
    sum += dot(value, value);
  }
  let squares = reduce(member * 8u + team, sum);
  let inverse = inverseSqrt(squares / sizes.groupSize + sizes.epsilon);

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

