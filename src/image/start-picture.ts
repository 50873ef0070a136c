// A picture that others are drawn over: what a recipe calls it, and what is cut out of it for another ratio.
import type { Picture } from "../common/picture";

/** The first 32 hexadecimal digits of a SHA-256 of size and pixels. */
export async function pictureName({ width, height, data }: Picture): Promise<string> {
  const bytes = new Uint8Array(8 + data.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes.set(data, 8);
  // Over plain http a browser has no digests, and the picture is named by chance.
  const { subtle }: Partial<Crypto> = crypto;
  if (subtle === undefined) return hex(crypto.getRandomValues(new Uint8Array(16)));
  return hex(new Uint8Array(await subtle.digest("SHA-256", bytes)).subarray(0, 16));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is cut out of a picture for another ratio: as much of its middle as fits. In pixels of the picture. */
export function middleOf(
  { width, height }: Pick<Picture, "width" | "height">,
  wanted: Pick<Picture, "width" | "height">,
): { readonly left: number; readonly top: number; readonly width: number; readonly height: number } {
  const scale = Math.min(width / wanted.width, height / wanted.height);
  const cut = { width: wanted.width * scale, height: wanted.height * scale };
  return { left: (width - cut.width) / 2, top: (height - cut.height) / 2, ...cut };
}
