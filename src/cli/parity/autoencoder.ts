// Autoencoders, both ways: latent to picture and picture to latent, unscaled.
import type { GraphBuilder } from "../../engine/graph-builder";
import type { Tensor } from "../../engine/tensor";
import {
  AUTOENCODER_KL_DECODER_UNUSED,
  AUTOENCODER_KL_ENCODER_UNUSED,
  autoencoderKlDecoder,
  autoencoderKlEncoder,
  parseAutoencoderKlConfig,
} from "../../networks/autoencoder-kl";
import {
  AUTOENCODER_TINY_DECODER_UNUSED,
  AUTOENCODER_TINY_ENCODER_UNUSED,
  autoencoderTinyDecoder,
  autoencoderTinyEncoder,
  parseAutoencoderTinyConfig,
} from "../../networks/autoencoder-tiny";
import { NetworkUnderTest, type DeviceCheck } from "./check";
import { relativeError } from "./golden";

interface Sizes {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

interface Direction {
  readonly input: "latent" | "image";
  readonly output: string;
  readonly unused: readonly RegExp[];
  build(g: GraphBuilder, sizes: Sizes): Tensor;
}

export const checkAutoencoderKl: DeviceCheck = (fixture, ...rest) => {
  const config = parseAutoencoderKlConfig(fixture.config);
  return bothWays(
    [
      {
        input: "latent",
        output: "decoded",
        unused: AUTOENCODER_KL_DECODER_UNUSED,
        build: (g, sizes) => autoencoderKlDecoder(g, config, sizes),
      },
      {
        input: "image",
        output: "encoded_mean",
        unused: AUTOENCODER_KL_ENCODER_UNUSED,
        build: (g, sizes) => autoencoderKlEncoder(g, config, sizes),
      },
    ],
    fixture,
    ...rest,
  );
};

export const checkAutoencoderTiny: DeviceCheck = (fixture, ...rest) => {
  const config = parseAutoencoderTinyConfig(fixture.config);
  return bothWays(
    [
      {
        input: "latent",
        output: "decoded",
        unused: AUTOENCODER_TINY_DECODER_UNUSED,
        build: (g, sizes) => autoencoderTinyDecoder(g, config, sizes),
      },
      {
        input: "image",
        output: "encoded",
        unused: AUTOENCODER_TINY_ENCODER_UNUSED,
        build: (g, sizes) => autoencoderTinyEncoder(g, config, sizes),
      },
    ],
    fixture,
    ...rest,
  );
};

async function* bothWays(directions: readonly Direction[], ...[fixture, device, format]: Parameters<DeviceCheck>): ReturnType<DeviceCheck> {
  const { golden } = fixture;
  for (const { input, output, unused, build } of directions) {
    if (!golden.has(output)) continue;
    const network = await NetworkUnderTest.open(fixture, device, format, { stem: "diffusion_pytorch_model", unused });
    const { shape, values } = golden.channelsLast(input);
    const [batch = 1, height = 1, width = 1] = shape;
    const outputs = await network.run(output, (g) => g.output(output, build(g, { batch, height, width })), { [input]: values });
    yield { case: output, error: relativeError(outputs[output] ?? [], golden.channelsLast(output).values) };
    network.close();
  }
}
