// Reads the published configuration of a network. Fields that do not change the result are
// never looked at; a value that would change it and is not implemented is refused by name,
// because a picture that is quietly wrong is worse than none.
import { Fields, isJsonObject } from "../common/json";
import type { Activation } from "../engine/ops";
import { OnestrokeError } from "../common/errors";

/** Sizes and counts beyond this are no network anyone published. */
const LARGEST = 2 ** 20;

/** `Fields` with the reference implementation's defaults, and refusals that name the value too. */
export class ConfigReader extends Fields {
  /** @throws OnestrokeError `model-unsupported` when the configuration is not a JSON object */
  constructor(json: unknown, network: string) {
    if (!isJsonObject(json)) throw new OnestrokeError("model-unsupported", `${network}: the configuration is not a JSON object`);
    super(json, network);
  }

  has(field: string): boolean {
    return this.#value(field) !== undefined;
  }

  /** A count or a length. */
  size(field: string, fallback?: number, smallest = 1): number {
    const value = this.#value(field) ?? fallback;
    return isSize(value, smallest) ? value : this.refuse(field, `must be an integer from ${smallest}`);
  }

  sizes(field: string, fallback?: readonly number[], smallest = 1): readonly number[] {
    return this.#list(field, fallback, `integers from ${smallest}`, (item): item is number => isSize(item, smallest));
  }

  /** One size a level; a single one stands for all levels. */
  sizePerLevel(field: string, levels: number, fallback: number): readonly number[] {
    const value = this.#value(field) ?? fallback;
    if (isSize(value, 1)) return Array.from({ length: levels }, () => value);
    const list = this.sizes(field);
    return list.length === levels ? list : this.refuse(field, `must have one entry for each of the ${levels} levels`);
  }

  /** A list of names, each out of a fixed set. */
  names<Name extends string>(field: string, known: readonly Name[], fallback?: readonly Name[]): readonly Name[] {
    return this.#list(field, fallback, known.join(", "), (item): item is Name => known.some((name) => name === item));
  }

  /** Maps a name to what it means here. */
  choice<Meaning>(field: string, meanings: Readonly<Record<string, Meaning>>, fallback: string): Meaning {
    const name = this.optionalString(field) ?? fallback;
    const found = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
    return found ?? this.refuse(field, `can only be one of ${Object.keys(meanings).join(", ")}`);
  }

  /** Refuses what would change the result, unless it is absent or `accepted`, one value or one a level. */
  only(field: string, accepted?: string | number | boolean): void {
    const value = this.#value(field);
    if (value === undefined || value === accepted) return;
    if (Array.isArray(value) && value.every((item) => item === accepted)) return;
    this.refuse(field, accepted === undefined ? "is not supported" : `can only be ${JSON.stringify(accepted)}`);
  }

  /** @throws OnestrokeError `model-unsupported`, always */
  refuse(field: string, problem: string): never {
    throw this.unsupported(field, problem);
  }

  override unsupported(field: string, problem: string): OnestrokeError {
    const value = JSON.stringify(this.object[field] ?? null).slice(0, 120);
    return new OnestrokeError("model-unsupported", `${this.where}: "${field}" ${problem}, not ${value}`, { field, value });
  }

  #value(field: string): unknown {
    return this.object[field] ?? undefined;
  }

  #list<Item>(field: string, fallback: readonly Item[] | undefined, of: string, test: (item: unknown) => item is Item): readonly Item[] {
    const value = this.#value(field) ?? fallback;
    return Array.isArray(value) && value.length > 0 && value.every(test) ? value : this.refuse(field, `must be a list of ${of}`);
  }
}

/** diffusers' names. Mish, which some networks know, is not among them. */
export const ACTIVATIONS = { silu: "silu", swish: "silu", relu: "relu", gelu: "gelu" } as const satisfies Record<string, Activation>;

export function isSize(value: unknown, smallest: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= smallest && value <= LARGEST;
}
