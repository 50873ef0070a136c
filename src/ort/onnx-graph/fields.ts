// Protobuf messages as lists of fields, through @bufbuild/protobuf's reader and writer. Fields that are not
// understood here are kept unchanged, so that writing a model again loses nothing; contents
// are views of the file, never copies. There is no generated code and no `eval`, which the page's policy forbids.
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { OnestrokeError } from "../../common/errors";

export interface Field {
  readonly number: number;
  readonly wireType: WireType;
  /** For a length-delimited field what follows the length, else the value as stored. */
  readonly content: Uint8Array;
}

/** Limit for one message: a graph's nodes, tensors and values are its fields. */
const MOST_FIELDS = 500_000;
/** Limit for one list, which is usually the sizes of a tensor. */
const MOST_INTEGERS = 1024;

/** @throws OnestrokeError `model-corrupt`; `model-unsupported` when there are too many fields */
export function readFields(bytes: Uint8Array): readonly Field[] {
  return wire(() => {
    const reader = new BinaryReader(bytes);
    const fields: Field[] = [];
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      const content = wireType === WireType.LengthDelimited ? reader.bytes() : reader.skip(wireType, number);
      if (fields.length === MOST_FIELDS) throw endless("parts");
      fields.push({ number, wireType, content });
    }
    return fields;
  });
}

export function writeFields(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  for (const { number, wireType, content } of fields) {
    writer.tag(number, wireType);
    if (wireType === WireType.LengthDelimited) writer.bytes(content);
    else writer.raw(content);
  }
  return writer.finish();
}

export const message = (number: number, fields: readonly Field[]): Field => bytes(number, writeFields(fields));
export const text = (number: number, value: string): Field => bytes(number, new TextEncoder().encode(value));

export function bytes(number: number, content: Uint8Array): Field {
  return { number, wireType: WireType.LengthDelimited, content };
}

/** int32, int64 and enumerations. */
export function integer(number: number, value: number): Field {
  return { number, wireType: WireType.Varint, content: new BinaryWriter().int64(value).finish() };
}

/** The contents of all fields with one number. */
export function contents(fields: readonly Field[], number: number): readonly Uint8Array[] {
  return fields.filter((field) => field.number === number).map(({ content }) => content);
}

export function texts(fields: readonly Field[], number: number): readonly string[] {
  return wire(() => contents(fields, number).map((content) => new TextDecoder("utf-8", { fatal: true }).decode(content)));
}

/** The last field with this number, as protobuf defines it; "" if there is none. */
export function textOf(fields: readonly Field[], number: number): string {
  return texts(fields, number).at(-1) ?? "";
}

/** Whole numbers, each in its own field or packed in one field. */
export function integers(fields: readonly Field[], number: number): readonly number[] {
  return wire(() => {
    const values: number[] = [];
    for (const content of contents(fields, number)) {
      const reader = new BinaryReader(content);
      while (reader.pos < reader.len) {
        if (values.length === MOST_INTEGERS) throw endless("numbers in a list");
        values.push(Number(reader.int64()));
      }
    }
    return values;
  });
}

export function integerOf(fields: readonly Field[], number: number): number | undefined {
  return integers(fields, number).at(-1);
}

function endless(of: string): OnestrokeError {
  return new OnestrokeError("model-unsupported", `the ONNX file has more ${of} than any network here needs`);
}

function wire<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof OnestrokeError) throw cause;
    throw new OnestrokeError("model-corrupt", "the ONNX file is damaged: it is not valid protobuf", {}, cause);
  }
}
