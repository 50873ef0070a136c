// Kernel attention, dispatched in 256 x 1 x 1 workgroups.
struct Sizes { tokens: u32, headSize: u32, quads: u32, keys: u32, qStride: u32, qOffset: u32, qHead: u32, kStride: u32, kOffset: u32, kHead: u32, vStride: u32, vOffset: u32, vHead: u32, yStride: u32, yChannels: u32, scale: f32 }
const sizes = Sizes(
  4096u, // tokens
  512u, // headSize
  128u, // quads
  4096u, // keys
  128u, // qStride
  0u, // qOffset
  128u, // qHead
  128u, // kStride
  0u, // kOffset
  128u, // kHead
  128u, // vStride
  0u, // vOffset
  128u, // vHead
  128u, // yStride
  512u, // yChannels
  0.0637587159872055f, // scale
);

@group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;
fn load_q(index: u32) -> vec4<f32> { return q[index]; }
@group(0) @binding(1) var<storage, read> k: array<vec4<f32>>;
fn load_k(index: u32) -> vec4<f32> { return k[index]; }
@group(0) @binding(2) var<storage, read> v: array<vec4<f32>>;
fn load_v(index: u32) -> vec4<f32> { return v[index]; }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }


fn quad_q(row: u32, head: u32, c: u32) -> vec4<f32> { return load_q(row * sizes.qStride + sizes.qOffset + head * sizes.qHead + c); }
fn quad_k(row: u32, head: u32, c: u32) -> vec4<f32> { return load_k(row * sizes.kStride + sizes.kOffset + head * sizes.kHead + c); }
fn quad_v(row: u32, head: u32, c: u32) -> vec4<f32> { return load_v(row * sizes.vStride + sizes.vOffset + head * sizes.vHead + c); }
fn write_y(row: u32, offset: u32, head: u32, c: u32, value: vec4<f32>) { store_y(row * sizes.yStride + offset + head * sizes.quads + c, value); }


