// Rotary position embedding over interleaved pairs, position = token index below 4096.
// WGSL's own sin, cos and exp2 may be off by 2^-11 and position * frequency in f32 by more, so
// angles are counted in turns, split into two parts of which the first multiplies exactly, and
// sine and cosine are polynomials on an eighth of a turn: error about 3e-7 on any adapter.
import type { Dispatch, Kernel, Lowering } from "../../kernel";
import { linearWorkgroups } from "../../kernel";
import type { Rotary } from "../../ops";
import { axis, quadsOf, rowsOf, type Tensor } from "../../tensor";
import { linearEntryPoint, wgsl } from "../../wgsl";

export function lowerRotary(op: Rotary, output: Tensor, _lowering: Lowering): readonly Dispatch[] {
  return [{ kernel: rotary(op), buffers: { x: { tensor: op.inputs.x }, y: { tensor: output } } }];
}

const THREADS = 64;

/** One invocation turns one quad, which is two pairs. x, y: `[batch, tokens, heads * headSize]`. */
function rotary({ headSize, theta, inputs: { x } }: Rotary): Kernel {
  const count = rowsOf(x) * quadsOf(x);
  const pairs = headSize / 2;
  const turns = Array.from({ length: pairs }, (_, i) => splitTurns(theta ** ((-2 * i) / headSize) / (2 * Math.PI)));
  return {
    name: "rotary",
    bindings: [
      { name: "x", access: "read", element: "activation", lanes: 4 },
      { name: "y", access: "write", element: "activation", lanes: 4 },
    ],
    sizes: { count, quads: quadsOf(x), tokens: axis(x, -2) },
    workgroups: linearWorkgroups(Math.ceil(count / THREADS)),
    code: wgsl`
      // Turns a position for each pair of a head: high part (12 bits), low part.
      const turns_by_pair = array<vec2<f32>, ${pairs}>(
        ${turns.map(([high, low]) => `vec2<f32>(${float(high)}, ${float(low)})`).join(",\n")}
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

      ${linearEntryPoint(
        THREADS,
        wgsl`
          // This thread's quad: two pairs of channels of one token.
          let index = flat_group * ${THREADS}u + thread;
          if (index >= sizes.count) { return; }
          let position = f32((index / sizes.quads) % sizes.tokens);
          let pair = (index % sizes.quads) * 2u;
          // Turn both by their angles, and store.
          let value = load_x(index);
          let first = turn(value.xy, rotation(position, pair % ${pairs}u));
          let second = turn(value.zw, rotation(position, (pair + 1u) % ${pairs}u));
          store_y(index, vec4<f32>(first, second));
        `,
      )}
    `,
  };
}

/** `value` as a float of 12 significant bits plus a float32 rest: a position of 12 bits times the first is exact in float32. */
function splitTurns(value: number): readonly [number, number] {
  const unit = 2 ** (Math.floor(Math.log2(value)) - 11);
  const high = Math.round(value / unit) * unit;
  return [high, Math.fround(value - high)];
}

function float(value: number): string {
  return `f32(${Math.fround(value)})`;
}
