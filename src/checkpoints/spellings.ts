// Published spellings of the same weight, and the spelling that the networks use. Names in files and names
// asked for are both converted, so either spelling may be asked for.

/** The pattern of a published name, and what the weight is called here. */
const RENAMES: readonly (readonly [published: RegExp, canonical: string])[] = [
  // A CLIPTextModel that was saved without its outer module (transformers 5, ComfyUI exports).
  [
    /^(embeddings\.(?:token_embedding|position_embedding|position_ids)|encoder\.layers\.\d+\.(?:layer_norm|self_attn|mlp)|final_layer_norm\.)/,
    "text_model.$1",
  ],
  // Autoencoders that were saved before diffusers renamed their attention.
  [/(\.attentions\.\d+)\.query\./, "$1.to_q."],
  [/(\.attentions\.\d+)\.key\./, "$1.to_k."],
  [/(\.attentions\.\d+)\.value\./, "$1.to_v."],
  [/(\.attentions\.\d+)\.proj_attn\./, "$1.to_out.0."],
];

/** Published as a linear layer `[outputs, inputs]` or as a 1x1 convolution `[outputs, inputs, 1, 1]`; the bytes are the same. */
const LINEAR_OR_POINTWISE = /\.(?:proj_in|proj_out|to_q|to_k|to_v|to_out\.0|conv_shortcut)\.weight$/;

/** Buffers that are saved with some checkpoints and are not weights. */
const NOT_WEIGHTS = /(?:^|\.)embeddings\.position_ids$/;

export function canonicalName(name: string): string {
  return RENAMES.reduce((current, [published, canonical]) => current.replace(published, canonical), name);
}

export function isWeight(name: string): boolean {
  return !NOT_WEIGHTS.test(name);
}

/** Whether a stored shape is the expected one or its published equivalent. */
export function shapesAgree(name: string, stored: readonly number[], expected: readonly number[]): boolean {
  if (LINEAR_OR_POINTWISE.test(name)) return sameNumbers(withoutPointwise(stored), withoutPointwise(expected));
  return sameNumbers(stored, expected);
}

function withoutPointwise(shape: readonly number[]): readonly number[] {
  return shape.length === 4 && shape[2] === 1 && shape[3] === 1 ? shape.slice(0, 2) : shape;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}
