// Reads the published configuration of a network. Fields that do not change the result are
// never looked at. A value that would change it and is not implemented is refused by name,
// because a picture that is quietly wrong is worse than none.
import { Fields, isIntegerWithin, isJsonObject, isWithin, shown, within, type Range } from "../common/json";
import type { Activation } from "../engine/ops";
import { OnestrokeError } from "../common/errors";

/**
 * The ranges of a network's numbers. They extend well beyond every published network, and are small enough that a graph within them is
 * built at once. A file that asks for more is damaged or malicious, and would keep the worker busy for minutes.
 */
export const RANGES = {
  channels: [1, 32_768],
  /** Number of resolutions, each half the one before. */
  levels: [1, 8],
  /** Number of blocks at one resolution. */
  blocks: [1, 16],
  /** Number of blocks of a transformer, one after another. */
  layers: [1, 128],
  heads: [1, 512],
  groups: [1, 1024],
  kernel: [1, 15],
  patch: [1, 64],
  /** Length of a side in latent pixels, or in pixels for networks that draw them. */
  side: [1, 1024],
  tokens: [1, 4096],
  /** Rows of a table, one for each token or class. */
  rows: [1, 2 ** 20],
  /** A level's width as a multiple of another width. */
  multiplier: [1 / 64, 64],
  epsilon: [0, 0.1],
  /** The factor by which latents are multiplied, and the shift that is subtracted before. */
  scaling: [1e-4, 1e4],
  shift: [-1e4, 1e4],
} as const satisfies Readonly<Record<string, Range>>;

/** `Fields` with the reference implementation's defaults, and with refusals that also name the value. */
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

  /** A list of at most as many sizes as there may be levels. */
  sizes(field: string, range: Range, fallback?: readonly number[]): readonly number[] {
    return this.#list(field, fallback, `integers ${within(range)}`, (item): item is number => isIntegerWithin(item, range));
  }

  /** One size for each level; a single size applies to all levels. */
  sizePerLevel(field: string, levels: number, range: Range, fallback: number): readonly number[] {
    const value = this.#value(field) ?? fallback;
    if (isIntegerWithin(value, range)) return Array.from({ length: levels }, () => value);
    if (!Array.isArray(value)) return this.refuse(field, `must be an integer ${within(range)}, or one for each level`);
    const list = this.sizes(field, range);
    return list.length === levels ? list : this.refuse(field, `must have one entry for each of the ${levels} levels`);
  }

  /** Widths of levels, as multiples of another width. */
  multipliers(field: string): readonly number[] {
    const range = RANGES.multiplier;
    return this.#list(field, undefined, `numbers ${within(range)}`, (item): item is number => isWithin(item, range));
  }

  /** A list of names, each from a fixed set. */
  names<Name extends string>(field: string, known: readonly Name[], fallback?: readonly Name[]): readonly Name[] {
    return this.#list(field, fallback, known.join(", "), (item): item is Name => known.some((name) => name === item));
  }

  /** Maps a configured name to its meaning here. */
  choice<Meaning>(field: string, meanings: Readonly<Record<string, Meaning>>, fallback: string): Meaning {
    const name = this.optionalString(field) ?? fallback;
    const found = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
    return found ?? this.refuse(field, `can only be one of ${Object.keys(meanings).join(", ")}`);
  }

  /** Refuses a value that would change the result: it must be absent or `accepted`, as one value or as one for each level. */
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

/** diffusers' names. Some networks know Mish, which is not among them. */
export const ACTIVATIONS = { silu: "silu", swish: "silu", relu: "relu", gelu: "gelu" } as const satisfies Record<string, Activation>;
