// The instructions of a pickle that a checkpoint needs, and what each does to the machine (pickle.ts) that carries them out. Their names
// are those of CPython's Lib/pickletools.py.
import type { OnestrokeError } from "../../../common/errors";
import { Dict, type Pickled } from "./values";

/** What instructions do to the machine. */
export interface Operations {
  skip(count: number): void;
  unsigned(size: 1 | 2 | 4 | 8): number;
  signed32(): number;
  float64(): number;
  text(length: number): string;
  line(): string;
  integer(length: number): number;
  push(value: Pickled): void;
  pop(): Pickled;
  top(): Pickled;
  mark(): void;
  toMark(): Pickled[];
  remember(index?: number): void;
  recall(index: number): void;
  name(module: string, name: string): Pickled;
  storage(id: Pickled): Pickled;
  call(callable: Pickled, values: Pickled): Pickled;
  corrupt(problem: string): OnestrokeError;
}

export const STOP = 0x2e;

function set(m: Operations, items: readonly Pickled[]): void {
  const dict = m.top();
  if (!(dict instanceof Dict)) throw m.corrupt("sets an item of something that is no dictionary");
  for (let i = 0; i + 1 < items.length; i += 2) dict.entries.set(items[i], items[i + 1]);
}

function append(m: Operations, items: readonly Pickled[]): void {
  const list = m.top();
  if (!Array.isArray(list)) throw m.corrupt("appends to something that is no list");
  for (const item of items) list.push(item);
}

function tuple(m: Operations, count: number): void {
  m.push(Array.from({ length: count }, () => m.pop()).toReversed());
}

/** By opcode. */
export const INSTRUCTIONS: ReadonlyMap<number, (m: Operations) => void> = new Map([
  [0x80, (m) => m.skip(1)], // PROTO
  [0x95, (m) => m.skip(8)], // FRAME
  [0x28, (m) => m.mark()], // MARK
  [0x30, (m) => void m.pop()], // POP
  [0x4e, (m) => m.push(undefined)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x4b, (m) => m.push(m.unsigned(1))], // BININT1
  [0x4d, (m) => m.push(m.unsigned(2))], // BININT2
  [0x4a, (m) => m.push(m.signed32())], // BININT
  [0x8a, (m) => m.push(m.integer(m.unsigned(1)))], // LONG1
  [0x47, (m) => m.push(m.float64())], // BINFLOAT
  [0x58, (m) => m.push(m.text(m.unsigned(4)))], // BINUNICODE
  [0x8c, (m) => m.push(m.text(m.unsigned(1)))], // SHORT_BINUNICODE
  [0x8d, (m) => m.push(m.text(m.unsigned(8)))], // BINUNICODE8
  [0x55, (m) => m.push(m.text(m.unsigned(1)))], // SHORT_BINSTRING
  [0x54, (m) => m.push(m.text(m.unsigned(4)))], // BINSTRING
  [0x43, (m) => m.push(m.text(m.unsigned(1)))], // SHORT_BINBYTES
  [0x42, (m) => m.push(m.text(m.unsigned(4)))], // BINBYTES
  [0x7d, (m) => m.push(new Dict())], // EMPTY_DICT
  [0x5d, (m) => m.push([])], // EMPTY_LIST
  [0x29, (m) => m.push([])], // EMPTY_TUPLE
  [0x85, (m) => tuple(m, 1)], // TUPLE1
  [0x86, (m) => tuple(m, 2)], // TUPLE2
  [0x87, (m) => tuple(m, 3)], // TUPLE3
  [0x74, (m) => m.push(m.toMark())], // TUPLE
  [0x6c, (m) => m.push(m.toMark())], // LIST
  [0x61, (m) => append(m, [m.pop()])], // APPEND
  [0x65, (m) => append(m, m.toMark())], // APPENDS
  [0x73, (m) => set(m, [m.pop(), m.pop()].toReversed())], // SETITEM
  [0x75, (m) => set(m, m.toMark())], // SETITEMS
  [0x71, (m) => m.remember(m.unsigned(1))], // BINPUT
  [0x72, (m) => m.remember(m.unsigned(4))], // LONG_BINPUT
  [0x94, (m) => m.remember()], // MEMOIZE
  [0x68, (m) => m.recall(m.unsigned(1))], // BINGET
  [0x6a, (m) => m.recall(m.unsigned(4))], // LONG_BINGET
  [0x63, (m) => m.push(m.name(m.line(), m.line()))], // GLOBAL
  [
    0x93, // STACK_GLOBAL
    (m) => {
      const [name, module] = [m.pop(), m.pop()];
      if (typeof module !== "string" || typeof name !== "string") throw m.corrupt("has a name that is no text");
      m.push(m.name(module, name));
    },
  ],
  [0x51, (m) => m.push(m.storage(m.pop()))], // BINPERSID
  [
    0x52, // REDUCE
    (m) => {
      const values = m.pop();
      m.push(m.call(m.pop(), values));
    },
  ],
  [0x62, (m) => void m.pop()], // BUILD: attributes of a dictionary, which hold no weights
]);
