// GroupNorm in one dispatch: a workgroup takes the statistics of a group, then applies them. A thread stays with the same
// channels from pixel to pixel, so that it works out their factors once, and asks for several pixels before it needs
// the first. Large images go through chunks.ts and groups.ts, which keep more of the GPU busy in three dispatches.
import { activationText } from "../../activations";
import type { Binding, BufferSource, Dispatch, Lowering } from "../../kernel";
import type { GroupNorm } from "../../ops";
import { channelsOf, strideOf, type Tensor } from "../../tensor";
import { entryPoint, unroll, wgsl } from "../../wgsl";
import { momentsWgsl } from "../moments";

export interface GroupedShape {
  readonly batch: number;
  readonly pixels: number;
  readonly channels: number;
}

/** Channels that are read and written at once. */
type Lanes = 1 | 2 | 4;

/** Pixels that a thread asks for before it needs the first. */
const MOST_AT_ONCE = 8;

/** Whether `normaliseGroups` can add up the parts that x is left in: it has bindings to spare then, and x no padding. */
export function addsUpInOneDispatch({ inputs }: GroupNorm): boolean {
  return !inputs.modulation && channelsOf(inputs.x) % 4 === 0;
}

/** Normalises x, or x and second side by side, in one dispatch. Groups may straddle the seam. */
export function normaliseGroups(op: GroupNorm, output: Tensor, shape: GroupedShape, { target, parts: left }: Lowering): Dispatch {
  const { x, second, modulation } = op.inputs;
  const { scale, shift } = op.weights;
  const parts = left.get(x.id);
  const { batch, pixels, channels } = shape;
  const threads = target.traits.groupInvocations;
  const groupSize = channels / op.groups;
  const lanes = lanesOf([groupSize, ...(second ? [channelsOf(x)] : [])]);
  const run = groupSize / lanes;
  const columns = Math.min(run, threads);
  const lines = Math.floor(threads / columns);
  const atOnce = Math.min(MOST_AT_ONCE, Math.ceil(pixels / lines));
  const affine = scale !== undefined && shift !== undefined;
  const read = (name: string, element: Binding["element"]): Binding => ({ name, access: "read", element, lanes });
  const bindings: readonly Binding[] = [
    ...(parts?.bindings ?? []),
    { name: "x", access: parts ? "update" : "read", element: x.element, lanes },
    ...(second ? [read("second", second.element)] : []),
    ...(affine ? [read("scale", "weight"), read("shift", "weight")] : []),
    ...(modulation ? [read("modulation", modulation.element)] : []),
    { name: "y", access: "write", element: output.element, lanes },
  ];
  const buffers: Readonly<Record<string, BufferSource>> = {
    ...parts?.buffers,
    x: { tensor: x },
    ...(second ? { second: { tensor: second } } : {}),
    ...(affine ? { scale: { weight: scale }, shift: { weight: shift } } : {}),
    ...(modulation ? { modulation: { tensor: modulation } } : {}),
    y: { tensor: output },
  };
  const activation = activationText("activation", op.activation, target.traits.choosesActivationsAtRunTime);
  const padded = strideOf(output) !== channels;
  const sizes = {
    pixels,
    // Of a group; the workgroup's threads stand in `columns` by `lines`. All in units of what is read at once.
    run,
    columns,
    lines,
    x_stride: strideOf(x) / lanes,
    ...(second ? { second_stride: strideOf(second) / lanes, seam: channelsOf(x) / lanes } : {}),
    ...(modulation ? { modulation_stride: strideOf(modulation) / lanes, modulation_shift: channels / lanes } : {}),
    y_stride: strideOf(output) / lanes,
    ...(padded ? { groups: op.groups, channels: channels / lanes } : {}),
    ...activation.sizes,
    ...parts?.sizes,
  };
  const text = {
    lanes,
    threads,
    atOnce,
    affine,
    padded,
    modulated: modulation !== undefined,
    joined: second !== undefined,
    parts: parts?.code ?? "",
  };
  return {
    kernel: {
      name: "group-norm",
      holdsResults: true,
      bindings,
      sizes,
      scalars: { epsilon: op.epsilon },
      workgroups: [op.groups, batch, 1],
      code: codeOf(text, activation),
    },
    buffers,
  };
}

/** The widest reads that no group and no seam cuts. */
function lanesOf(lengths: readonly number[]): Lanes {
  const widths: readonly Lanes[] = [4, 2];
  return widths.find((width) => lengths.every((length) => length % width === 0)) ?? 1;
}

interface Text {
  readonly lanes: Lanes;
  readonly threads: number;
  readonly atOnce: number;
  readonly affine: boolean;
  readonly padded: boolean;
  readonly modulated: boolean;
  readonly joined: boolean;
  /** `summed`, where x is left in parts. */
  readonly parts: string;
}

