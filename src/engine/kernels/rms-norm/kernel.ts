// RMSNorm of each run of `groupSize` channels: a whole row, or every head of it. A team of
// invocations per run sums the squares, then applies the result in a second pass. No mean is taken, so
// nothing cancels, and plain f32 sums are exact enough.
import type { Dispatch, Kernel, Lowering } from "../../kernel";
import { linearWorkgroups } from "../../kernel";
import type { RmsNorm } from "../../ops";
import { channelsOf, rowsOf, strideOf, type Tensor } from "../../tensor";
import { linearEntryPoint, wgsl } from "../../wgsl";
import { bandsOf, sourceOf } from "../bands";
import { reduceWgsl, TEAM_WORKGROUP, teamSize } from "../moments";
import { sameRows, streamSizes } from "../streams";

export function lowerRmsNorm(op: RmsNorm, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x } = op.inputs;
  const channels = channelsOf(x);
  const lanes = op.groupSize % 4 === 0 ? 4 : 1;
  const members = teamSize(op.groupSize / lanes, lowering.target);
  const runs = channels / op.groupSize;
  const streams = { x: { tensor: x, rows: sameRows }, y: { tensor: output, rows: sameRows } };
  return bandsOf(rowsOf(x), streams, lowering.target).map(({ units, windows }) => {
    const count = (units.end - units.begin) * runs;
    const kernel: Kernel = {
      name: "rms-norm",
      bindings: [
        { name: "x", access: "read", element: x.element, lanes },
        { name: "scale", access: "read", element: "weight", lanes },
        { name: "y", access: "write", element: output.element, lanes },
      ],
      sizes: {
        ...streamSizes("x", x, windows.x.begin),
        ...streamSizes("y", output, windows.y.begin),
        first_row: units.begin,
        count,
        runs,
        // In units of `lanes` channels, as are all indices of the kernel.
        length: op.groupSize / lanes,
        padding: (strideOf(x) - channels) / lanes,
      },
      scalars: { epsilon: op.epsilon, group_size: op.groupSize },
      workgroups: linearWorkgroups(Math.ceil(count / (TEAM_WORKGROUP / members))),
      code: rmsNormCode(lanes, members),
    };
    return { kernel, buffers: { x: sourceOf(windows.x), scale: { weight: op.weights.scale }, y: sourceOf(windows.y) } };
  });
}

function rmsNormCode(lanes: 1 | 4, members: number): string {
  const teams = TEAM_WORKGROUP / members;
  const stride = (name: string) => (lanes === 4 ? `(sizes.${name}_stride >> 2u)` : `sizes.${name}_stride`);
  const square = lanes === 4 ? "dot(value, value)" : "value * value";
  const zero = lanes === 4 ? "vec4<f32>(0.0)" : "0.0";
  return wgsl`
    fn plus(a: f32, b: f32) -> f32 { return a + b; }
    ${reduceWgsl("f32", "plus", TEAM_WORKGROUP, teams)}

    ${linearEntryPoint(
      TEAM_WORKGROUP,
      wgsl`
        // One team of threads works on each run of channels. Past the end, the last run is read again.
        let team = thread / ${members}u;
        let member = thread % ${members}u;
        let wanted = flat_group * ${teams}u + team;
        let run = min(wanted, sizes.count - 1u);
        let row = sizes.first_row + run / sizes.runs;
        let x_begin = (row - sizes.x_row) * ${stride("x")} + (run % sizes.runs) * sizes.length;
        let y_begin = (row - sizes.y_row) * ${stride("y")} + (run % sizes.runs) * sizes.length;

        // Sum squares. Workgroup memory is [member][team].
        var sum = 0.0;
        for (var i = member; i < sizes.length; i += ${members}u) {
          let value = load_x(x_begin + i);
          sum += ${square};
        }
        let squares = reduce(member * ${teams}u + team, sum);
        let inverse = inverseSqrt(squares / sizes.group_size + sizes.epsilon);

        // Apply, and store.
        if (wanted < sizes.count) {
          for (var i = member; i < sizes.length; i += ${members}u) {
            store_y(y_begin + i, load_x(x_begin + i) * inverse * load_scale(i));
          }
          // The last run of a row also clears the padding behind it.
          if (run % sizes.runs == sizes.runs - 1u && member == 0u) {
            for (var i = 0u; i < sizes.padding; i++) { store_y(y_begin + sizes.length + i, ${zero}); }
          }
        }
      `,
    )}
  `;
}
