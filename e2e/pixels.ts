// Plain numbers about a picture, enough to tell night from noon and snow from grass.

export interface Statistics {
  /** Mean luma (Rec. 709 weights on the stored values), 0 to 1. */
  readonly brightness: number;
  /** Share of pixels that are bright and nearly grey: snow, fog, cloud. */
  readonly whiteness: number;
  /** Mean of green less the mean of red and blue, -1 to 1. */
  readonly greenness: number;
  /** Mean of red less blue, -1 to 1: sunsets are above noons. */
  readonly warmth: number;
  /** Standard deviation of the luma: 0 for one colour. */
  readonly contrast: number;
}

/** @param bytes RGBA8, row-major */
export function statistics(bytes: readonly number[], width: number, height: number): Statistics {
  const count = width * height;
  let [brightness, square, white, greenness, warmth] = [0, 0, 0, 0, 0];
  for (let at = 0; at < count * 4; at += 4) {
    const [red = 0, green = 0, blue = 0] = bytes.slice(at, at + 3).map((value) => value / 255);
    const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    brightness += luma;
    square += luma * luma;
    if (luma > 0.75 && Math.max(red, green, blue) - Math.min(red, green, blue) < 0.15) white++;
    greenness += green - (red + blue) / 2;
    warmth += red - blue;
  }
  const mean = brightness / count;
  return {
    brightness: mean,
    whiteness: white / count,
    greenness: greenness / count,
    warmth: warmth / count,
    contrast: Math.sqrt(Math.max(0, square / count - mean * mean)),
  };
}
