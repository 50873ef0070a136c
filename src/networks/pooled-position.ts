// Which token's state is the pooled text embedding.

/** An early export wrote this id into SD 2.x and SDXL configs; transformers reads it as "the largest id". */
const LEGACY_END_ID = 2;

/**
 * @param ids one row of token ids
 * @param configuredEndId `eos_token_id` of the text encoder's config
 * @returns index into `ids`: the first largest id for the legacy value, else the first end token, else 0
 */
export function pooledPosition(ids: Int32Array, configuredEndId: number): number {
  const target = configuredEndId === LEGACY_END_ID ? ids.reduce((largest, id) => Math.max(largest, id), 0) : configuredEndId;
  return Math.max(0, ids.indexOf(target));
}
