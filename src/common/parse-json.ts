// JSON as people's tools write it: behind a byte order mark, and with the three numbers that Python's
// `json` module writes and JSON does not have.
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

/** Python's numbers as JSON has them, a number too large for a float and a string that stands nowhere else; undefined where there are none. */
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
