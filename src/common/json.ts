// Reading JSON that strangers wrote: configs, manifests, catalogue entries. Every field is
// checked where it is read, and a wrong one is an error that says which file and which field.
import { OnestrokeError } from "./errors";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws OnestrokeError `model-corrupt` when the text is not a JSON object */
export function parseJsonObject(text: string, where: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new OnestrokeError("model-corrupt", `${where} is not JSON`, { file: where }, cause);
  }
  if (!isJsonObject(value)) throw new OnestrokeError("model-corrupt", `${where} is not a JSON object`, { file: where });
  return value;
}

/** Typed reading of one object; `where` names it in errors. Absent and `null` are the same. */
export class Fields {
  readonly object: JsonObject;
  readonly where: string;

  constructor(object: JsonObject, where: string) {
    this.object = object;
    this.where = where;
  }

  #optional<T>(name: string, expected: string, test: (value: unknown) => value is T): T | undefined {
    const value = this.object[name];
    if (value === undefined || value === null) return undefined;
    if (!test(value)) throw this.unsupported(name, `is not ${expected}`);
    return value;
  }

  #required<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw this.unsupported(name, "is missing");
    return value;
  }

  optionalNumber(name: string): number | undefined {
    return this.#optional(name, "a finite number", (v): v is number => typeof v === "number" && Number.isFinite(v));
  }

  number(name: string): number {
    return this.#required(name, this.optionalNumber(name));
  }

  optionalInteger(name: string): number | undefined {
    return this.#optional(name, "an integer", (v): v is number => Number.isSafeInteger(v));
  }

  integer(name: string): number {
    return this.#required(name, this.optionalInteger(name));
  }

  optionalString(name: string): string | undefined {
    return this.#optional(name, "a string", (v): v is string => typeof v === "string");
  }

  string(name: string): string {
    return this.#required(name, this.optionalString(name));
  }

  optionalBoolean(name: string): boolean | undefined {
    return this.#optional(name, "true or false", (v): v is boolean => typeof v === "boolean");
  }

  optionalObject(name: string): Fields | undefined {
    const object = this.#optional(name, "an object", isJsonObject);
    return object === undefined ? undefined : new Fields(object, `${this.where}: ${name}`);
  }

  requiredObject(name: string): Fields {
    return this.#required(name, this.optionalObject(name));
  }

  optionalIntegers(name: string): readonly number[] | undefined {
    return this.#optional(name, "a list of integers", (v): v is number[] => Array.isArray(v) && v.every((x) => Number.isSafeInteger(x)));
  }

  /** A list of objects; each is named by its place in errors. */
  objects(name: string): readonly Fields[] {
    const test = (v: unknown): v is JsonObject[] => Array.isArray(v) && v.every(isJsonObject);
    const list = this.#required(name, this.#optional(name, "a list of objects", test));
    return list.map((object, i) => new Fields(object, `${this.where}: ${name}[${i}]`));
  }

  numbers(name: string): readonly number[] {
    const test = (v: unknown): v is number[] => Array.isArray(v) && v.every((x) => typeof x === "number");
    return this.#required(name, this.#optional(name, "a list of numbers", test));
  }

  integers(name: string): readonly number[] {
    return this.#required(name, this.optionalIntegers(name));
  }

  /** A string out of a fixed set. */
  optionalOneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.optionalString(name);
    if (value === undefined) return undefined;
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw this.unsupported(name, `is "${value}", which is not one of ${allowed.join(", ")}`);
    return found;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T {
    return this.#required(name, this.optionalOneOf(name, allowed));
  }

  /** Refuses a setting that would change the result and is not implemented. */
  refuseUnless(name: string, accepted: readonly unknown[]): void {
    const value = this.object[name];
    if (value === undefined || value === null || accepted.includes(value)) return;
    throw this.unsupported(name, `is ${JSON.stringify(value)}, which is not supported`);
  }

  unsupported(name: string, problem: string): OnestrokeError {
    return new OnestrokeError("model-unsupported", `${this.where}: "${name}" ${problem}`, { file: this.where, field: name });
  }
}
