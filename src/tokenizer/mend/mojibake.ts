// Repairs UTF-8 that was read as another encoding: "cafÃ©" is "café". A text is decoded again only if it has sequences of
// characters that are never written on purpose. Categories, rules and their order are those of ftfy 6.3 (Robyn Speer, Apache
// License 2.0), which CLIP's own tokenizer applies to every text; its `badness.py` gives the reason for each.
import { CODE_PAGES, decodeUtf8, encodeWith, windowsCharacters } from "./code-pages";

const COMMON = "\u00a0\u00ad·´–—―…’";
const C1 = "\x80-\x9f";
const BAD = "¦¤¨¬¯¸ƒˆˇ˘˛˜†‡‰⌐◊\ufffdªº";
const LAW = "¶§";
const CURRENCY = "¢£¥₧€";
const OPENING = "¡«¿©΄΅‘‚“„•‹\uf8ff";
const CLOSING = "®»˝”›™";
const NUMERIC = "²³¹±¼½¾×µ÷⁄∂∆∏∑√∞∩∫≈≠≡≤≥№";
const KAOMOJI = "Ò-ÖÙ-Üò-öø-üŐŌŪŲ°";
const UPPER = "À-ÑØÜÝĂĀĄĆČĎĐĘĚĒĖĞĢİĪĶĹĽŁĻŃŇŅŒŘŚŞŠŢŤŮŰŸŹŻŽҐ";
const LOWER = "ßà-ñăąāćčďđęěēėğģįīķĺľłļœŕśşšťüźżžґﬁﬂ";
const UPPER_COMMON = "ÞΑ-ΩΆΈΉΊΌΎΏΪΫЁ-Я";
const LOWER_COMMON = "α-ωάέήίΰа-џ";
const BOX = "│┌┐┘├┤┬┼═-╬▀▄█▌▐░▒▓";
const WORD = String.raw`\p{L}\p{N}_`;
const ARABIC = `[${COMMON}${CURRENCY}${BAD}${NUMERIC}${OPENING}ŸŠ®°µ»]`;

/** Sequences that are mistakes. */
const MISTAKE = new RegExp(
  [
    `[${C1}]`,
    `[${BAD}${LOWER}${UPPER}${BOX}${OPENING}${CLOSING}${CURRENCY}${NUMERIC}${LAW}][${BAD}]`,
    `[a-zA-Z][${LOWER_COMMON}${UPPER_COMMON}][${BAD}]`,
    `[${BAD}][${LOWER}${UPPER}${BOX}${OPENING}${CLOSING}${CURRENCY}${NUMERIC}${LAW}]`,
    `[${LOWER}${LOWER_COMMON}${BOX}${CLOSING}${CURRENCY}${NUMERIC}][${UPPER}]`,
    `[${BOX}${CLOSING}${CURRENCY}${NUMERIC}][${LOWER}]`,
    `[${LOWER}${BOX}${CLOSING}][${CURRENCY}]`,
    String.raw`\s[${UPPER}][${CURRENCY}]`,
    `[${UPPER}${BOX}][${NUMERIC}${LAW}]`,
    `[${LOWER}${UPPER}${BOX}${CURRENCY}${CLOSING}][${OPENING}][${NUMERIC}]`,
    `[${LOWER}${UPPER}${CURRENCY}${NUMERIC}${BOX}${LAW}][${CLOSING}][${OPENING}]`,
    `[${CURRENCY}${NUMERIC}${BOX}][${OPENING}]`,
    `[a-z][${UPPER}][${OPENING}${CURRENCY}]`,
    `[${BOX}][${KAOMOJI}]`,
    `[${LOWER}${UPPER}${CURRENCY}${NUMERIC}${OPENING}${CLOSING}${LAW}][${BOX}]`,
    `[${BOX}][${CLOSING}]`,
    `[${LOWER}${UPPER}][${OPENING}${CLOSING}][${WORD}]`,
    "[Œœ][^A-Za-z]",
    `[${UPPER}]°`,
    `[ÂÃÎÐ][€œŠš¢£Ÿž\u00a0\u00ad®©°·»${OPENING}${CLOSING}–—´]`,
    "×[²³]",
    `[ØÙ]${ARABIC}[ØÙ]${ARABIC}`,
    "à[²µ¹¼½¾]",
    "√[±∂†≠®™´≤≥¥µø]",
    "≈[°¢]",
    "‚Ä[ìîïòôúùû†°¢π]",
    "‚[âó][àä°ê]",
    "вЂ",
    `[ВГРС][${C1}${BAD}${OPENING}${CLOSING}${CURRENCY}°µ][ВГРС]`,
    "ГўВЂВ.[A-Za-z ]",
    "Ã[\u00a0¡]",
    String.raw`[a-z]\s?[ÃÂ][ ]`,
    "^[ÃÂ][ ]",
    `[a-z.,?!${CLOSING}]Â[ ${OPENING}${CLOSING}]`,
    "β€[™\u00a0Ά\u00ad®°]",
    `[ΒΓΞΟ][${C1}${BAD}${OPENING}${CLOSING}${CURRENCY}°][ΒΓΞΟ]`,
    "ā€",
  ].join("|"),
  "u",
);

