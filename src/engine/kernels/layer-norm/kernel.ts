// LayerNorm over the channels of each row, affine weights and modulation optional. A team
// of invocations per row: deviations from its first value, merged as in moments.ts, then one
// pass that applies them; rows come from the cache the second time. f32 throughout.
import type { Binding, BufferSource, Dispatch, Kernel, KernelTarget, Lowering } from "../../kernel";
import { linearWorkgroups } from "../../kernel";
import type { LayerNorm } from "../../ops";
import { byteLengthOf, channelsOf, quadsOf, rowsOf, type Tensor } from "../../tensor";
import { linearEntryPoint, wgsl } from "../../wgsl";
import { bandsOf, sourceOf, type Stream } from "../bands";
import { momentsWgsl, TEAM_WORKGROUP, teamSize } from "../moments";
import { itemRows, sameRows, streamSizes, streamWgsl } from "../streams";

/** Whether the norm can add up the parts that x is left in: one dispatch does all rows, and has bindings to spare. */
export function layerNormAddsUpParts({ inputs }: LayerNorm, target: KernelTarget): boolean {
  return target.traits.normalisesRowsInTeams && !inputs.modulation && byteLengthOf(inputs.x, target.format) <= target.bindingBytes;
}

export function lowerLayerNorm(op: LayerNorm, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x, modulation } = op.inputs;
  const { scale, shift } = op.weights;
  const channels = channelsOf(x);
  const rowsPerItem = modulation ? rowsOf(x) / rowsOf(modulation) : rowsOf(x);
  const aligned = channels % 4 === 0;
  const affine = scale !== undefined && shift !== undefined;
  const parts = lowering.parts.get(x.id);
  const teams = TEAM_WORKGROUP / teamSize(quadsOf(x), lowering.target);
  const bindings: readonly Binding[] = [
    ...(parts?.bindings ?? []),
    { name: "x", access: parts ? "update" : "read", element: x.element, lanes: 4 },
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
    const buffers: Record<string, BufferSource> = {
      ...parts?.buffers,
      ...(affine ? { scale: { weight: scale }, shift: { weight: shift } } : {}),
    };
    const sizes: Record<string, number> = { first_row: units.begin, end_row: units.end, channels, quads: quadsOf(x), ...parts?.sizes };
    for (const [name, window] of Object.entries(windows)) {
      buffers[name] = sourceOf(window);
      Object.assign(sizes, streamSizes(name, window.tensor, window.begin));
    }
    if (modulation) {
      Object.assign(sizes, { rows_per_item: rowsPerItem, shift_begin: op.shiftChunk * channels, scale_begin: op.scaleChunk * channels });
    }
    const kernel: Kernel = {
      name: "layer-norm",
      bindings,
      sizes,
      scalars: { epsilon: op.epsilon },
      workgroups: linearWorkgroups(Math.ceil((units.end - units.begin) / teams)),
      code: layerNormCode({ teams, affine, modulated: modulation !== undefined, aligned, parts: parts?.code ?? "" }),
    };
    return { kernel, buffers };
  });
}

interface Flags {
  readonly teams: number;
  readonly affine: boolean;
  readonly modulated: boolean;
  readonly aligned: boolean;
  /** `summed`, where x is left in parts. */
  readonly parts: string;
}

function layerNormCode({ teams, affine, modulated, aligned, parts }: Flags): string {
  const members = TEAM_WORKGROUP / teams;
  const first = (quad: string) => (parts === "" ? `read_x(row, ${quad} * 4u)` : `summed(row, ${quad})`);
  return wgsl`
    ${streamWgsl("x", true)}
    ${modulated ? streamWgsl("modulation", aligned) : ""}
    ${parts}

    ${momentsWgsl({ lanes: 1, threads: TEAM_WORKGROUP, teams })}

    // 1 for channels, 0 for the padding behind them.
    fn mask(channel: u32) -> vec4<f32> {
      return vec4<f32>(vec4<u32>(channel, channel + 1u, channel + 2u, channel + 3u) < vec4<u32>(sizes.channels));
    }

    ${linearEntryPoint(
      TEAM_WORKGROUP,
      wgsl`
        // One team of threads works on each row, and neighbours read neighbouring quads. Past the end, the last row is read again.
        let team = thread / ${members}u;
        let member = thread % ${members}u;
        let wanted = sizes.first_row + flat_group * ${teams}u + team;
        let row = min(wanted, sizes.end_row - 1u);

        // Sum deviations from the first value, and their squares.
        let first = ${first("min(member, sizes.quads - 1u)")}.x;
        var sum = 0.0;
        var squares = 0.0;
        var count = 0.0;
        for (var quad = member; quad < sizes.quads; quad += ${members}u) {
          let kept = mask(quad * 4u);
          let value = ${first("quad")};
          ${parts === "" ? "" : "if (wanted < sizes.end_row) { store_x(row * sizes.quads + quad, value); }"}
          let deviation = (value - first) * kept;
          sum += dot(deviation, vec4<f32>(1.0));
          squares += dot(deviation, deviation);
          count += dot(kept, vec4<f32>(1.0));
        }
        // Workgroup memory is [member][team].
        let moments = reduce(member * ${teams}u + team, moments_of(count, first, sum, squares));
        let inverse = inverseSqrt(moments.square / f32(sizes.channels) + sizes.epsilon);

        // Apply, and store.
        if (wanted < sizes.end_row) {
          for (var quad = member; quad < sizes.quads; quad += ${members}u) {
            var value = (read_x(row, quad * 4u) - moments.mean) * inverse;
            ${affine ? "value = value * load_scale(quad) + load_shift(quad);" : ""}
            ${modulated ? MODULATE : ""}
            store_y((row - sizes.y_row) * sizes.quads + quad, value * mask(quad * 4u));
          }
        }
      `,
    )}
  `;
}

const MODULATE = wgsl`
  let item = row / sizes.rows_per_item;
  value = value * (1.0 + read_modulation(item, sizes.scale_begin + quad * 4u)) + read_modulation(item, sizes.shift_begin + quad * 4u);
`;
