// Packed RGBA8 from logical `[pixels, channels]` values, channels 3 or more; 0 where one of three is not finite.
export function toRgbaReference(x: ArrayLike<number>, channels: number, scale: number, shift: number): Uint32Array {
  return Uint32Array.from({ length: x.length / channels }, (_, pixel) => {
    const colour = [0, 1, 2].map((channel) => x[pixel * channels + channel] ?? Number.NaN);
    if (!colour.every(Number.isFinite)) return 0;
    const [red = 0, green = 0, blue = 0] = colour.map((value) => Math.round(Math.min(1, Math.max(0, value * scale + shift)) * 255));
    return (red | (green << 8) | (blue << 16) | (255 << 24)) >>> 0;
  });
}
