// Reading JSON that strangers wrote: configs, manifests, catalogue entries. Every field is
// checked where it is read, and a wrong one is an error that says which file and which field.
import { OnestrokeError } from "./errors";
import { parseJson } from "./parse-json";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws OnestrokeError `model-corrupt` when the text is not a JSON object */
export function parseJsonObject(text: string, where: string): JsonObject {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new OnestrokeError("model-corrupt", `${where} is not JSON`, { file: where }, cause);
  }
  if (!isJsonObject(value)) throw new OnestrokeError("model-corrupt", `${where} is not a JSON object`, { file: where });
  return value;
}

/** Least and most a number may be. Every number has a range, since an absurd one would become a loop or an allocation later. */
export type Range = readonly [least: number, most: number];

export const within = ([least, most]: Range): string => `from ${least} to ${most}`;

/** NaN is never within a range. */
export function isWithin(value: unknown, [least, most]: Range): value is number {
  return typeof value === "number" && value >= least && value <= most;
}

export function isIntegerWithin(value: unknown, range: Range): value is number {
  return Number.isSafeInteger(value) && isWithin(value, range);
}

/** Step lists have thousands of entries at most, and no other list that is read by name is longer. */
const LONGEST_LIST = 10_000;

/** A value as messages show it: the beginning of its JSON. */
export function shown(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 120);
  } catch {
    // It is nested too deeply for JSON, or is not JSON at all.
    return `a ${typeof value}`;
  }
}

/** Typed reading of one object; `where` names it in errors. An absent field and `null` mean the same. */
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
    if (!test(value)) throw this.unsupported(name, `is ${shown(value)}, not ${expected}`);
    return value;
  }

  #optionalList<T>(name: string, of: string, test: (item: unknown) => item is T): readonly T[] | undefined {
    const isList = (value: unknown): value is T[] => Array.isArray(value) && value.length <= LONGEST_LIST && value.every(test);
    return this.#optional(name, `a list of at most ${LONGEST_LIST} ${of}`, isList);
  }

  #required<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw this.unsupported(name, "is missing");
    return value;
  }

  optionalNumber(name: string, range: Range): number | undefined {
    return this.#optional(name, `a number ${within(range)}`, (v): v is number => isWithin(v, range));
  }

  number(name: string, range: Range): number {
    return this.#required(name, this.optionalNumber(name, range));
  }

  optionalInteger(name: string, range: Range): number | undefined {
    return this.#optional(name, `an integer ${within(range)}`, (v): v is number => isIntegerWithin(v, range));
  }

  integer(name: string, range: Range): number {
    return this.#required(name, this.optionalInteger(name, range));
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

  optionalIntegers(name: string, range: Range): readonly number[] | undefined {
    return this.#optionalList(name, `integers ${within(range)}`, (v): v is number => isIntegerWithin(v, range));
  }

  /** A list of objects. Errors name each one by its place in the list. */
  objects(name: string): readonly Fields[] {
    const list = this.#required(name, this.#optionalList(name, "objects", isJsonObject));
    return list.map((object, i) => new Fields(object, `${this.where}: ${name}[${i}]`));
  }

  numbers(name: string, range: Range): readonly number[] {
    const test = (v: unknown): v is number => isWithin(v, range);
    return this.#required(name, this.#optionalList(name, `numbers ${within(range)}`, test));
  }

  integers(name: string, range: Range): readonly number[] {
    return this.#required(name, this.optionalIntegers(name, range));
  }

  /** A string from a fixed set. */
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
    throw this.unsupported(name, `is ${shown(value)}, which is not supported`);
  }

  unsupported(name: string, problem: string): OnestrokeError {
    return new OnestrokeError("model-unsupported", `${this.where}: "${name}" ${problem}`, { file: this.where, field: name });
  }
}
