// Helpers of the WGSL generators.

/** 0, 1, ... count - 1. */
export const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

export const lines = <T>(items: readonly T[], text: (item: T) => string): string => items.map(text).join("\n");
