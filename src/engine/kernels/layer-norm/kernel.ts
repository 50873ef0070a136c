// LayerNorm over the channels of each row, affine weights and modulation optional. A team
// of invocations per row: deviations from its first value, merged as in moments.ts, then one
// pass that applies them; rows come from the cache the second time. f32 throughout.
import type { Binding, BufferSource, Dispatch, Kernel, Lowering } from "../../kernel";
import { linearWorkgroups } from "../../kernel";
import type { LayerNorm } from "../../ops";
import { channelsOf, quadsOf, rowsOf, type Tensor } from "../../tensor";
import { bandsOf, sourceOf, type Stream } from "../bands";
import { momentsWgsl, TEAM_WORKGROUP, teamSize } from "../moments";
import { itemRows, sameRows, streamSizes, streamWgsl } from "../rowwise";

export function lowerLayerNorm(op: LayerNorm, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x, modulation } = op.inputs;
  const { scale, shift } = op.weights;
  const channels = channelsOf(x);
  const rowsPerItem = modulation ? rowsOf(x) / rowsOf(modulation) : rowsOf(x);
  const aligned = channels % 4 === 0;
  const affine = scale !== undefined && shift !== undefined;
  const teams = TEAM_WORKGROUP / teamSize(quadsOf(x), lowering.target);
  const bindings: readonly Binding[] = [
    { name: "x", access: "read", element: x.element, lanes: 4 },
    ...(affine
      ? ([
          { name: "scale", access: "read", element: "weight", lanes: 4 },
          { name: "shift", access: "read", element: "weight", lanes: 4 },
        ] as const)
      : []),
    ...(modulation ? [{ name: "modulation", access: "read", element: modulation.element, lanes: aligned ? 4 : 1 } as const] : []),
    { name: "y", access: "write", element: output.element, lanes: 4 },
  ];
  const streams: Readonly<Record<string, Stream>> = {
    x: { tensor: x, rows: sameRows },
    y: { tensor: output, rows: sameRows },
    ...(modulation ? { modulation: { tensor: modulation, rows: itemRows(rowsPerItem) } } : {}),
  };
  return bandsOf(rowsOf(x), streams, lowering.target).map(({ units, windows }) => {
    const buffers: Record<string, BufferSource> = affine ? { scale: { weight: scale }, shift: { weight: shift } } : {};
    const sizes: Record<string, number> = { row: units.begin, rows: units.end, channels, quads: quadsOf(x) };
    for (const [name, window] of Object.entries(windows)) {
      buffers[name] = sourceOf(window);
      Object.assign(sizes, streamSizes(name, window.tensor, window.begin));
    }
    if (modulation) {
      Object.assign(sizes, { rowsPerItem, shiftBegin: op.shiftChunk * channels, scaleBegin: op.scaleChunk * channels });
    }
    const kernel: Kernel = {
      name: "layer-norm",
      bindings,
      sizes,
      scalars: { epsilon: op.epsilon },
      workgroups: linearWorkgroups(Math.ceil((units.end - units.begin) / teams)),
      code: layerNormCode({ teams, affine, modulated: modulation !== undefined, aligned }),
    };
    return { kernel, buffers };
  });
}

interface Flags {
  readonly teams: number;
  readonly affine: boolean;
  readonly modulated: boolean;
  readonly aligned: boolean;
}

function layerNormCode({ teams, affine, modulated, aligned }: Flags): string {
  const members = TEAM_WORKGROUP / teams;
  // Workgroup memory is [member][team]; neighbouring invocations read neighbouring quads of a row.
  return `${streamWgsl("x", true)}${modulated ? streamWgsl("modulation", aligned) : ""}
${momentsWgsl({ lanes: 1, invocations: TEAM_WORKGROUP, teams })}
fn mask(channel: u32) -> vec4<f32> {
  return vec4<f32>(vec4<u32>(channel, channel + 1u, channel + 2u, channel + 3u) < vec4<u32>(sizes.channels));
}

@compute @workgroup_size(${TEAM_WORKGROUP})
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let team = lane / ${members}u;
  let member = lane % ${members}u;
  let wanted = sizes.row + flat_workgroup(id, groups) * ${teams}u + team;
  let row = min(wanted, sizes.rows - 1u);

  let first = read_x(row, min(member, sizes.quads - 1u) * 4u).x;
  var sum = 0.0;
  var squares = 0.0;
  var count = 0.0;
  for (var quad = member; quad < sizes.quads; quad += ${members}u) {
    let kept = mask(quad * 4u);
    let deviation = (read_x(row, quad * 4u) - first) * kept;
    sum += dot(deviation, vec4<f32>(1.0));
    squares += dot(deviation, deviation);
    count += dot(kept, vec4<f32>(1.0));
  }
  let moments = reduce(member * ${teams}u + team, moments_of(count, first, sum, squares));
  let inverse = inverseSqrt(moments.square / f32(sizes.channels) + sizes.epsilon);

  if (wanted < sizes.rows) {
    for (var quad = member; quad < sizes.quads; quad += ${members}u) {
      var value = (read_x(row, quad * 4u) - moments.mean) * inverse;
      ${affine ? "value = value * load_scale(quad) + load_shift(quad);" : ""}
      ${modulated ? MODULATE : ""}
      store_y((row - sizes.yRow) * sizes.quads + quad, value * mask(quad * 4u));
    }
  }
}
`;
}

const MODULATE = `let item = row / sizes.rowsPerItem;
      value = value * (1.0 + read_modulation(item, sizes.scaleBegin + quad * 4u)) + read_modulation(item, sizes.shiftBegin + quad * 4u);`;
