// The exported decoder: it turns latents, as the sampler leaves them, into pixels on the host.
import type { Tensor } from "onnxruntime-web";
import { OnestrokeError } from "../../common/errors";
import { PICTURE } from "../../ort/choose-output";
import { LATENT_INPUT, latentGraph } from "../../ort/sampler-graph";
import type { OrtRuntime } from "../../ort/session/runtime";
import { valuesOf } from "../../ort/session/tensors";
import type { Picture } from "../../common/picture";
import type { Size } from "../engine";
import { channelsLast } from "../latent-layout";
import type { Work } from "../work";
import type { Decoding } from "../scales";
import type { OnnxDecoderAt } from "./checkpoint";
import { OnnxNetwork } from "./network";

export class OnnxDecoder implements Decoding {
  readonly factor: number;
  readonly network: OnnxNetwork;

  constructor(runtime: OrtRuntime, { name, file, factor, scalingFactor, shiftFactor }: OnnxDecoderAt) {
    this.factor = factor;
    this.network = new OnnxNetwork({
      name,
      runtime,
      file,
      outputs: "cpu",
      rewrite: (model) => latentGraph(model, scalingFactor, shiftFactor),
    });
  }

  /** Pixels about [0, 1], `[height, width, channels]`. */
  async pixels(latent: Tensor, { width, height }: Size, work: Work): Promise<Float32Array> {
    const session = await work.time("load", () => this.network.session(work));
    const values = valuesOf(await this.network.runFor(PICTURE, session, { [LATENT_INPUT]: latent }, work.signal));
    if (values.length !== 3 * width * height) {
      throw new OnestrokeError("model-unsupported", `the decoder gives ${values.length} numbers, not ${width}x${height} pixels of three`);
    }
    return channelsLast(values, 3).map((value) => value / 2 + 0.5);
  }

  /** @throws OnestrokeError `bad-image` if a pixel is not finite */
  async decode(latent: Tensor, size: Size, work: Work): Promise<Picture> {
    const { width, height } = size;
    const pixels = await this.pixels(latent, size, work);
    const broken = pixels.filter((value) => !Number.isFinite(value)).length;
    if (broken > 0) throw new OnestrokeError("bad-image", `${broken} values of the picture are not finite numbers`, { values: broken });
    const data = new Uint8ClampedArray(4 * width * height).fill(255);
    for (let i = 0; i < width * height; i++) {
      for (let channel = 0; channel < 3; channel++) data[4 * i + channel] = 255 * (pixels[3 * i + channel] ?? 0);
    }
    return { width, height, data };
  }
}