/** Byte sequences, written as a character for each byte. A space may stand for the no-break space that was a character's last byte. */
const WITH_SPACE =
  /[\xc2\xc3\xc5\xce\xd0\xd9] |[\xe2\xe3] [\x80-\x84\x86-\x9f\xa1-\xbf]|[\xe0-\xe3][\x80-\x84\x86-\x9f\xa1-\xbf] |\xf0 [\x80-\xbf]{2}|\xf0[\x80-\xbf] [\x80-\xbf]|\xf0[\x80-\xbf]{2} /g;
const A_GRAVE = /\xc3 (?! |quele|quela|quilo|s )/g;
/** Sequences that have lost some of their bytes: a lost byte appears as "\x1A", or at most once as "?". */
const LOST = [
  "[\xc2-\xdf]~",
  "[\xc2\xc3][?]",
  "\xed[\xa0-\xaf][~?]\xed[\xb0-\xbf][~?\x80-\xbf]",
  "\xed[\xa0-\xaf][~?\x80-\xbf]\xed[\xb0-\xbf][~?]",
  "[\xe0-\xef][~?][~\x80-\xbf]",
  "[\xe0-\xef][~\x80-\xbf][~?]",
  "[\xf0-\xf4][~?][~\x80-\xbf]{2}",
  "[\xf0-\xf4][~\x80-\xbf][~?][~\x80-\xbf]",
  "[\xf0-\xf4][~\x80-\xbf]{2}[~?]",
  "~",
].join("|");
const LOST_BYTES = new RegExp(LOST.replaceAll("~", "\x1a"), "g");
const REPLACEMENT = "\xef\xbf\xbd";

const CONTINUATION = `\x80-\xbf ${windowsCharacters(0x80, 0xbf)}`;
/** Continuation characters that are mistakes beside other mistakes. Spaces, dashes and quotation marks may be meant and are left out. */
const CONTINUATION_ONLY = CONTINUATION.replaceAll(/[ –—―‘’‚“”„•…]/g, "");
/** Runs of characters that are UTF-8 in one of Windows' encodings. */
const RUN = new RegExp(
  `(?<![${CONTINUATION_ONLY}])(?:[${windowsCharacters(0xc2, 0xdf)}][${CONTINUATION}]|[${windowsCharacters(0xe0, 0xef)}][${CONTINUATION}]{2}|[đðğóšπσру][${CONTINUATION}]{3})+`,
  "gu",
);

const WINDOWS_1252 = CODE_PAGES.find(({ name }) => name === "windows-1252");

/** Replaces control characters, which people do not type, by the characters that Windows has in their place. */
export function withoutC1(text: string): string {
  return text.replaceAll(/[\x80-\x9f]/g, (control) => WINDOWS_1252?.upper[control.charCodeAt(0) - 128] ?? control);
}

/** Each step undoes one wrong decoding, and leaves fewer characters or one mistake less. */
const MOST_STEPS = 16;

/** The text as it was before it was wrongly decoded, once or several times. */
export function fixMojibake(text: string): string {
  let fixed = text;
  for (let step = 0; step < MOST_STEPS; step++) {
    const before = fixed;
    fixed = oneStep(before);
    if (fixed === before) break;
  }
  return fixed;
}

function oneStep(text: string): string {
  if (!MISTAKE.test(text)) return text;
  for (const page of CODE_PAGES) {
    const encoded = encodeWith(page, text);
    if (encoded === undefined) continue;
    // In the Mac's encoding a dash before a space would be taken for half a character.
    const spaced = page.name === "macintosh" ? encoded : withNoBreakSpaces(encoded);
    const decoded = decodeUtf8(page.isWindows ? spaced.replaceAll(LOST_BYTES, REPLACEMENT) : spaced);
    if (decoded !== undefined) return decoded;
  }
  // Mistakes in an otherwise correct text. A run is shorter than the text, so the recursion ends.
  const pieces = text.replaceAll(RUN, (run) => (run.length < text.length && MISTAKE.test(run) ? fixMojibake(run) : run));
  return pieces === text ? withoutC1(text) : pieces;
}

function withNoBreakSpaces(bytes: string): string {
  if (bytes.search(WITH_SPACE) < 0) return bytes;
  return bytes.replaceAll(A_GRAVE, "\xc3\xa0 ").replaceAll(WITH_SPACE, (sequence) => sequence.replaceAll(" ", "\xa0"));
}
