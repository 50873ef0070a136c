// Token embedding on logical arrays: table `[rows, channels]`, position `[tokens, channels]`.
export function embeddingReference(
  ids: ArrayLike<number>,
  tokens: number,
  channels: number,
  table: ArrayLike<number>,
  position?: ArrayLike<number>,
): Float64Array {
  const last = table.length / channels - 1;
  return Float64Array.from({ length: ids.length * channels }, (_, index) => {
    const [place, channel] = [Math.floor(index / channels), index % channels];
    const id = Math.min(ids[place] ?? 0, last);
    return (
      (table[id * channels + channel] ?? Number.NaN) + (position ? (position[(place % tokens) * channels + channel] ?? Number.NaN) : 0)
    );
  });
}
