// The known networks, one in each row: the class that configurations name, the role it plays, the name of its
// published weights, and the function that makes it from its configuration. Manifests, pipelines, parity and
// the benchmark all read these rows.
import { OnestrokeError } from "../common/errors";
import { autoencoderKl } from "./autoencoder-kl";
import { autoencoderTiny } from "./autoencoder-tiny";
import { clipTextEncoder } from "./clip-text";
import { imfDenoiser } from "./imf-dit";
import { pagodaDenoiser } from "./pagoda";
import type { Autoencoder, Denoiser, TextEncoder } from "./roles";
import { sitDenoiser } from "./sit";
import { unetDenoiser } from "./unet-2d-condition";

/** The names under which diffusers and transformers publish the weights of their classes. */
export type WeightStem = "diffusion_pytorch_model" | "model";

interface Roles {
  readonly "text-encoder": TextEncoder;
  readonly denoiser: Denoiser;
  readonly autoencoder: Autoencoder;
}

export type Role = keyof Roles;

type Row = {
  readonly [R in Role]: {
    readonly role: R;
    readonly stem: WeightStem;
    /** @throws OnestrokeError `model-unsupported` naming the field */
    readonly open: (config: unknown) => Roles[R];
  };
}[Role];

const ROWS: Readonly<Record<string, Row>> = {
  CLIPTextModel: { role: "text-encoder", stem: "model", open: clipTextEncoder },
  CLIPTextModelWithProjection: { role: "text-encoder", stem: "model", open: clipTextEncoder },
  UNet2DConditionModel: { role: "denoiser", stem: "diffusion_pytorch_model", open: unetDenoiser },
  "esc-sit": { role: "denoiser", stem: "model", open: sitDenoiser },
  "imf-dit": { role: "denoiser", stem: "model", open: imfDenoiser },
  "pagoda-decoder": { role: "denoiser", stem: "model", open: pagodaDenoiser },
  AutoencoderKL: { role: "autoencoder", stem: "diffusion_pytorch_model", open: autoencoderKl },
  AutoencoderTiny: { role: "autoencoder", stem: "diffusion_pytorch_model", open: autoencoderTiny },
};

/** The row of a class, or undefined if it is not known. */
export function networkRow(className: string): Row | undefined {
  return Object.hasOwn(ROWS, className) ? ROWS[className] : undefined;
}

/** A component of a manifest. */
interface Configured {
  readonly className: string;
  readonly config: unknown;
}

/** @throws OnestrokeError `model-unsupported` naming the class or the field */
export function openTextEncoder({ className, config }: Configured): TextEncoder {
  const row = networkRow(className);
  return row?.role === "text-encoder" ? row.open(config) : refuse(className, "text encoder");
}

/** @throws OnestrokeError `model-unsupported` naming the class or the field */
export function openDenoiser({ className, config }: Configured): Denoiser {
  const row = networkRow(className);
  return row?.role === "denoiser" ? row.open(config) : refuse(className, "denoiser");
}

/** @throws OnestrokeError `model-unsupported` naming the class or the field */
export function openAutoencoder({ className, config }: Configured): Autoencoder {
  const row = networkRow(className);
  return row?.role === "autoencoder" ? row.open(config) : refuse(className, "autoencoder");
}

function refuse(className: string, role: string): never {
  throw new OnestrokeError("model-unsupported", `${className} is not a ${role} that Onestroke knows`, { class: className });
}
