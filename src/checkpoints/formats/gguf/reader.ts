// The typed values of a GGUF header, read in large pieces, because nothing says beforehand how long the header is.
import { OnestrokeError } from "../../../common/errors";
import type { ByteSource } from "../../byte-source";

export type GgufValue = number | boolean | string | readonly GgufValue[];

const PIECE_BYTES = 1 << 20;
/** Vocabularies of language models have some megabytes. */
const MAX_HEADER_BYTES = 64 * 2 ** 20;
const MAX_LIST = 1 << 20;

export class GgufReader {
  position = 0;
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  #begin = 0;
  #view = new DataView(new ArrayBuffer(0));

  constructor(source: ByteSource, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  skip(byteLength: number): Promise<number> {
    return this.#take(byteLength);
  }

  u32(): Promise<number> {
    return this.#number(4, (view, at) => view.getUint32(at, true));
  }

  u64(): Promise<number> {
    return this.#number(8, (view, at) => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32);
  }

  async text(): Promise<string> {
    const byteLength = await this.u64();
    if (byteLength > PIECE_BYTES) throw this.#corrupt(`has a text of ${byteLength} bytes`);
    const at = await this.#take(byteLength);
    return new TextDecoder().decode(new Uint8Array(this.#view.buffer, at, byteLength));
  }

  /** A value after its type. */
  async value(): Promise<GgufValue> {
    return this.#valueOf(await this.u32(), 0);
  }

  async #valueOf(type: number, depth: number): Promise<GgufValue> {
    switch (type) {
      case 0:
        return this.#number(1, (view, at) => view.getUint8(at));
      case 1:
        return this.#number(1, (view, at) => view.getInt8(at));
      case 2:
        return this.#number(2, (view, at) => view.getUint16(at, true));
      case 3:
        return this.#number(2, (view, at) => view.getInt16(at, true));
      case 4:
        return this.u32();
      case 5:
        return this.#number(4, (view, at) => view.getInt32(at, true));
      case 6:
        return this.#number(4, (view, at) => view.getFloat32(at, true));
      case 7:
        return (await this.#number(1, (view, at) => view.getUint8(at))) !== 0;
      case 8:
        return this.text();
      case 9:
        return this.#list(depth);
      case 10:
      case 11:
        return this.u64();
      case 12:
        return this.#number(8, (view, at) => view.getFloat64(at, true));
      default:
        throw this.#corrupt(`has a value of the unknown type ${type}`);
    }
  }

  async #number(byteLength: number, get: (view: DataView, at: number) => number): Promise<number> {
    // The view may be another one afterwards.
    const at = await this.#take(byteLength);
    return get(this.#view, at);
  }

  async #list(depth: number): Promise<GgufValue> {
    const type = await this.u32();
    const length = await this.u64();
    if (depth > 2 || length > MAX_LIST) throw this.#corrupt(`has a list of ${length} values`);
    const list: GgufValue[] = [];
    for (let i = 0; i < length; i++) list.push(await this.#valueOf(type, depth + 1));
    return list;
  }

  /** Makes bytes available. @returns where they begin in the view */
  async #take(byteLength: number): Promise<number> {
    const end = this.position + byteLength;
    if (end > this.#source.size || end > MAX_HEADER_BYTES) throw this.#corrupt("has a header that does not end");
    if (end > this.#begin + this.#view.byteLength) {
      const bytes = new Uint8Array(Math.min(Math.max(PIECE_BYTES, byteLength), this.#source.size - this.position));
      await this.#source.read(this.position, bytes, this.#signal);
      this.#view = new DataView(bytes.buffer);
      this.#begin = this.position;
    }
    const at = this.position - this.#begin;
    this.position = end;
    return at;
  }

  #corrupt(problem: string): OnestrokeError {
    return new OnestrokeError("model-corrupt", `${this.#source.name} ${problem}`, { file: this.#source.name });
  }
}
