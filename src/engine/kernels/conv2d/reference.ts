// The conv2d op in float64 on unpadded NHWC images, for tests.
import { activate } from "../../activations";
import type { Conv2d } from "../../ops";

export interface Conv2dReference extends Pick<Conv2d, "kernel" | "stride" | "padding" | "upsample" | "activation" | "finalActivation"> {
  readonly input: readonly [batch: number, height: number, width: number, channels: number];
  readonly outputs: number;
  readonly x: Float32Array;
  /** torch's `[outputs, channels, height, width]`. */
  readonly weight: Float32Array;
  readonly bias?: Float32Array | undefined;
  /** `[batch, outputs]` */
  readonly channelBias?: Float32Array | undefined;
  readonly residual?: Float32Array | undefined;
}

/** Height and width of the result. */
export function outputSize({ input, kernel, stride, padding, upsample }: Conv2dReference): readonly [number, number] {
  const height = Math.floor((input[1] * upsample + padding.top + padding.bottom - kernel[0]) / stride) + 1;
  const width = Math.floor((input[2] * upsample + padding.left + padding.right - kernel[1]) / stride) + 1;
  return [height, width];
}

/** `[batch, height, width, outputs]` */
export function conv2dReference(p: Conv2dReference): Float64Array {
  const [batch, height, width, channels] = p.input;
  const [outHeight, outWidth] = outputSize(p);
  const [kernelHeight, kernelWidth] = p.kernel;
  const y = new Float64Array(batch * outHeight * outWidth * p.outputs);
  for (let index = 0; index < y.length; index++) {
    const n = index % p.outputs;
    const column = Math.floor(index / p.outputs) % outWidth;
    const line = Math.floor(index / p.outputs / outWidth) % outHeight;
    const image = Math.floor(index / p.outputs / outWidth / outHeight);
    let sum = (p.bias?.[n] ?? 0) + (p.channelBias?.[image * p.outputs + n] ?? 0);
    for (let tap = 0; tap < kernelHeight * kernelWidth; tap++) {
      const [tapLine, tapColumn] = [Math.floor(tap / kernelWidth), tap % kernelWidth];
      const v = Math.floor((line * p.stride - p.padding.top + tapLine) / p.upsample);
      const u = Math.floor((column * p.stride - p.padding.left + tapColumn) / p.upsample);
      if (v < 0 || v >= height || u < 0 || u >= width) continue;
      for (let c = 0; c < channels; c++) {
        const value = p.x[((image * height + v) * width + u) * channels + c] ?? 0;
        sum += value * (p.weight[((n * channels + c) * kernelHeight + tapLine) * kernelWidth + tapColumn] ?? 0);
      }
    }
    y[index] = activate(p.finalActivation, activate(p.activation, sum) + (p.residual?.[index] ?? 0));
  }
  return y;
}
