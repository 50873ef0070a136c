// The safetensors header, read as hostile input: rules 1 to 13 of `SAFETENSORS_RULES`.
// It knows names, shapes and byte ranges; tensor-reader.ts reads the values.
// Format: https://github.com/huggingface/safetensors#format.
import { OnestrokeError, type ErrorCode } from "../common/errors";
import type { ByteSource } from "./byte-source";
import { DTYPE_BYTES, isDtype, type PlainDtype } from "./dtype";
import { foreignError, foreignFile } from "./foreign-file";
import { scanHeader } from "../common/header-scan";
import { isJsonObject, shown, type JsonObject } from "../common/json";

/** What may be wrong with a file, by number. Rule 14 is in check-tensors.ts, rule 15 in tensor-reader.ts. */
export const SAFETENSORS_RULES = {
  1: "header-too-small",
  2: "header-too-large",
  3: "truncated",
  4: "not-json",
  5: "not-an-object",
  6: "duplicate",
  7: "name",
  8: "dtype",
  9: "shape",
  10: "not-contiguous",
  11: "byte-length",
  12: "alignment",
  13: "metadata",
  14: "manifest",
  15: "values",
} as const;

export type SafetensorsRule = keyof typeof SAFETENSORS_RULES;

export interface TensorEntry {
  readonly dtype: PlainDtype;
  readonly shape: readonly number[];
  /** Bytes in the file, `[begin, end)`. Unaligned ranges are legal (rule 12), so readers copy them. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In file order. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 16 * 2 ** 20;
const MAX_NAME_LENGTH = 1024;
const MAX_RANK = 8;

/** An error that names the file, the rule and, where there is one, the tensor. */
export function ruleError(
  rule: SafetensorsRule,
  file: string,
  problem: string,
  tensor = "",
  code: ErrorCode = "model-corrupt",
  cause?: unknown,
): OnestrokeError {
  const subject = tensor === "" ? file : `${file}: tensor "${tensor.slice(0, 80)}"`;
  return new OnestrokeError(
    code,
    `${subject} ${problem} (rule ${rule}, ${SAFETENSORS_RULES[rule]})`,
    {
      file,
      rule,
      ruleName: SAFETENSORS_RULES[rule],
      tensor: tensor.slice(0, 80),
    },
    cause,
  );
}

/**
 * Reads and checks the header of a file.
 * @param start the file's first 8 bytes, if they have been read already
 * @throws OnestrokeError `model-corrupt`, `model-unsupported` for rule 8; those of foreign-file.ts for a file of another kind;
 * what `source.read` throws
 */
export async function readSafetensorsHeader(source: ByteSource, signal?: AbortSignal, start?: Uint8Array): Promise<SafetensorsHeader> {
  try {
    return await readHeader(source, signal, start);
  } catch (thrown) {
    if (!(thrown instanceof OnestrokeError) || !NO_HEADER.includes(thrown.detail["rule"])) throw thrown;
    const foreign = await foreignFile(source, signal);
    throw foreign === undefined ? thrown : foreignError(source.name, foreign);
  }
}

/** The rules that a file of another kind breaks. */
const NO_HEADER: readonly unknown[] = [1, 2, 3, 4] satisfies readonly SafetensorsRule[];

async function readHeader(source: ByteSource, signal?: AbortSignal, start?: Uint8Array): Promise<SafetensorsHeader> {
  const file = source.name;
  if (source.size < LENGTH_BYTES) throw ruleError(1, file, `is ${source.size} bytes long`);
  const prefix = start ?? (await startOf(source, signal));
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) throw ruleError(2, file, `announces a header of ${length} bytes`);
  const byteLength = Number(length);
  if (LENGTH_BYTES + byteLength > source.size) throw ruleError(3, file, `ends before its header of ${byteLength} bytes does`);
  const bytes = new Uint8Array(byteLength);
  await source.read(LENGTH_BYTES, bytes, signal);
  return parseSafetensorsHeader(bytes, source.size - LENGTH_BYTES - byteLength, file);
}

/** A file's first 8 bytes, or all of a shorter one. */
export async function startOf(source: ByteSource, signal?: AbortSignal): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.min(source.size, LENGTH_BYTES));
  await source.read(0, bytes, signal);
  return bytes;
}

/**
 * @param bytes the header's JSON text
 * @param dataByteLength number of bytes after the header
 */
