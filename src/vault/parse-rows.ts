// Reads the journal's rows as if a stranger had written them: another version of the app, a half-finished crash, a person with a debugger.
// A damaged row is no row, and the vault finds out from the files what it can; a newer one is left to those who know it.
import type { DownloadPlan, PlannedFile, PlannedRepository, PublishedHash } from "../common/download";
import { Fields, isJsonObject } from "../common/json";
import type { License } from "../common/model-facts";
import { STORED_BYTES, type ComponentNumbers, type StoredNumbers } from "../common/stored-pieces";
import { WEIGHT_FORMATS, type ComponentFormats } from "../common/weight-format";
import { JOURNAL_VERSION, type FileRow, type ModelRow } from "./journal-rows";

const LENGTHS = [0, Number.MAX_SAFE_INTEGER] as const;
const SHA256 = /^[0-9a-f]{64}$/;
const SHA1 = /^[0-9a-f]{40}$/;

/** A row, undefined where it is damaged, `newer` where a version wrote it that is not known here. */
type Parsed<Row> = Row | undefined | "newer";

export function parseModelRow(value: unknown): Parsed<ModelRow> {
  return parse(value, (fields) => {
    const next = fields.optionalObject("next");
    return { plan: parsePlan(fields.requiredObject("plan")), ...(next === undefined ? {} : { next: parsePlan(next) }) };
  });
}

export function parseFileRow(value: unknown): Parsed<FileRow> {
  return parse(value, (fields) => {
    const byteLength = fields.integer("byteLength", LENGTHS);
    const chunkBytes = fields.integer("chunkBytes", [1, Number.MAX_SAFE_INTEGER]);
    const { digests, sha256, hashed } = fields.object;
    const isComplete = fields.optionalBoolean("isComplete") ?? false;
    check(Array.isArray(digests) && digests.length === Math.ceil(byteLength / chunkBytes));
    const read = digests.map((digest: unknown) => (digest === undefined ? undefined : matching(digest, SHA256)));
    const name = sha256 === undefined ? undefined : matching(sha256, SHA256);
    check(!isComplete || (name !== undefined && !read.includes(undefined)));
    return {
      byteLength,
      chunkBytes,
      digests: read,
      ...(hashed === undefined ? {} : { hashed: parseHashed(hashed, read) }),
      ...(name === undefined ? {} : { sha256: name }),
      isComplete,
      isSettled: fields.optionalBoolean("isSettled") ?? false,
      isSecondTry: fields.optionalBoolean("isSecondTry") ?? false,
    };
  });
}

function parse<Row>(value: unknown, read: (fields: Fields) => Row): Parsed<Row> {
  if (!isJsonObject(value)) return undefined;
  if (value["version"] !== JOURNAL_VERSION) return typeof value["version"] === "number" ? "newer" : undefined;
  try {
    return read(new Fields(value, "journal"));
  } catch {
    return undefined;
  }
}

/** Whatever this throws is caught in `parse`. */
function check(condition: boolean): asserts condition {
  if (!condition) throw new Error("a damaged row");
}

function matching(value: unknown, pattern: RegExp): string {
  check(typeof value === "string" && pattern.test(value));
  return value;
}

function parseHashed(value: unknown, digests: readonly unknown[]): { readonly chunks: number; readonly state: Uint8Array } {
  check(isJsonObject(value));
  const { chunks, state } = value;
  check(typeof chunks === "number" && Number.isInteger(chunks) && chunks > 0 && chunks <= digests.length && state instanceof Uint8Array);
  return { chunks, state };
}

function parsePlan(fields: Fields): DownloadPlan {
  const license = fields.optionalObject("license");
  const formats = fields.optionalObject("weightFormats");
  const numbers = fields.optionalObject("storedNumbers");
  return {
    model: fields.string("model"),
    title: fields.string("title"),
    license: license && parseLicense(license),
    repositories: fields.objects("repositories").map(parseRepository),
    ...(formats && { weightFormats: parseFormats(formats) }),
    ...(numbers && { storedNumbers: parseNumbers(numbers) }),
  };
}

function parseFormats(fields: Fields): ComponentFormats {
  return Object.fromEntries(Object.keys(fields.object).map((component) => [component, fields.oneOf(component, WEIGHT_FORMATS)]));
}

function parseNumbers({ object }: Fields): ComponentNumbers {
  const isNumbers = (value: unknown): value is StoredNumbers => typeof value === "string" && Object.hasOwn(STORED_BYTES, value);
  return Object.fromEntries(
    Object.entries(object).map(([component, numbers]) => {
      check(Array.isArray(numbers) && numbers.every(isNumbers));
      return [component, numbers];
    }),
  );
}

function parseLicense(fields: Fields): License {
  const commercial = fields.optionalBoolean("commercial");
  return { id: fields.string("id"), ...(commercial === undefined ? {} : { commercial }) };
}

function parseRepository(fields: Fields): PlannedRepository {
  const { addresses } = fields.object;
  check(Array.isArray(addresses) && addresses.every((address) => typeof address === "string" && URL.canParse(address)));
  return {
    repository: fields.string("repository"),
    revision: fields.string("revision"),
    commit: fields.string("commit"),
    addresses,
    files: fields.objects("files").map(parseFile),
  };
}

function parseFile(fields: Fields): PlannedFile {
  const hash = fields.optionalObject("hash");
  const file = { path: fields.string("path"), byteLength: fields.integer("byteLength", LENGTHS) };
  return hash === undefined ? file : { ...file, hash: parseHash(hash) };
}

function parseHash(fields: Fields): PublishedHash {
  const algorithm = fields.oneOf("algorithm", ["sha256", "git-blob"]);
  return { algorithm, hex: matching(fields.string("hex"), algorithm === "sha256" ? SHA256 : SHA1) };
}
