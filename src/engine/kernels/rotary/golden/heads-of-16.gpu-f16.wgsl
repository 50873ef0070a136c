// Kernel rotary, dispatched in 64 x 1 x 1 workgroups.
enable f16;

struct Sizes { count: u32, quads: u32, tokens: u32 }
@group(0) @binding(2) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

// Turns a position for each pair of a head: high part (12 bits), low part.
const turns_by_pair = array<vec2<f32>, 8>(
  vec2<f32>(f32(0.1591796875), f32(-0.00002474440771038644)),
  vec2<f32>(f32(0.050323486328125), f32(0.000005725776190956822)),
  vec2<f32>(f32(0.0159149169921875), f32(5.773169959866209e-7)),
  vec2<f32>(f32(0.0050334930419921875), f32(-5.718315492231341e-7)),
  vec2<f32>(f32(0.0015916824340820312), f32(-1.330031693669298e-7)),
  vec2<f32>(f32(0.0005033016204833984), f32(-9.499438569093854e-9)),
  vec2<f32>(f32(0.00015914440155029297), f32(1.054154186164169e-8)),
  vec2<f32>(f32(0.00005033612251281738), f32(-6.910408245630606e-9))
);

// Cosine and sine of 2 pi (high + low) position; high * position is exact.
fn rotation(position: f32, pair: u32) -> vec2<f32> {
  let step = turns_by_pair[pair];
  let turns = fract(fract(step.x * position) + step.y * position);
  let quadrant = floor(turns * 4.0 + 0.5);
  let a = (turns - quadrant * 0.25) * 6.283185307179586;
  let a2 = a * a;
  let s = a * (1.0 + a2 * (-0.16666667 + a2 * (0.008333333 + a2 * (-0.00019841270 + a2 * 2.7557319e-6))));
  let c = 1.0 + a2 * (-0.5 + a2 * (0.041666668 + a2 * (-0.0013888889 + a2 * 2.4801587e-5)));
  switch (u32(quadrant) & 3u) {
    case 0u: { return vec2<f32>(c, s); }
    case 1u: { return vec2<f32>(-s, c); }
    case 2u: { return vec2<f32>(-c, -s); }
    default: { return vec2<f32>(s, -c); }
  }
}

fn turn(value: vec2<f32>, by: vec2<f32>) -> vec2<f32> {
  return vec2<f32>(value.x * by.x - value.y * by.y, value.x * by.y + value.y * by.x);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let flat_group = group.x + group.y * groups.x;
  // This thread's quad: two pairs of channels of one token.
  let index = flat_group * 64u + thread;
  if (index >= sizes.count) { return; }
  let position = f32((index / sizes.quads) % sizes.tokens);
  let pair = (index % sizes.quads) * 2u;
  // Turn both by their angles, and store.
  let value = load_x(index);
  let first = turn(value.xy, rotation(position, pair % 8u));
  let second = turn(value.zw, rotation(position, (pair + 1u) % 8u));
  store_y(index, vec4<f32>(first, second));
}
