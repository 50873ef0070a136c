// Text in a PNG. It is written as international text chunks (iTXt), because tEXt supports only Latin-1 and prompts
// may be in any script. The text that is read is data; code that shows it must not treat it as markup.
import { splitChunks, type PngChunk } from "./png-chunks";

/** Keyword of the recipe: JSON from which the picture can be made again. */
export const RECIPE_KEYWORD = "onestroke-image";

const MAX_TEXT_BYTES = 2 ** 20;

/** The chunk holds keyword, NUL, "not compressed", method 0, no language, no translation, text. */
export function textChunk(keyword: string, text: string): PngChunk {
  const head = new TextEncoder().encode(`${keyword}\0\0\0\0\0`);
  const body = new TextEncoder().encode(text);
  const data = new Uint8Array(head.byteLength + body.byteLength);
  data.set(head);
  data.set(body, head.byteLength);
  return { type: "iTXt", data };
}

/**
 * The tEXt and uncompressed iTXt texts of a file, by keyword; of a repeated keyword, the first. Texts that are longer than 1 MiB,
 * compressed or malformed are left out.
 * @throws OnestrokeError `invalid-input` when the PNG is damaged or the file is not a PNG
 */
export function readPngText(file: Uint8Array): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { type, data } of splitChunks(file)) {
    if (data.byteLength > MAX_TEXT_BYTES) continue;
    const keywordEnd = data.indexOf(0);
    if (keywordEnd < 1 || keywordEnd > 79) continue;
    const keyword = latin1(data.subarray(0, keywordEnd));
    if (type === "tEXt" && !texts.has(keyword)) texts.set(keyword, latin1(data.subarray(keywordEnd + 1)));
    if (type !== "iTXt") continue;
    const languageEnd = data.indexOf(0, keywordEnd + 3);
    const translationEnd = data.indexOf(0, languageEnd + 1);
    const compressed = data[keywordEnd + 1] !== 0;
    if (languageEnd < 0 || translationEnd < 0 || compressed) continue;
    const text = decodeUtf8(data.subarray(translationEnd + 1));
    if (text !== undefined && !texts.has(keyword)) texts.set(keyword, text);
  }
  return texts;
}

/** Each byte is the character of its number. `TextDecoder` would read Windows' own characters into some of them. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
