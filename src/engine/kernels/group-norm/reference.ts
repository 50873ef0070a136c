// GroupNorm in float64 on logical channels-last arrays (no padding), two passes.
import { activate } from "../../activations";
import type { Activation } from "../../ops";

export interface GroupNormReference {
  /** `[batch, pixels, c1]` and, where given, `[batch, pixels, c2]`, normalised as one. */
  readonly sources: readonly { readonly values: ArrayLike<number>; readonly channels: number }[];
  readonly batch: number;
  readonly pixels: number;
  readonly groups: number;
  readonly epsilon: number;
  readonly scale?: ArrayLike<number>;
  readonly shift?: ArrayLike<number>;
  /** `[batch, 2 * channels]` */
  readonly modulation?: ArrayLike<number>;
  readonly activation: Activation;
}

export function groupNormReference(p: GroupNormReference): Float64Array {
  const channels = p.sources.reduce((sum, source) => sum + source.channels, 0);
  const groupSize = channels / p.groups;
  const x = (row: number, channel: number): number => {
    let rest = channel;
    for (const { values, channels: count } of p.sources) {
      if (rest < count) return values[row * count + rest] ?? Number.NaN;
      rest -= count;
    }
    return Number.NaN;
  };
  const y = new Float64Array(p.batch * p.pixels * channels);
  for (let item = 0; item < p.batch; item++) {
    for (let group = 0; group < p.groups; group++) {
      const mean = average((row, channel) => x(row, channel));
      const variance = average((row, channel) => (x(row, channel) - mean) ** 2);
      each((row, channel) => {
        let value = (x(row, channel) - mean) / Math.sqrt(variance + p.epsilon);
        value = value * (p.scale?.[channel] ?? 1) + (p.shift?.[channel] ?? 0);
        const begin = item * 2 * channels + channel;
        value = value * (1 + (p.modulation?.[begin] ?? 0)) + (p.modulation?.[begin + channels] ?? 0);
        y[row * channels + channel] = activate(p.activation, value);
      });

      function each(visit: (row: number, channel: number) => void): void {
        for (let pixel = 0; pixel < p.pixels; pixel++) {
          for (let i = 0; i < groupSize; i++) visit(item * p.pixels + pixel, group * groupSize + i);
        }
      }
      function average(of: (row: number, channel: number) => number): number {
        let sum = 0;
        each((row, channel) => (sum += of(row, channel)));
        return sum / (p.pixels * groupSize);
      }
    }
  }
  return y;
}
