// A finished picture, or a preview of one.

/** RGBA8, row-major from the top left, alpha 255. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}
