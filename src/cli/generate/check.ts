// How `generate` refuses what cannot be meant, by the option's name.
import { OnestrokeError } from "../../common/errors";
import { USAGE } from "./usage";

export function whole(name: string, text: string, most = 1e6): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw invalid(name, `--${name} is a whole number from 1 to ${most}, not ${text}`);
  return value;
}

/** What reading an argument or a line throws is an invalid argument. */
export function parse<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw invalid("arguments", `${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
  }
}

export function invalid(field: string, message: string): OnestrokeError {
  return new OnestrokeError("invalid-input", message, { field });
}
