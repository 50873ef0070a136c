// Autoencoders in both directions: latent to picture and picture to latent, unscaled.
import { openAutoencoder } from "../../networks";
import { NetworkUnderTest, type DeviceCheck } from "./check";
import { relativeError } from "./golden";

/** The encoder's reference is named after what it is: the posterior's mean, or (TAESD) the latent. */
const DIRECTIONS = [
  { part: "decoder", input: "latent", output: "decoded" },
  { part: "encoder", input: "image", output: "encoded_mean" },
  { part: "encoder", input: "image", output: "encoded" },
] as const;

export const checkAutoencoder: DeviceCheck = async function* (fixture, device, format) {
  const { golden } = fixture;
  const autoencoder = openAutoencoder(fixture);
  for (const { part, input, output } of DIRECTIONS) {
    if (!golden.has(output)) continue;
    const network = await NetworkUnderTest.open(fixture, device, format, autoencoder[part]);
    const { shape, values } = golden.channelsLast(input);
    const [batch = 1, height = 1, width = 1] = shape;
    const build = autoencoder[part].build;
    const outputs = await network.run(output, (g) => g.output(output, build(g, { batch, height, width })), { [input]: values });
    yield { case: output, error: relativeError(outputs[output] ?? [], golden.channelsLast(output).values) };
    network.close();
  }
};
