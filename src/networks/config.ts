// Reads the published configuration of a network. Fields that do not change the result are
// never looked at; a value that would change it and is not implemented is refused by name,
// because a picture that is quietly wrong is worse than none.
import { Fields, isIntegerWithin, isJsonObject, isWithin, shown, within, type Range } from "../common/json";
import type { Activation } from "../engine/ops";
import { OnestrokeError } from "../common/errors";

/**
 * What the numbers of a network may be: well beyond every published one, and small enough that a graph of any of them is built
 * at once. A file that asks for more is damaged or means harm, and would keep the worker busy for minutes.
 */
export const RANGES = {
  channels: [1, 32_768],
  /** Resolutions, each half the one before. */
  levels: [1, 8],
  /** Blocks at one resolution. */
  blocks: [1, 16],
  /** Blocks of a transformer, one after another. */
  layers: [1, 128],
  heads: [1, 512],
  groups: [1, 1024],
  kernel: [1, 15],
  patch: [1, 64],
  /** Latent pixels, or pixels of networks that draw them, on a side. */
  side: [1, 1024],
  tokens: [1, 4096],
  /** Rows of a table: tokens or classes. */
  rows: [1, 2 ** 20],
  /** Of widths: channels of a multiple. */
  multiplier: [1 / 64, 64],
  epsilon: [0, 0.1],
  /** What latents are multiplied by, and what is taken from them before. */
  scaling: [1e-4, 1e4],
  shift: [-1e4, 1e4],
} as const satisfies Readonly<Record<string, Range>>;

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
  size(field: string, range: Range, fallback?: number): number {
    const value = this.#value(field) ?? fallback;
    return isIntegerWithin(value, range) ? value : this.refuse(field, `must be an integer ${within(range)}`);
  }

  /** As many as there may be levels. */
  sizes(field: string, range: Range, fallback?: readonly number[]): readonly number[] {
    return this.#list(field, fallback, `integers ${within(range)}`, (item): item is number => isIntegerWithin(item, range));
  }

  /** One size a level; a single one stands for all levels. */
  sizePerLevel(field: string, levels: number, range: Range, fallback: number): readonly number[] {
    const value = this.#value(field) ?? fallback;
    if (isIntegerWithin(value, range)) return Array.from({ length: levels }, () => value);
    if (!Array.isArray(value)) return this.refuse(field, `must be an integer ${within(range)}, or one for each level`);
    const list = this.sizes(field, range);
    return list.length === levels ? list : this.refuse(field, `must have one entry for each of the ${levels} levels`);
  }

  /** Widths of levels, as multiples of another. */
  multipliers(field: string): readonly number[] {
    const range = RANGES.multiplier;
    return this.#list(field, undefined, `numbers ${within(range)}`, (item): item is number => isWithin(item, range));
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
    const value = shown(this.object[field] ?? null);
    return new OnestrokeError("model-unsupported", `${this.where}: "${field}" ${problem}, not ${value}`, { field, value });
  }

  #value(field: string): unknown {
    return this.object[field] ?? undefined;
  }

  #list<Item>(field: string, fallback: readonly Item[] | undefined, of: string, test: (item: unknown) => item is Item): readonly Item[] {
    const value = this.#value(field) ?? fallback;
    const isList = Array.isArray(value) && isIntegerWithin(value.length, RANGES.levels) && value.every(test);
    return isList ? value : this.refuse(field, `must be a list of 1 to ${RANGES.levels[1]} ${of}`);
  }
}

/** diffusers' names. Mish, which some networks know, is not among them. */
export const ACTIVATIONS = { silu: "silu", swish: "silu", relu: "relu", gelu: "gelu" } as const satisfies Record<string, Activation>;
