// How LoRA files spell the layer that a matrix belongs to: kohya's trainer joins its name with underscores, PEFT and diffusers keep the
// dots, and each has its own words for the two matrices.
export type LoraTarget = "unet" | "text_encoder" | "text_encoder_2";

/** What a tensor is to its layer: the matrices, and the number that scales them. */
export type LoraRole = "up" | "down" | "alpha";

export interface LoraKey {
  readonly target: LoraTarget;
  /** Name of the layer, with the file's own separators. */
  readonly module: string;
  readonly separator: "." | "_";
  readonly role: LoraRole;
}

const KOHYA_TARGETS: Readonly<Record<string, LoraTarget>> = {
  unet: "unet",
  te: "text_encoder",
  te1: "text_encoder",
  te2: "text_encoder_2",
};

const DOTTED_TARGETS: readonly (readonly [prefix: RegExp, target: LoraTarget])[] = [
  [/^text_encoder_2\./, "text_encoder_2"],
  [/^text_encoder\./, "text_encoder"],
  [/^(?:unet|model\.diffusion_model|diffusion_model)\./, "unet"],
  // A LoRA of PEFT that was saved from inside its network.
  [/^/, "unet"],
];

const ROLES: readonly (readonly [suffix: RegExp, role: LoraRole])[] = [
  [/\.(?:lora_up|lora_B(?:\.default)?|lora\.up|lora_linear_layer\.up)\.weight$/, "up"],
  [/\.(?:lora_down|lora_A(?:\.default)?|lora\.down|lora_linear_layer\.down)\.weight$/, "down"],
  [/\.alpha$/, "alpha"],
];

/** Early diffusers kept the matrices in the processor of an attention. */
const PROCESSOR = /\.processor\.to_(q|k|v|out)_lora\.(up|down)\.weight$/;

/** @returns undefined for a name that is none of a LoRA's */
export function parseLoraKey(name: string): LoraKey | undefined {
  const [, side, matrix] = PROCESSOR.exec(name) ?? [];
  const role = matrix === "up" || matrix === "down" ? matrix : ROLES.find(([suffix]) => suffix.test(name))?.[1];
  if (role === undefined) return undefined;
  const layer =
    side === undefined
      ? ROLES.reduce((text, [suffix]) => text.replace(suffix, ""), name)
      : name.replace(PROCESSOR, side === "out" ? ".to_out.0" : `.to_${side}`);
  const [, kohya = "", flat = ""] = /^lora_(unet|te\d?)_(.+)$/.exec(layer) ?? [];
  if (flat !== "") {
    const target = KOHYA_TARGETS[kohya];
    return target && { target, module: flat, separator: "_", role };
  }
  const inner = layer.replace(/^base_model\.model\./, "");
  const [prefix, target] = DOTTED_TARGETS.find(([pattern]) => pattern.test(inner)) ?? [/^/, "unet" as const];
  return { target, module: inner.replace(prefix, ""), separator: ".", role };
}
