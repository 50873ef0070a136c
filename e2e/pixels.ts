// Plain numbers about a picture, enough to tell night from noon and snow from grass.

/** Eight bits each of red, green, blue and alpha, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly bytes: readonly number[];
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Statistics {
  /** The mean luma (Rec. 709 weights on the stored values), from 0 to 1. */
  readonly brightness: number;
  /** The share of pixels that are bright and nearly grey, as snow, fog and cloud are. */
  readonly whiteness: number;
  /** The mean of green less the mean of red and blue, from -1 to 1. */
  readonly greenness: number;
  /** The mean of red less blue, from -1 to 1. Sunsets are above noons. */
  readonly warmth: number;
  /** The standard deviation of the luma, which is 0 for one colour. */
  readonly contrast: number;
}

export function crop({ width, bytes }: Pixels, box: Box): Pixels {
  const rows = Array.from({ length: box.height }, (_, row) => {
    const start = 4 * ((box.top + row) * width + box.left);
    return bytes.slice(start, start + 4 * box.width);
  });
  return { width: box.width, height: box.height, bytes: rows.flat() };
}

/** The mean absolute difference of two pictures of one size, from 0 to 255. */
export function difference(left: Pixels, right: Pixels): number {
  const total = left.bytes.reduce((sum, value, at) => sum + Math.abs(value - (right.bytes[at] ?? NaN)), 0);
  // Alpha is the same everywhere.
  return total / (3 * left.width * left.height);
}

export function statistics({ bytes, width, height }: Pixels): Statistics {
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

/** The PSNR of two pictures, whose bytes are given in base64; NaN where they are of two sizes. */
export function decibels(left: string, right: string): number {
  const [a, b] = [Buffer.from(left, "base64"), Buffer.from(right, "base64")];
  if (a.length !== b.length) return NaN;
  const squares = a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0);
  // A quarter of the bytes is alpha, the same everywhere.
  return 10 * Math.log10((255 ** 2 * 0.75 * a.length) / squares);
}