const INVOCATIONS = 64u;
var<workgroup> staged_q: array<vec4<f32>, 80>;
var<workgroup> staged: array<vec4<f32>, 512>; // keys, then values
var<workgroup> probabilities: array<vec4<f32>, 256>; // [query][key / 4]
var<workgroup> partial: array<f32, 256>; // [query][column]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let head = id.y;
  let batch = id.z;

  let column = local % 16u;
  let first = local / 16u;
  let token0 = id.x * 16u;
  var o0_0 = vec4<f32>(0.0);
  var o0_1 = vec4<f32>(0.0);
  var o0_2 = vec4<f32>(0.0);
  var o0_3 = vec4<f32>(0.0);
  var o0_4 = vec4<f32>(0.0);
  var o0_5 = vec4<f32>(0.0);
  var o0_6 = vec4<f32>(0.0);
  var o0_7 = vec4<f32>(0.0);
  var o1_0 = vec4<f32>(0.0);
  var o1_1 = vec4<f32>(0.0);
  var o1_2 = vec4<f32>(0.0);
  var o1_3 = vec4<f32>(0.0);
  var o1_4 = vec4<f32>(0.0);
  var o1_5 = vec4<f32>(0.0);
  var o1_6 = vec4<f32>(0.0);
  var o1_7 = vec4<f32>(0.0);
  var o2_0 = vec4<f32>(0.0);
  var o2_1 = vec4<f32>(0.0);
  var o2_2 = vec4<f32>(0.0);
  var o2_3 = vec4<f32>(0.0);
  var o2_4 = vec4<f32>(0.0);
  var o2_5 = vec4<f32>(0.0);
  var o2_6 = vec4<f32>(0.0);
  var o2_7 = vec4<f32>(0.0);
  var o3_0 = vec4<f32>(0.0);
  var o3_1 = vec4<f32>(0.0);
  var o3_2 = vec4<f32>(0.0);
  var o3_3 = vec4<f32>(0.0);
  var o3_4 = vec4<f32>(0.0);
  var o3_5 = vec4<f32>(0.0);
  var o3_6 = vec4<f32>(0.0);
  var o3_7 = vec4<f32>(0.0);

  let keyEnd = sizes.keys;

  var m0 = -3.0e38; var l0 = 0.0;
  var m1 = -3.0e38; var l1 = 0.0;
  var m2 = -3.0e38; var l2 = 0.0;
  var m3 = -3.0e38; var l3 = 0.0;
  o0_0 = vec4<f32>(0.0);
  o0_1 = vec4<f32>(0.0);
  o0_2 = vec4<f32>(0.0);
  o0_3 = vec4<f32>(0.0);
  o0_4 = vec4<f32>(0.0);
  o0_5 = vec4<f32>(0.0);
  o0_6 = vec4<f32>(0.0);
  o0_7 = vec4<f32>(0.0);
  o1_0 = vec4<f32>(0.0);
  o1_1 = vec4<f32>(0.0);
  o1_2 = vec4<f32>(0.0);
  o1_3 = vec4<f32>(0.0);
  o1_4 = vec4<f32>(0.0);
  o1_5 = vec4<f32>(0.0);
  o1_6 = vec4<f32>(0.0);
  o1_7 = vec4<f32>(0.0);
  o2_0 = vec4<f32>(0.0);
  o2_1 = vec4<f32>(0.0);
  o2_2 = vec4<f32>(0.0);
  o2_3 = vec4<f32>(0.0);
  o2_4 = vec4<f32>(0.0);
  o2_5 = vec4<f32>(0.0);
  o2_6 = vec4<f32>(0.0);
  o2_7 = vec4<f32>(0.0);
  o3_0 = vec4<f32>(0.0);
  o3_1 = vec4<f32>(0.0);
  o3_2 = vec4<f32>(0.0);
  o3_3 = vec4<f32>(0.0);
  o3_4 = vec4<f32>(0.0);
  o3_5 = vec4<f32>(0.0);
  o3_6 = vec4<f32>(0.0);
  o3_7 = vec4<f32>(0.0);
  for (var start = 0u; start < keyEnd; start += 64u) {
    var s0 = vec4<f32>(0.0);
    var s1 = vec4<f32>(0.0);
    var s2 = vec4<f32>(0.0);
    var s3 = vec4<f32>(0.0);
    for (var chunk = 0u; chunk < sizes.quads; chunk += 4u) {

    for (var i = local; i < 64u; i += INVOCATIONS) {
      let row = i / 4u;
      let c = chunk + i % 4u;
      var quad = vec4<f32>(0.0);
      if (token0 + row < sizes.tokens && c < 128u) { quad = quad_q(batch * sizes.tokens + token0 + row, head, c); }
      staged_q[row * 5u + i % 4u] = quad;
    }
    for (var i = local; i < 256u; i += INVOCATIONS) {
      let row = i / 4u;
      let key = start + (row % 16u) * 4u + row / 16u;
      let c = chunk + i % 4u;
      var quad = vec4<f32>(0.0);
      if (key < keyEnd && c < 128u) { quad = quad_k(batch * sizes.keys + key, head, c); }
      staged[row * 5u + i % 4u] = quad;
    }
    workgroupBarrier();
    for (var c = 0u; c < 4u; c++) {
      let k0 = staged[(0u + column) * 5u + c];
      let k1 = staged[(16u + column) * 5u + c];
      let k2 = staged[(32u + column) * 5u + c];
      let k3 = staged[(48u + column) * 5u + c];
      let q0 = staged_q[(first + 0u) * 5u + c];
      let q1 = staged_q[(first + 4u) * 5u + c];
      let q2 = staged_q[(first + 8u) * 5u + c];
      let q3 = staged_q[(first + 12u) * 5u + c];
      s0.x = fma(q0.w, k0.w, fma(q0.z, k0.z, fma(q0.y, k0.y, fma(q0.x, k0.x, s0.x))));
      s0.y = fma(q0.w, k1.w, fma(q0.z, k1.z, fma(q0.y, k1.y, fma(q0.x, k1.x, s0.y))));
      s0.z = fma(q0.w, k2.w, fma(q0.z, k2.z, fma(q0.y, k2.y, fma(q0.x, k2.x, s0.z))));
      s0.w = fma(q0.w, k3.w, fma(q0.z, k3.z, fma(q0.y, k3.y, fma(q0.x, k3.x, s0.w))));
      s1.x = fma(q1.w, k0.w, fma(q1.z, k0.z, fma(q1.y, k0.y, fma(q1.x, k0.x, s1.x))));
      s1.y = fma(q1.w, k1.w, fma(q1.z, k1.z, fma(q1.y, k1.y, fma(q1.x, k1.x, s1.y))));
      s1.z = fma(q1.w, k2.w, fma(q1.z, k2.z, fma(q1.y, k2.y, fma(q1.x, k2.x, s1.z))));
      s1.w = fma(q1.w, k3.w, fma(q1.z, k3.z, fma(q1.y, k3.y, fma(q1.x, k3.x, s1.w))));
      s2.x = fma(q2.w, k0.w, fma(q2.z, k0.z, fma(q2.y, k0.y, fma(q2.x, k0.x, s2.x))));
      s2.y = fma(q2.w, k1.w, fma(q2.z, k1.z, fma(q2.y, k1.y, fma(q2.x, k1.x, s2.y))));
      s2.z = fma(q2.w, k2.w, fma(q2.z, k2.z, fma(q2.y, k2.y, fma(q2.x, k2.x, s2.z))));
      s2.w = fma(q2.w, k3.w, fma(q2.z, k3.z, fma(q2.y, k3.y, fma(q2.x, k3.x, s2.w))));
      s3.x = fma(q3.w, k0.w, fma(q3.z, k0.z, fma(q3.y, k0.y, fma(q3.x, k0.x, s3.x))));
      s3.y = fma(q3.w, k1.w, fma(q3.z, k1.z, fma(q3.y, k1.y, fma(q3.x, k1.x, s3.y))));
      s3.z = fma(q3.w, k2.w, fma(q3.z, k2.z, fma(q3.y, k2.y, fma(q3.x, k2.x, s3.z))));
      s3.w = fma(q3.w, k3.w, fma(q3.z, k3.z, fma(q3.y, k3.y, fma(q3.x, k3.x, s3.w))));
    }
    workgroupBarrier();
    }

    let keys = vec4<u32>(start + column * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    s0 = select(vec4<f32>(-3.0e38), s0 * sizes.scale, keys < vec4<u32>(keyEnd));
    s1 = select(vec4<f32>(-3.0e38), s1 * sizes.scale, keys < vec4<u32>(keyEnd));
    s2 = select(vec4<f32>(-3.0e38), s2 * sizes.scale, keys < vec4<u32>(keyEnd));
    s3 = select(vec4<f32>(-3.0e38), s3 * sizes.scale, keys < vec4<u32>(keyEnd));
    partial[(first + 0u) * 16u + column] = max(max(s0.x, s0.y), max(s0.z, s0.w));
    partial[(first + 4u) * 16u + column] = max(max(s1.x, s1.y), max(s1.z, s1.w));
    partial[(first + 8u) * 16u + column] = max(max(s2.x, s2.y), max(s2.z, s2.w));
    partial[(first + 12u) * 16u + column] = max(max(s3.x, s3.y), max(s3.z, s3.w));
    workgroupBarrier();

    let new0 = max(max(max(max(max(max(max(max(max(max(max(max(max(max(max(max(m0, partial[(first + 0u) * 16u + 0u]), partial[(first + 0u) * 16u + 1u]), partial[(first + 0u) * 16u + 2u]), partial[(first + 0u) * 16u + 3u]), partial[(first + 0u) * 16u + 4u]), partial[(first + 0u) * 16u + 5u]), partial[(first + 0u) * 16u + 6u]), partial[(first + 0u) * 16u + 7u]), partial[(first + 0u) * 16u + 8u]), partial[(first + 0u) * 16u + 9u]), partial[(first + 0u) * 16u + 10u]), partial[(first + 0u) * 16u + 11u]), partial[(first + 0u) * 16u + 12u]), partial[(first + 0u) * 16u + 13u]), partial[(first + 0u) * 16u + 14u]), partial[(first + 0u) * 16u + 15u]);
    let shrink0 = exp2(m0 - new0);
    let p0 = exp2(s0 - new0);
    m0 = new0;
    l0 = l0 * shrink0 + (p0.x + p0.y + p0.z + p0.w);
    probabilities[(first + 0u) * 16u + column] = p0;
    o0_0 *= shrink0;
    o0_1 *= shrink0;
    o0_2 *= shrink0;
    o0_3 *= shrink0;
    o0_4 *= shrink0;
    o0_5 *= shrink0;
    o0_6 *= shrink0;
    o0_7 *= shrink0;

    let new1 = max(max(max(max(max(max(max(max(max(max(max(max(max(max(max(max(m1, partial[(first + 4u) * 16u + 0u]), partial[(first + 4u) * 16u + 1u]), partial[(first + 4u) * 16u + 2u]), partial[(first + 4u) * 16u + 3u]), partial[(first + 4u) * 16u + 4u]), partial[(first + 4u) * 16u + 5u]), partial[(first + 4u) * 16u + 6u]), partial[(first + 4u) * 16u + 7u]), partial[(first + 4u) * 16u + 8u]), partial[(first + 4u) * 16u + 9u]), partial[(first + 4u) * 16u + 10u]), partial[(first + 4u) * 16u + 11u]), partial[(first + 4u) * 16u + 12u]), partial[(first + 4u) * 16u + 13u]), partial[(first + 4u) * 16u + 14u]), partial[(first + 4u) * 16u + 15u]);
    let shrink1 = exp2(m1 - new1);
    let p1 = exp2(s1 - new1);
    m1 = new1;
    l1 = l1 * shrink1 + (p1.x + p1.y + p1.z + p1.w);
    probabilities[(first + 4u) * 16u + column] = p1;
    o1_0 *= shrink1;
    o1_1 *= shrink1;
    o1_2 *= shrink1;
    o1_3 *= shrink1;
    o1_4 *= shrink1;
    o1_5 *= shrink1;
    o1_6 *= shrink1;
    o1_7 *= shrink1;

    let new2 = max(max(max(max(max(max(max(max(max(max(max(max(max(max(max(max(m2, partial[(first + 8u) * 16u + 0u]), partial[(first + 8u) * 16u + 1u]), partial[(first + 8u) * 16u + 2u]), partial[(first + 8u) * 16u + 3u]), partial[(first + 8u) * 16u + 4u]), partial[(first + 8u) * 16u + 5u]), partial[(first + 8u) * 16u + 6u]), partial[(first + 8u) * 16u + 7u]), partial[(first + 8u) * 16u + 8u]), partial[(first + 8u) * 16u + 9u]), partial[(first + 8u) * 16u + 10u]), partial[(first + 8u) * 16u + 11u]), partial[(first + 8u) * 16u + 12u]), partial[(first + 8u) * 16u + 13u]), partial[(first + 8u) * 16u + 14u]), partial[(first + 8u) * 16u + 15u]);
    let shrink2 = exp2(m2 - new2);
    let p2 = exp2(s2 - new2);
    m2 = new2;
    l2 = l2 * shrink2 + (p2.x + p2.y + p2.z + p2.w);
    probabilities[(first + 8u) * 16u + column] = p2;
    o2_0 *= shrink2;
    o2_1 *= shrink2;
    o2_2 *= shrink2;
    o2_3 *= shrink2;
    o2_4 *= shrink2;
    o2_5 *= shrink2;
    o2_6 *= shrink2;
    o2_7 *= shrink2;

    let new3 = max(max(max(max(max(max(max(max(max(max(max(max(max(max(max(max(m3, partial[(first + 12u) * 16u + 0u]), partial[(first + 12u) * 16u + 1u]), partial[(first + 12u) * 16u + 2u]), partial[(first + 12u) * 16u + 3u]), partial[(first + 12u) * 16u + 4u]), partial[(first + 12u) * 16u + 5u]), partial[(first + 12u) * 16u + 6u]), partial[(first + 12u) * 16u + 7u]), partial[(first + 12u) * 16u + 8u]), partial[(first + 12u) * 16u + 9u]), partial[(first + 12u) * 16u + 10u]), partial[(first + 12u) * 16u + 11u]), partial[(first + 12u) * 16u + 12u]), partial[(first + 12u) * 16u + 13u]), partial[(first + 12u) * 16u + 14u]), partial[(first + 12u) * 16u + 15u]);
    let shrink3 = exp2(m3 - new3);
    let p3 = exp2(s3 - new3);
    m3 = new3;
    l3 = l3 * shrink3 + (p3.x + p3.y + p3.z + p3.w);
    probabilities[(first + 12u) * 16u + column] = p3;
    o3_0 *= shrink3;
    o3_1 *= shrink3;
    o3_2 *= shrink3;
    o3_3 *= shrink3;
    o3_4 *= shrink3;
    o3_5 *= shrink3;
    o3_6 *= shrink3;
    o3_7 *= shrink3;
    for (var base = 0u; base < 64u; base += 4u) {
    for (var i = local; i < 512u; i += INVOCATIONS) {
      let key = start + base + i / 128u;
      var quad = vec4<f32>(0.0);
      if (key < keyEnd) { quad = quad_v(batch * sizes.keys + key, head, i % 128u); }
      staged[(i / 128u) * 128u + i % 128u] = quad;
    }
    workgroupBarrier();
    for (var r = 0u; r < 1u; r++) {
      let p0 = probabilities[(first + 0u) * 16u + (base) / 4u + r];
      let p1 = probabilities[(first + 4u) * 16u + (base) / 4u + r];
      let p2 = probabilities[(first + 8u) * 16u + (base) / 4u + r];
      let p3 = probabilities[(first + 12u) * 16u + (base) / 4u + r];
      let v0_0 = staged[(r * 4u + 0u) * 128u + 0u + column];
      o0_0 = fma(vec4<f32>(p0.x), v0_0, o0_0);
      o1_0 = fma(vec4<f32>(p1.x), v0_0, o1_0);
      o2_0 = fma(vec4<f32>(p2.x), v0_0, o2_0);
      o3_0 = fma(vec4<f32>(p3.x), v0_0, o3_0);
      let v0_1 = staged[(r * 4u + 0u) * 128u + 16u + column];
      o0_1 = fma(vec4<f32>(p0.x), v0_1, o0_1);
      o1_1 = fma(vec4<f32>(p1.x), v0_1, o1_1);
      o2_1 = fma(vec4<f32>(p2.x), v0_1, o2_1);
      o3_1 = fma(vec4<f32>(p3.x), v0_1, o3_1);
      let v0_2 = staged[(r * 4u + 0u) * 128u + 32u + column];
      o0_2 = fma(vec4<f32>(p0.x), v0_2, o0_2);
      o1_2 = fma(vec4<f32>(p1.x), v0_2, o1_2);
      o2_2 = fma(vec4<f32>(p2.x), v0_2, o2_2);
      o3_2 = fma(vec4<f32>(p3.x), v0_2, o3_2);
      let v0_3 = staged[(r * 4u + 0u) * 128u + 48u + column];
      o0_3 = fma(vec4<f32>(p0.x), v0_3, o0_3);
      o1_3 = fma(vec4<f32>(p1.x), v0_3, o1_3);
      o2_3 = fma(vec4<f32>(p2.x), v0_3, o2_3);
      o3_3 = fma(vec4<f32>(p3.x), v0_3, o3_3);
      let v0_4 = staged[(r * 4u + 0u) * 128u + 64u + column];
      o0_4 = fma(vec4<f32>(p0.x), v0_4, o0_4);
      o1_4 = fma(vec4<f32>(p1.x), v0_4, o1_4);
      o2_4 = fma(vec4<f32>(p2.x), v0_4, o2_4);
      o3_4 = fma(vec4<f32>(p3.x), v0_4, o3_4);
      let v0_5 = staged[(r * 4u + 0u) * 128u + 80u + column];
      o0_5 = fma(vec4<f32>(p0.x), v0_5, o0_5);
      o1_5 = fma(vec4<f32>(p1.x), v0_5, o1_5);
      o2_5 = fma(vec4<f32>(p2.x), v0_5, o2_5);
      o3_5 = fma(vec4<f32>(p3.x), v0_5, o3_5);
      let v0_6 = staged[(r * 4u + 0u) * 128u + 96u + column];
      o0_6 = fma(vec4<f32>(p0.x), v0_6, o0_6);
      o1_6 = fma(vec4<f32>(p1.x), v0_6, o1_6);
      o2_6 = fma(vec4<f32>(p2.x), v0_6, o2_6);
      o3_6 = fma(vec4<f32>(p3.x), v0_6, o3_6);
      let v0_7 = staged[(r * 4u + 0u) * 128u + 112u + column];
      o0_7 = fma(vec4<f32>(p0.x), v0_7, o0_7);
      o1_7 = fma(vec4<f32>(p1.x), v0_7, o1_7);
      o2_7 = fma(vec4<f32>(p2.x), v0_7, o2_7);
      o3_7 = fma(vec4<f32>(p3.x), v0_7, o3_7);
      let v1_0 = staged[(r * 4u + 1u) * 128u + 0u + column];
      o0_0 = fma(vec4<f32>(p0.y), v1_0, o0_0);
      o1_0 = fma(vec4<f32>(p1.y), v1_0, o1_0);
      o2_0 = fma(vec4<f32>(p2.y), v1_0, o2_0);
      o3_0 = fma(vec4<f32>(p3.y), v1_0, o3_0);
      let v1_1 = staged[(r * 4u + 1u) * 128u + 16u + column];
      o0_1 = fma(vec4<f32>(p0.y), v1_1, o0_1);
      o1_1 = fma(vec4<f32>(p1.y), v1_1, o1_1);
      o2_1 = fma(vec4<f32>(p2.y), v1_1, o2_1);
      o3_1 = fma(vec4<f32>(p3.y), v1_1, o3_1);
      let v1_2 = staged[(r * 4u + 1u) * 128u + 32u + column];
      o0_2 = fma(vec4<f32>(p0.y), v1_2, o0_2);
      o1_2 = fma(vec4<f32>(p1.y), v1_2, o1_2);
      o2_2 = fma(vec4<f32>(p2.y), v1_2, o2_2);
      o3_2 = fma(vec4<f32>(p3.y), v1_2, o3_2);
      let v1_3 = staged[(r * 4u + 1u) * 128u + 48u + column];
      o0_3 = fma(vec4<f32>(p0.y), v1_3, o0_3);
      o1_3 = fma(vec4<f32>(p1.y), v1_3, o1_3);
      o2_3 = fma(vec4<f32>(p2.y), v1_3, o2_3);
      o3_3 = fma(vec4<f32>(p3.y), v1_3, o3_3);
      let v1_4 = staged[(r * 4u + 1u) * 128u + 64u + column];
      o0_4 = fma(vec4<f32>(p0.y), v1_4, o0_4);
      o1_4 = fma(vec4<f32>(p1.y), v1_4, o1_4);
      o2_4 = fma(vec4<f32>(p2.y), v1_4, o2_4);
      o3_4 = fma(vec4<f32>(p3.y), v1_4, o3_4);
      let v1_5 = staged[(r * 4u + 1u) * 128u + 80u + column];
      o0_5 = fma(vec4<f32>(p0.y), v1_5, o0_5);
      o1_5 = fma(vec4<f32>(p1.y), v1_5, o1_5);
      o2_5 = fma(vec4<f32>(p2.y), v1_5, o2_5);
      o3_5 = fma(vec4<f32>(p3.y), v1_5, o3_5);
      let v1_6 = staged[(r * 4u + 1u) * 128u + 96u + column];
      o0_6 = fma(vec4<f32>(p0.y), v1_6, o0_6);
      o1_6 = fma(vec4<f32>(p1.y), v1_6, o1_6);
      o2_6 = fma(vec4<f32>(p2.y), v1_6, o2_6);
      o3_6 = fma(vec4<f32>(p3.y), v1_6, o3_6);
      let v1_7 = staged[(r * 4u + 1u) * 128u + 112u + column];
      o0_7 = fma(vec4<f32>(p0.y), v1_7, o0_7);
      o1_7 = fma(vec4<f32>(p1.y), v1_7, o1_7);
      o2_7 = fma(vec4<f32>(p2.y), v1_7, o2_7);
      o3_7 = fma(vec4<f32>(p3.y), v1_7, o3_7);
      let v2_0 = staged[(r * 4u + 2u) * 128u + 0u + column];
      o0_0 = fma(vec4<f32>(p0.z), v2_0, o0_0);
      o1_0 = fma(vec4<f32>(p1.z), v2_0, o1_0);
      o2_0 = fma(vec4<f32>(p2.z), v2_0, o2_0);
      o3_0 = fma(vec4<f32>(p3.z), v2_0, o3_0);
      let v2_1 = staged[(r * 4u + 2u) * 128u + 16u + column];
      o0_1 = fma(vec4<f32>(p0.z), v2_1, o0_1);
      o1_1 = fma(vec4<f32>(p1.z), v2_1, o1_1);
      o2_1 = fma(vec4<f32>(p2.z), v2_1, o2_1);
      o3_1 = fma(vec4<f32>(p3.z), v2_1, o3_1);
      let v2_2 = staged[(r * 4u + 2u) * 128u + 32u + column];
      o0_2 = fma(vec4<f32>(p0.z), v2_2, o0_2);
      o1_2 = fma(vec4<f32>(p1.z), v2_2, o1_2);
      o2_2 = fma(vec4<f32>(p2.z), v2_2, o2_2);
      o3_2 = fma(vec4<f32>(p3.z), v2_2, o3_2);
      let v2_3 = staged[(r * 4u + 2u) * 128u + 48u + column];
      o0_3 = fma(vec4<f32>(p0.z), v2_3, o0_3);
      o1_3 = fma(vec4<f32>(p1.z), v2_3, o1_3);
      o2_3 = fma(vec4<f32>(p2.z), v2_3, o2_3);
      o3_3 = fma(vec4<f32>(p3.z), v2_3, o3_3);
      let v2_4 = staged[(r * 4u + 2u) * 128u + 64u + column];
      o0_4 = fma(vec4<f32>(p0.z), v2_4, o0_4);
      o1_4 = fma(vec4<f32>(p1.z), v2_4, o1_4);
      o2_4 = fma(vec4<f32>(p2.z), v2_4, o2_4);
      o3_4 = fma(vec4<f32>(p3.z), v2_4, o3_4);
      let v2_5 = staged[(r * 4u + 2u) * 128u + 80u + column];
      o0_5 = fma(vec4<f32>(p0.z), v2_5, o0_5);
      o1_5 = fma(vec4<f32>(p1.z), v2_5, o1_5);
      o2_5 = fma(vec4<f32>(p2.z), v2_5, o2_5);
      o3_5 = fma(vec4<f32>(p3.z), v2_5, o3_5);
      let v2_6 = staged[(r * 4u + 2u) * 128u + 96u + column];
      o0_6 = fma(vec4<f32>(p0.z), v2_6, o0_6);
      o1_6 = fma(vec4<f32>(p1.z), v2_6, o1_6);
      o2_6 = fma(vec4<f32>(p2.z), v2_6, o2_6);
      o3_6 = fma(vec4<f32>(p3.z), v2_6, o3_6);
      let v2_7 = staged[(r * 4u + 2u) * 128u + 112u + column];
      o0_7 = fma(vec4<f32>(p0.z), v2_7, o0_7);
      o1_7 = fma(vec4<f32>(p1.z), v2_7, o1_7);
      o2_7 = fma(vec4<f32>(p2.z), v2_7, o2_7);
      o3_7 = fma(vec4<f32>(p3.z), v2_7, o3_7);
      let v3_0 = staged[(r * 4u + 3u) * 128u + 0u + column];
      o0_0 = fma(vec4<f32>(p0.w), v3_0, o0_0);
      o1_0 = fma(vec4<f32>(p1.w), v3_0, o1_0);
      o2_0 = fma(vec4<f32>(p2.w), v3_0, o2_0);
      o3_0 = fma(vec4<f32>(p3.w), v3_0, o3_0);
      let v3_1 = staged[(r * 4u + 3u) * 128u + 16u + column];
      o0_1 = fma(vec4<f32>(p0.w), v3_1, o0_1);
      o1_1 = fma(vec4<f32>(p1.w), v3_1, o1_1);
      o2_1 = fma(vec4<f32>(p2.w), v3_1, o2_1);
      o3_1 = fma(vec4<f32>(p3.w), v3_1, o3_1);
      let v3_2 = staged[(r * 4u + 3u) * 128u + 32u + column];
      o0_2 = fma(vec4<f32>(p0.w), v3_2, o0_2);
      o1_2 = fma(vec4<f32>(p1.w), v3_2, o1_2);
      o2_2 = fma(vec4<f32>(p2.w), v3_2, o2_2);
      o3_2 = fma(vec4<f32>(p3.w), v3_2, o3_2);
      let v3_3 = staged[(r * 4u + 3u) * 128u + 48u + column];
      o0_3 = fma(vec4<f32>(p0.w), v3_3, o0_3);
      o1_3 = fma(vec4<f32>(p1.w), v3_3, o1_3);
      o2_3 = fma(vec4<f32>(p2.w), v3_3, o2_3);
      o3_3 = fma(vec4<f32>(p3.w), v3_3, o3_3);
      let v3_4 = staged[(r * 4u + 3u) * 128u + 64u + column];
      o0_4 = fma(vec4<f32>(p0.w), v3_4, o0_4);
      o1_4 = fma(vec4<f32>(p1.w), v3_4, o1_4);
      o2_4 = fma(vec4<f32>(p2.w), v3_4, o2_4);
      o3_4 = fma(vec4<f32>(p3.w), v3_4, o3_4);
      let v3_5 = staged[(r * 4u + 3u) * 128u + 80u + column];
      o0_5 = fma(vec4<f32>(p0.w), v3_5, o0_5);
      o1_5 = fma(vec4<f32>(p1.w), v3_5, o1_5);
      o2_5 = fma(vec4<f32>(p2.w), v3_5, o2_5);
      o3_5 = fma(vec4<f32>(p3.w), v3_5, o3_5);
      let v3_6 = staged[(r * 4u + 3u) * 128u + 96u + column];
      o0_6 = fma(vec4<f32>(p0.w), v3_6, o0_6);
      o1_6 = fma(vec4<f32>(p1.w), v3_6, o1_6);
      o2_6 = fma(vec4<f32>(p2.w), v3_6, o2_6);
      o3_6 = fma(vec4<f32>(p3.w), v3_6, o3_6);
      let v3_7 = staged[(r * 4u + 3u) * 128u + 112u + column];
      o0_7 = fma(vec4<f32>(p0.w), v3_7, o0_7);
      o1_7 = fma(vec4<f32>(p1.w), v3_7, o1_7);
      o2_7 = fma(vec4<f32>(p2.w), v3_7, o2_7);
      o3_7 = fma(vec4<f32>(p3.w), v3_7, o3_7);
    }
    workgroupBarrier();
    }
  }
  partial[(first + 0u) * 16u + column] = l0;
  partial[(first + 4u) * 16u + column] = l1;
  partial[(first + 8u) * 16u + column] = l2;
  partial[(first + 12u) * 16u + column] = l3;
  workgroupBarrier();
  let sum0 = partial[(first + 0u) * 16u + 0u] + partial[(first + 0u) * 16u + 1u] + partial[(first + 0u) * 16u + 2u] + partial[(first + 0u) * 16u + 3u] + partial[(first + 0u) * 16u + 4u] + partial[(first + 0u) * 16u + 5u] + partial[(first + 0u) * 16u + 6u] + partial[(first + 0u) * 16u + 7u] + partial[(first + 0u) * 16u + 8u] + partial[(first + 0u) * 16u + 9u] + partial[(first + 0u) * 16u + 10u] + partial[(first + 0u) * 16u + 11u] + partial[(first + 0u) * 16u + 12u] + partial[(first + 0u) * 16u + 13u] + partial[(first + 0u) * 16u + 14u] + partial[(first + 0u) * 16u + 15u];
  let inverse0 = select(0.0, 1.0 / sum0, sum0 > 0.0);
  let sum1 = partial[(first + 4u) * 16u + 0u] + partial[(first + 4u) * 16u + 1u] + partial[(first + 4u) * 16u + 2u] + partial[(first + 4u) * 16u + 3u] + partial[(first + 4u) * 16u + 4u] + partial[(first + 4u) * 16u + 5u] + partial[(first + 4u) * 16u + 6u] + partial[(first + 4u) * 16u + 7u] + partial[(first + 4u) * 16u + 8u] + partial[(first + 4u) * 16u + 9u] + partial[(first + 4u) * 16u + 10u] + partial[(first + 4u) * 16u + 11u] + partial[(first + 4u) * 16u + 12u] + partial[(first + 4u) * 16u + 13u] + partial[(first + 4u) * 16u + 14u] + partial[(first + 4u) * 16u + 15u];
  let inverse1 = select(0.0, 1.0 / sum1, sum1 > 0.0);
  let sum2 = partial[(first + 8u) * 16u + 0u] + partial[(first + 8u) * 16u + 1u] + partial[(first + 8u) * 16u + 2u] + partial[(first + 8u) * 16u + 3u] + partial[(first + 8u) * 16u + 4u] + partial[(first + 8u) * 16u + 5u] + partial[(first + 8u) * 16u + 6u] + partial[(first + 8u) * 16u + 7u] + partial[(first + 8u) * 16u + 8u] + partial[(first + 8u) * 16u + 9u] + partial[(first + 8u) * 16u + 10u] + partial[(first + 8u) * 16u + 11u] + partial[(first + 8u) * 16u + 12u] + partial[(first + 8u) * 16u + 13u] + partial[(first + 8u) * 16u + 14u] + partial[(first + 8u) * 16u + 15u];
  let inverse2 = select(0.0, 1.0 / sum2, sum2 > 0.0);
  let sum3 = partial[(first + 12u) * 16u + 0u] + partial[(first + 12u) * 16u + 1u] + partial[(first + 12u) * 16u + 2u] + partial[(first + 12u) * 16u + 3u] + partial[(first + 12u) * 16u + 4u] + partial[(first + 12u) * 16u + 5u] + partial[(first + 12u) * 16u + 6u] + partial[(first + 12u) * 16u + 7u] + partial[(first + 12u) * 16u + 8u] + partial[(first + 12u) * 16u + 9u] + partial[(first + 12u) * 16u + 10u] + partial[(first + 12u) * 16u + 11u] + partial[(first + 12u) * 16u + 12u] + partial[(first + 12u) * 16u + 13u] + partial[(first + 12u) * 16u + 14u] + partial[(first + 12u) * 16u + 15u];
  let inverse3 = select(0.0, 1.0 / sum3, sum3 > 0.0);
  o0_0 *= inverse0;
  o0_1 *= inverse0;
  o0_2 *= inverse0;
  o0_3 *= inverse0;
  o0_4 *= inverse0;
  o0_5 *= inverse0;
  o0_6 *= inverse0;
  o0_7 *= inverse0;
  o1_0 *= inverse1;
  o1_1 *= inverse1;
  o1_2 *= inverse1;
  o1_3 *= inverse1;
  o1_4 *= inverse1;
  o1_5 *= inverse1;
  o1_6 *= inverse1;
  o1_7 *= inverse1;
  o2_0 *= inverse2;
  o2_1 *= inverse2;
  o2_2 *= inverse2;
  o2_3 *= inverse2;
  o2_4 *= inverse2;
  o2_5 *= inverse2;
  o2_6 *= inverse2;
  o2_7 *= inverse2;
  o3_0 *= inverse3;
  o3_1 *= inverse3;
  o3_2 *= inverse3;
  o3_3 *= inverse3;
  o3_4 *= inverse3;
  o3_5 *= inverse3;
  o3_6 *= inverse3;
  o3_7 *= inverse3;

  if (token0 + first + 0u < sizes.tokens) {
    write_y(batch * sizes.tokens + token0 + first + 0u, 0u, head, column + 0u, o0_0);
    write_y(batch * sizes.tokens + token0 + first + 0u, 0u, head, column + 16u, o0_1);
    write_y(batch * sizes.tokens + token0 + first + 0u, 0u, head, column + 32u, o0_2);
    write_y(batch * sizes.tokens + token0 + first + 0u, 0u, head, column + 48u, o0_3);
    write_y(batch * sizes.tokens + token0 + first + 0u, 0u, head, column + 64u, o0_4);
    write_y(batch * sizes.tokens + token0 + first + 0u, 0u, head, column + 80u, o0_5);
    write_y(batch * sizes.tokens + token0 + first + 0u, 0u, head, column + 96u, o0_6);
    write_y(batch * sizes.tokens + token0 + first + 0u, 0u, head, column + 112u, o0_7);
  }
  if (token0 + first + 4u < sizes.tokens) {
    write_y(batch * sizes.tokens + token0 + first + 4u, 0u, head, column + 0u, o1_0);
    write_y(batch * sizes.tokens + token0 + first + 4u, 0u, head, column + 16u, o1_1);
    write_y(batch * sizes.tokens + token0 + first + 4u, 0u, head, column + 32u, o1_2);
    write_y(batch * sizes.tokens + token0 + first + 4u, 0u, head, column + 48u, o1_3);
    write_y(batch * sizes.tokens + token0 + first + 4u, 0u, head, column + 64u, o1_4);
    write_y(batch * sizes.tokens + token0 + first + 4u, 0u, head, column + 80u, o1_5);
    write_y(batch * sizes.tokens + token0 + first + 4u, 0u, head, column + 96u, o1_6);
    write_y(batch * sizes.tokens + token0 + first + 4u, 0u, head, column + 112u, o1_7);
  }
  if (token0 + first + 8u < sizes.tokens) {
    write_y(batch * sizes.tokens + token0 + first + 8u, 0u, head, column + 0u, o2_0);
    write_y(batch * sizes.tokens + token0 + first + 8u, 0u, head, column + 16u, o2_1);
    write_y(batch * sizes.tokens + token0 + first + 8u, 0u, head, column + 32u, o2_2);
    write_y(batch * sizes.tokens + token0 + first + 8u, 0u, head, column + 48u, o2_3);
    write_y(batch * sizes.tokens + token0 + first + 8u, 0u, head, column + 64u, o2_4);
    write_y(batch * sizes.tokens + token0 + first + 8u, 0u, head, column + 80u, o2_5);
    write_y(batch * sizes.tokens + token0 + first + 8u, 0u, head, column + 96u, o2_6);
    write_y(batch * sizes.tokens + token0 + first + 8u, 0u, head, column + 112u, o2_7);
  }
  if (token0 + first + 12u < sizes.tokens) {
    write_y(batch * sizes.tokens + token0 + first + 12u, 0u, head, column + 0u, o3_0);
    write_y(batch * sizes.tokens + token0 + first + 12u, 0u, head, column + 16u, o3_1);
    write_y(batch * sizes.tokens + token0 + first + 12u, 0u, head, column + 32u, o3_2);
    write_y(batch * sizes.tokens + token0 + first + 12u, 0u, head, column + 48u, o3_3);
    write_y(batch * sizes.tokens + token0 + first + 12u, 0u, head, column + 64u, o3_4);
    write_y(batch * sizes.tokens + token0 + first + 12u, 0u, head, column + 80u, o3_5);
    write_y(batch * sizes.tokens + token0 + first + 12u, 0u, head, column + 96u, o3_6);
    write_y(batch * sizes.tokens + token0 + first + 12u, 0u, head, column + 112u, o3_7);
  }
}