function codeOf(text: Text, activation: ReturnType<typeof activationText>): string {
  const { lanes, threads, atOnce, affine, padded, modulated, joined, parts } = text;
  const vector = lanes === 1 ? "f32" : `vec${lanes}<f32>`;
  const sumOf = (name: string) => (lanes === 1 ? name : `dot(${name}, ${vector}(1.0))`);
  const activated = (value: string) => {
    if (lanes === 4) return activation.apply(value);
    const filled = `vec4<f32>(${value}, ${lanes === 2 ? "vec2" : "vec3"}<f32>(0.0))`;
    return `${activation.apply(filled)}.${lanes === 2 ? "xy" : "x"}`;
  };
  // Pixels past the end are the last one again.
  const eachPixel = (read: string, body: (i: number) => string) => wgsl`
    for (var pixel = line; pixel < sizes.pixels; pixel += ${atOnce}u * sizes.lines) {
      ${unroll(
        atOnce,
        (i) => wgsl`
          let pixel_${i} = pixel + ${i}u * sizes.lines;
          let read_${i} = ${read}(first_row + min(pixel_${i}, sizes.pixels - 1u), unit);
        `,
      )}
      ${unroll(atOnce, body)}
    }
  `;
  const stored = (i: number) => `pixel_${i} < sizes.pixels${joined ? " && unit < sizes.seam" : ""}`;
  const firstRead = parts === "" ? "value_at" : "sum_at";
  return wgsl`
    ${momentsWgsl({ lanes: 1, threads, teams: 1 })}

    ${activation.declaration}

    // Channels \`unit\` of a row.
    fn value_at(row: u32, unit: u32) -> ${vector} {
      ${joined ? "if (unit >= sizes.seam) { return load_second(row * sizes.second_stride + unit - sizes.seam); }" : ""}
      return load_x(row * sizes.x_stride + unit);
    }

    ${parts === "" ? "" : sumWgsl(parts, joined, lanes)}

    ${entryPoint(
      threads,
      wgsl`
        // This thread's place: channels of the group, and the first of its pixels. The last threads may have none.
        let column = thread % sizes.columns;
        let line = select(sizes.pixels, thread / sizes.columns, thread < sizes.columns * sizes.lines);
        let begin = group.x * sizes.run;
        let first_row = group.y * sizes.pixels;

        // The group's statistics, from sums of deviations from the first value.
        var moments = Moments(0.0, 0.0, 0.0);
        for (var offset = column; offset < sizes.run; offset += sizes.columns) {
          let unit = begin + offset;
          let start = ${firstRead}(first_row + min(line, sizes.pixels - 1u), unit)${lanes === 1 ? "" : ".x"};
          var sum = ${vector}(0.0);
          var squares = ${vector}(0.0);
          var count = 0.0;
          ${eachPixel(
            firstRead,
            (i) => wgsl`
              ${parts === "" ? "" : `if (${stored(i)}) { store_x((first_row + pixel_${i}) * sizes.x_stride + unit, read_${i}); }`}
              let deviation_${i} = select(${vector}(0.0), read_${i} - start, pixel_${i} < sizes.pixels);
              sum += deviation_${i};
              squares += deviation_${i} * deviation_${i};
              count += select(0.0, ${lanes}.0, pixel_${i} < sizes.pixels);
            `,
          )}
          moments = merge(moments, moments_of(count, start, ${sumOf("sum")}, ${sumOf("squares")}));
        }
        moments = reduce(thread, moments);
        let deviation = inverseSqrt(moments.square / moments.count + sizes.epsilon);

        // Apply them, and store.
        for (var offset = column; offset < sizes.run; offset += sizes.columns) {
          let unit = begin + offset;
          var multiplier = ${vector}(deviation);
          var addend = ${vector}(0.0);
          ${affine ? "multiplier *= load_scale(unit);\naddend = load_shift(unit);" : ""}
          ${modulated ? MODULATE : ""}
          ${eachPixel(
            "value_at",
            (i) => wgsl`
                if (pixel_${i} < sizes.pixels) {
                  store_y((first_row + pixel_${i}) * sizes.y_stride + unit, ${activated(`(read_${i} - moments.mean) * multiplier + addend`)});
                }
              `,
          )}
        }
        ${padded ? clearPadding(vector, threads) : ""}
      `,
    )}
  `;
}

function sumWgsl(parts: string, joined: boolean, lanes: Lanes): string {
  const type = lanes === 1 ? "f32" : `vec${lanes}<f32>`;
  const ofQuad = { 4: "quad", 2: "select(quad.xy, quad.zw, (unit & 1u) == 1u)", 1: "quad[unit & 3u]" }[lanes];
  return wgsl`
    ${parts}

    // The same where x is left in parts, before it is stored.
    fn sum_at(row: u32, unit: u32) -> ${type} {
      ${joined ? "if (unit >= sizes.seam) { return load_second(row * sizes.second_stride + unit - sizes.seam); }" : ""}
      let quad = summed(row, unit${lanes === 4 ? "" : ` / ${4 / lanes}u`});
      return ${ofQuad};
    }
  `;
}

const MODULATE = wgsl`
  let modulated = 1.0 + load_modulation(group.y * sizes.modulation_stride + unit);
  multiplier *= modulated;
  addend = addend * modulated + load_modulation(group.y * sizes.modulation_stride + sizes.modulation_shift + unit);
`;

function clearPadding(vector: string, threads: number): string {
  return wgsl`
    // The last group clears the padding behind its channels.
    if (group.x == sizes.groups - 1u) {
      for (var pixel = thread; pixel < sizes.pixels; pixel += ${threads}u) {
        for (var unit = sizes.channels; unit < sizes.y_stride; unit++) {
          store_y((first_row + pixel) * sizes.y_stride + unit, ${vector}(0.0));
        }
      }
    }
  `;
}