export function parseSafetensorsHeader(bytes: Uint8Array, dataByteLength: number, file: string): SafetensorsHeader {
  const root = parseObject(bytes, file);
  const dataBegin = LENGTH_BYTES + bytes.byteLength;
  const entries: [string, TensorEntry][] = [];
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, value] of Object.entries(root)) {
    if (name === "__metadata__") metadata = parseMetadata(value, file);
    else entries.push([name, parseEntry(name, value, file)]);
  }
  entries.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  const tensors = new Map<string, TensorEntry>();
  for (const [name, { dtype, shape, begin, end }] of entries) {
    if (begin !== position) throw ruleError(10, file, `begins at ${begin}, not at ${position} where the one before ends`, name);
    position = end;
    tensors.set(name, { dtype, shape, begin: dataBegin + begin, end: dataBegin + end });
  }
  if (position !== dataByteLength) throw ruleError(10, file, `has ${dataByteLength} bytes of data for tensors of ${position}`);
  return { tensors, metadata };
}

function parseObject(bytes: Uint8Array, file: string): JsonObject {
  const text = decodeUtf8(bytes, file);
  if (!text.startsWith("{")) {
    // Another bracket or a word that parses is JSON of the wrong kind; anything else is not JSON.
    const other = tryParse(text);
    if (other !== undefined && !isJsonObject(other)) throw ruleError(5, file, "has a header that is not a JSON object");
    throw ruleError(4, file, 'has a header that does not begin with "{"');
  }
  const { end, rawNames } = scanHeader(text);
  if (/[^ ]/.test(text.slice(end))) throw ruleError(5, file, "has a header padded with something other than spaces");
  const root = tryParse(text);
  if (!isJsonObject(root)) throw ruleError(4, file, "has a header that is not JSON");
  const seen = new Set<unknown>();
  for (const raw of rawNames) {
    const name: unknown = JSON.parse(raw);
    if (seen.has(name)) throw ruleError(6, file, "is named twice", String(name));
    seen.add(name);
  }
  return root;
}

/** Throws on invalid sequences, and keeps a byte order mark, which the default decoder would drop. */
function decodeUtf8(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw ruleError(4, file, "has a header that is not UTF-8", "", "model-corrupt", cause);
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Metadata may be as large as the header allows: people keep thumbnails and workflows there. */
function parseMetadata(value: unknown, file: string): ReadonlyMap<string, string> {
  if (value === null) return new Map();
  if (!isJsonObject(value)) throw ruleError(13, file, "has metadata that is not an object");
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw ruleError(13, file, `has metadata "${key.slice(0, 80)}" that is not a string`);
    metadata.set(key, text);
  }
  return metadata;
}

/** One tensor. Its offsets are relative to the data. */
function parseEntry(name: string, value: unknown, file: string): TensorEntry {
  if (name === "" || name.length > MAX_NAME_LENGTH || name.includes("\0") || !name.isWellFormed()) {
    throw ruleError(7, file, "has an empty, too long or malformed name", name);
  }
  if (!isJsonObject(value)) throw ruleError(5, file, "is not described by an object", name);
  const { dtype } = value;
  if (!isDtype(dtype)) throw ruleError(8, file, `has the unknown number format ${shown(dtype)}`, name, "model-unsupported");
  const { shape, elements } = parseShape(value["shape"], file, name);
  const offsets = value["data_offsets"];
  if (!Array.isArray(offsets) || offsets.length !== 2) throw ruleError(10, file, "has no pair of offsets", name);
  const [begin, end]: readonly unknown[] = offsets;
  if (!isCount(begin) || !isCount(end) || end < begin) throw ruleError(10, file, "has offsets that are not a range", name);
  if (BigInt(end - begin) !== elements * BigInt(DTYPE_BYTES[dtype])) {
    throw ruleError(11, file, `holds ${end - begin} bytes, not those of ${dtype} [${shape.join(", ")}]`, name);
  }
  return { dtype, shape, begin, end };
}

function parseShape(value: unknown, file: string, name: string): { shape: readonly number[]; elements: bigint } {
  if (!Array.isArray(value) || value.length > MAX_RANK) throw ruleError(9, file, "has no shape, or a shape of too many axes", name);
  const shape: number[] = [];
  let elements = 1n;
  for (const axis of value) {
    if (!isCount(axis)) throw ruleError(9, file, `has ${shown(axis)} in its shape`, name);
    shape.push(axis);
    elements *= BigInt(axis);
  }
  return { shape, elements };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
