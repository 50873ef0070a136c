// Networks that can compute in float32 where float16 does not hold their numbers.

/** In the order in which recipes name them. */
export const WIDE_NETWORKS = ["autoencoder", "denoiser"] as const;

export type WideNetwork = (typeof WIDE_NETWORKS)[number];

/** Those of a list that are some, each once. */
export function wideNetworks(listed: readonly unknown[]): readonly WideNetwork[] {
  return WIDE_NETWORKS.filter((network) => listed.includes(network));
}
