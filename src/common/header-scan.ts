// What `JSON.parse` hides about a header: where the root object ends, and which names occur twice.
// It scans brackets and strings only; the parser decides whether the text is JSON.

export interface HeaderScan {
  /** Just after the bracket that closes the root; the text's length if none does. */
  readonly end: number;
  /** Names at the top level as written, quotes and escapes included. */
  readonly rawNames: readonly string[];
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

export function scanHeader(text: string): HeaderScan {
  const rawNames: string[] = [];
  let depth = 0;
  let nameNext = false;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE: {
        const end = stringEnd(text, i);
        if (depth === 1 && nameNext) rawNames.push(text.slice(i, end));
        nameNext = false;
        i = end - 1;
        break;
      }
      case COMMA:
        nameNext = depth === 1;
        break;
      case 0x7b: // {
      case 0x5b: // [
        depth++;
        nameNext = depth === 1;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth--;
        if (depth === 0) return { end: i + 1, rawNames };
        break;
    }
  }
  return { end: text.length, rawNames };
}

/** The index after the quote that closes the string opened at `begin`. */
export function stringEnd(text: string, begin: number): number {
  for (let i = begin + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === BACKSLASH) i++;
    else if (c === QUOTE) return i + 1;
  }
  return text.length;
}
