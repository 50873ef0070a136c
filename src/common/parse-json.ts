// JSON as people's tools write it: after a byte order mark, and with the three numbers that Python's
// `json` module writes and JSON lacks.
import { stringEnd } from "./header-scan";

/** @throws SyntaxError */
export function parseJson(text: string): unknown {
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return JSON.parse(body);
  } catch (error) {
    const python = fromPython(body);
    if (python === undefined) throw error;
    return JSON.parse(python.text, (_, value: unknown) => (value === python.notANumber ? Number.NaN : value));
  }
}

const WORD_OR_STRING = /"|-?\bInfinity\b|\bNaN\b/g;

/** Rewrites Python's three numbers as a huge number and a string that occurs nowhere else; undefined where the text has none. */
function fromPython(text: string): { readonly text: string; readonly notANumber: string } | undefined {
  let notANumber = "NaN";
  while (text.includes(`"${notANumber}"`)) notANumber += "?";
  let written = "";
  let end = 0;
  const scan = new RegExp(WORD_OR_STRING);
  for (let match = scan.exec(text); match !== null; match = scan.exec(text)) {
    const [word] = match;
    if (word === '"') {
      scan.lastIndex = stringEnd(text, match.index);
      continue;
    }
    written += text.slice(end, match.index) + (word === "NaN" ? `"${notANumber}"` : word.replace("Infinity", "1e999"));
    end = scan.lastIndex;
  }
  return end === 0 ? undefined : { text: written + text.slice(end), notANumber };
}
