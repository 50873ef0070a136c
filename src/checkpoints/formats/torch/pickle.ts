// A pickle as torch.save writes it, read by a machine that knows tensors and containers and nothing else. Python's own reader calls
// any function that a pickle names. This one calls nothing: the few names it knows are data here, and any other name, and any
// instruction that it does not need, is refused.
import { OnestrokeError } from "../../../common/errors";
import type { PlainDtype } from "../../dtype";
import { INSTRUCTIONS, STOP, type Operations } from "./instructions";
import { Dict, Name, Storage, Tensor, type Pickled } from "./values";

const STORAGES: Readonly<Record<string, PlainDtype>> = {
  "torch FloatStorage": "F32",
  "torch HalfStorage": "F16",
  "torch BFloat16Storage": "BF16",
  "torch DoubleStorage": "F64",
  "torch LongStorage": "I64",
  "torch IntStorage": "I32",
  "torch ShortStorage": "I16",
  "torch CharStorage": "I8",
  "torch ByteStorage": "U8",
  "torch BoolStorage": "BOOL",
  "torch Float8_e4m3fnStorage": "F8_E4M3",
  "torch Float8_e5m2Storage": "F8_E5M2",
};
const DICT = "collections OrderedDict";
const TENSOR = "torch._utils _rebuild_tensor_v2";
const PARAMETER = "torch._utils _rebuild_parameter";
const SIZE = "torch Size";
const NAMES: ReadonlySet<string> = new Set([...Object.keys(STORAGES), DICT, TENSOR, PARAMETER, SIZE]);

/** The longest text or integer; names of tensors have a hundred characters. */
const MAX_TEXT_BYTES = 1 << 20;
/** Values that are kept for later, and that wait on the stack: a large checkpoint has some ten thousand. */
const MAX_VALUES = 2_000_000;
const MAX_RANK = 8;

/** @throws OnestrokeError `model-corrupt`, `model-unsupported` naming what is refused */
export function readPickle(bytes: Uint8Array, where: string): Pickled {
  return new Machine(bytes, where).run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  readonly #memo = new Map<number, Pickled>();
  /** Where the marks stand on the stack. */
  readonly #marks: number[] = [];
  #stack: Pickled[] = [];
  #at = 0;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
  }

  run(): Pickled {
    for (;;) {
      const opcode = this.#bytes[this.#take(1)] ?? 0;
      if (opcode === STOP) return this.#pop();
      const instruction = INSTRUCTIONS.get(opcode);
      if (instruction === undefined) throw this.#refuse(`uses instruction 0x${opcode.toString(16)}, which no plain checkpoint needs`);
      instruction(this.#operations);
      if (this.#stack.length > MAX_VALUES || this.#memo.size > MAX_VALUES) throw this.#corrupt("holds too many values");
    }
  }

  readonly #operations: Operations = {
    skip: (count) => void this.#take(count),
    unsigned: (size) => this.#unsigned(size),
    signed32: () => this.#view.getInt32(this.#take(4), true),
    float64: () => this.#view.getFloat64(this.#take(8)),
    text: (length) => this.#text(length),
    line: () => this.#line(),
    integer: (length) => this.#integer(length),
    push: (value) => void this.#stack.push(value),
    pop: () => this.#pop(),
    top: () => this.#top(),
    mark: () => void this.#marks.push(this.#stack.length),
    toMark: () => this.#toMark(),
    remember: (index) => void this.#memo.set(index ?? this.#memo.size, this.#top()),
    recall: (index) => {
      if (!this.#memo.has(index)) throw this.#corrupt(`recalls value ${index}, which it never kept`);
      this.#stack.push(this.#memo.get(index));
    },
    name: (module, name) => {
      const text = `${module} ${name}`;
      if (!NAMES.has(text)) throw this.#refuse(`names ${module.slice(0, 60)}.${name.slice(0, 60)}, which is not a tensor or a container`);
      return new Name(text);
    },
    storage: (id) => this.#storage(id),
    call: (callable, values) => this.#call(callable, values),
    corrupt: (problem) => this.#corrupt(problem),
  };

  #take(byteLength: number): number {
    const begin = this.#at;
    if (begin + byteLength > this.#bytes.length) throw this.#corrupt("is cut short");
    this.#at += byteLength;
    return begin;
  }

  #unsigned(size: 1 | 2 | 4 | 8): number {
    const at = this.#take(size);
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at, true);
    return this.#view.getUint32(at, true) + (size === 8 ? this.#view.getUint32(at + 4, true) * 2 ** 32 : 0);
  }

  #text(length: number): string {
    if (length > MAX_TEXT_BYTES) throw this.#corrupt(`has a text of ${length} bytes`);
    const at = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end === -1) throw this.#corrupt("is cut short");
    const text = this.#text(end - this.#at);
    this.#at = end + 1;
    return text;
  }

  /** Two's complement of any length; what exceeds a float64's integers is rounded. */
  #integer(length: number): number {
    if (length > 255) throw this.#corrupt(`has an integer of ${length} bytes`);
    const at = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i] ?? 0);
    return Number(BigInt.asIntN(8 * length, value));
  }

  #pop(): Pickled {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.#corrupt("takes a value that is not there");
    return this.#stack.pop();
  }

  #top(): Pickled {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.#corrupt("takes a value that is not there");
    return this.#stack.at(-1);
  }

  #toMark(): Pickled[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#corrupt("goes back to a mark that is not there");
    return this.#stack.splice(mark);
  }

  /** `("storage", class, key, device, elements)` */
  #storage(id: Pickled): Storage {
    const [kind, type, key] = Array.isArray(id) ? id : [];
    const dtype = type instanceof Name ? STORAGES[type.text] : undefined;
    if (kind !== "storage" || dtype === undefined || typeof key !== "string") throw this.#refuse("refers to something that is no storage");
    return new Storage({ dtype, key });
  }

  /** The names that a checkpoint calls, as what they make: nothing is run. */
  #call(callable: Pickled, values: Pickled): Pickled {
    const list: readonly Pickled[] = Array.isArray(values) ? values : [];
    switch (callable instanceof Name ? callable.text : "") {
      case DICT:
        if (list.length > 0) break;
        return new Dict();
      case TENSOR:
        return this.#tensor(list);
      case PARAMETER:
        return list[0];
      case SIZE:
        return list[0];
    }
    throw this.#refuse(
      `calls ${callable instanceof Name ? callable.text.replace(" ", ".") : "something that has no name"} in an unknown way`,
    );
  }

  #tensor([storage, offset, shape, strides]: readonly Pickled[]): Tensor {
    const isCounts = (value: Pickled): value is number[] =>
      Array.isArray(value) && value.length <= MAX_RANK && value.every((axis) => Number.isSafeInteger(axis) && Number(axis) >= 0);
    if (!(storage instanceof Storage) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length || !isCounts([offset])) {
      throw this.#corrupt("has a tensor without a storage, an offset, a shape or strides");
    }
    return new Tensor({ storage: storage.value, offset: Number(offset), shape, strides });
  }

  #corrupt(problem: string): OnestrokeError {
    return new OnestrokeError("model-corrupt", `${this.#where}: the pickle ${problem}`, { file: this.#where });
  }

  #refuse(problem: string): OnestrokeError {
    return new OnestrokeError("model-unsupported", `${this.#where}: the pickle ${problem}. Nothing of it was run`, {
      file: this.#where,
      remedy:
        "Use the safetensors file of the model. If there is none, and you trust where this one comes from, load it with PyTorch and save its " +
        "state_dict alone.",
    });
  }
}
