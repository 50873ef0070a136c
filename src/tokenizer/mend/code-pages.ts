// The one-byte encodings that UTF-8 is read with by mistake, in both directions: bytes to characters, and back if every character
// of a text has a byte. A byte that an encoding leaves undefined is the control character with the same number, as in browsers.

/** The upper half of the IBM PC's code page, which browsers do not support. */
const CP437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

export interface CodePage {
  readonly name: string;
  /** The characters for bytes 0x80 to 0xFF. */
  readonly upper: readonly string[];
  /** Whether it is one of Windows' encodings. In those a replacement character may stand for any byte, and becomes byte 0x1A here. */
  readonly isWindows: boolean;
}

/** Bytes 0x80 to 0x9F of Windows' Latin page, written out because Node 20 decodes them as controls. */
const WINDOWS_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

function codePage(name: string): CodePage {
  return { name, upper: upperOf(name), isWindows: name.startsWith("windows") };
}

function upperOf(name: string): readonly string[] {
  const controls = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i));
  if (name === "latin-1") return controls;
  if (name === "cp437") return [...CP437];
  if (name === "windows-1252") return [...WINDOWS_1252, ...controls.slice(32)];
  const decoder = new TextDecoder(name);
  return controls.map((open, i) => decoder.decode(Uint8Array.of(128 + i)).replace("\ufffd", open));
}

/** The encodings in the order in which they are tried. */
export const CODE_PAGES: readonly CodePage[] = [
  "latin-1",
  "windows-1252",
  "windows-1251",
  "windows-1250",
  "windows-1253",
  "windows-1254",
  "windows-1257",
  "iso-8859-2",
  "macintosh",
  "cp437",
].map(codePage);

const SUBSTITUTE = "\x1a";

/** The bytes of a text, each as the character with that number; undefined if the encoding lacks one of the text's characters. */
export function encodeWith({ upper, isWindows }: CodePage, text: string): string | undefined {
  let bytes = "";
  for (const character of text) {
    if (isWindows && character === SUBSTITUTE) return undefined;
    if (character < "\x80") bytes += character;
    else if (isWindows && character === "\ufffd") bytes += SUBSTITUTE;
    else {
      const index = upper.indexOf(character);
      if (index < 0) return undefined;
      bytes += String.fromCharCode(128 + index);
    }
  }
  return bytes;
}

/** The characters for bytes `begin` to `end` in any of Windows' encodings. */
export function windowsCharacters(begin: number, end: number): string {
  const pages = CODE_PAGES.filter(({ isWindows }) => isWindows);
  return [...new Set(pages.flatMap(({ upper }) => upper.slice(begin - 128, end - 127)))].join("");
}

/** Decodes UTF-8 and its usual variants: surrogates encoded one by one, and NUL in two bytes. @returns undefined for anything else */
export function decodeUtf8(bytes: string): string | undefined {
  const surrogates = bytes
    .replaceAll("\xc0\x80", "\0")
    .replaceAll(/\xed([\xa0-\xaf])(.)\xed([\xb0-\xbf])(.)/gs, (_, a: string, b: string, c: string, d: string) => {
      const [plane = 0, high = 0, low = 0, last = 0] = [a, b, c, d].map((byte) => byte.charCodeAt(0) & 0x3f);
      const point = 0x10000 + ((plane & 0x0f) << 16) + (high << 10) + ((low & 0x0f) << 6) + last;
      return String.fromCharCode(...new TextEncoder().encode(String.fromCodePoint(point)));
    });
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(surrogates, (byte) => byte.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
