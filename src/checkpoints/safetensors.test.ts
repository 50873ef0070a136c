// Rules 1 to 13 of a safetensors header: for each case a broken file, whose error names the rule,
// beside a control that differs only in what the rule is about. Rules 14 and 15 are in
// check-tensors.test.ts and tensor-reader.test.ts.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OnestrokeError } from "../common/errors";
import { memorySource } from "./memory-source";
import { readSafetensorsHeader, SAFETENSORS_RULES, type SafetensorsRule } from "./safetensors";
import { fileOf, float32Tensor, safetensorsFile } from "./testing/safetensors-file";

const read = (file: Uint8Array) => readSafetensorsHeader(memorySource("test.safetensors", file));
const bytes = (length: number): Uint8Array => new Uint8Array(length);
const entry = (begin: number, end: number, more: object = {}): object => ({
  dtype: "F32",
  shape: [(end - begin) / 4],
  data_offsets: [begin, end],
  ...more,
});
const withHeader = (header: unknown, dataBytes: number): Uint8Array => fileOf(JSON.stringify(header), bytes(dataBytes));
const announcing = (length: bigint, rest: number): Uint8Array => {
  const file = bytes(8 + rest);
  new DataView(file.buffer).setBigUint64(0, length, true);
  return file;
};
const prefixed = (prefix: readonly number[]): Uint8Array =>
  fileOf(new Uint8Array([...prefix, ...new TextEncoder().encode("{}")]), bytes(0));

interface RuleCase {
  readonly rule: SafetensorsRule;
  readonly broken: Readonly<Record<string, Uint8Array>>;
  /** Files that differ little from the broken ones and are fine. */
  readonly fine: Readonly<Record<string, Uint8Array>>;
  readonly tensor?: string;
}

const CASES: readonly RuleCase[] = [
  {
    rule: 1,
    broken: { "0 bytes": bytes(0), "7 bytes": bytes(7) },
    fine: { "an empty object": fileOf("{}", bytes(0)) },
  },
  {
    rule: 2,
    broken: {
      "2^63": announcing(2n ** 63n, 2),
      "2^53 + 1": announcing(2n ** 53n + 1n, 2),
      "100 MB": announcing(100_000_000n, 2),
      "16 MiB + 1": announcing(2n ** 24n + 1n, 2),
    },
    fine: { "2 bytes": fileOf("{}", bytes(0)) },
  },
  {
    rule: 3,
    broken: { "one byte past the end": announcing(3n, 2) },
    fine: { "to the end": fileOf("{}", bytes(0)) },
  },
  {
    rule: 4,
    broken: {
      "a byte order mark": prefixed([0xef, 0xbb, 0xbf]),
      "0xFF": prefixed([0xff]),
      "a leading space": prefixed([0x20]),
      "bad UTF-8 inside": fileOf(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), bytes(0)),
      "an unclosed brace": fileOf('{"a":{', bytes(0)),
      "an empty header": fileOf("", bytes(0)),
    },
    fine: { "no prefix": prefixed([]) },
  },
  {
    rule: 5,
    broken: {
      "an array": fileOf("[]", bytes(0)),
      null: fileOf("null", bytes(0)),
      "trailing garbage": fileOf("{}x", bytes(0)),
      "trailing newline": fileOf("{}\n", bytes(0)),
      "an entry that is null": withHeader({ a: null }, 0),
    },
    fine: { "trailing spaces": fileOf("{}   ", bytes(0)) },
  },
  {
    rule: 6,
    broken: {
      "an empty tensor twice": fileOf(
        '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}',
        bytes(0),
      ),
      "spelled with an escape": fileOf(
        '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\\u0061":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}',
        bytes(0),
      ),
    },
    fine: { "two names": withHeader({ a: entry(0, 0), b: entry(0, 0) }, 0) },
    tensor: "a",
  },
  {
    rule: 7,
    broken: {
      "an empty name": withHeader({ "": entry(0, 4) }, 4),
      "10,000 characters": withHeader({ ["x".repeat(10_000)]: entry(0, 4) }, 4),
      NUL: withHeader({ "a\0b": entry(0, 4) }, 4),
      "a lone surrogate": fileOf('{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', bytes(4)),
    },
    fine: {
      constructor: withHeader({ constructor: entry(0, 4) }, 4),
      __proto__: fileOf('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', bytes(4)),
    },
  },
  {
    rule: 8,
    broken: {
      F128: withHeader({ a: entry(0, 4, { dtype: "F128" }) }, 4),
      "3": withHeader({ a: entry(0, 4, { dtype: 3 }) }, 4),
      missing: withHeader({ a: { shape: [1], data_offsets: [0, 4] } }, 4),
      "an inherited property": withHeader({ a: entry(0, 4, { dtype: "toString" }) }, 4),
    },
    fine: { I32: withHeader({ a: entry(0, 4, { dtype: "I32" }) }, 4) },
    tensor: "a",
  },
  {
    rule: 9,
    broken: {
      "-1": withHeader({ a: entry(0, 4, { shape: [-1] }) }, 4),
      "1.5": withHeader({ a: entry(0, 4, { shape: [1.5] }) }, 4),
      "1e400": fileOf('{"a":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}', bytes(4)),
      '"3"': withHeader({ a: entry(0, 4, { shape: ["3"] }) }, 4),
      null: withHeader({ a: entry(0, 4, { shape: null }) }, 4),
      "9 axes": withHeader({ a: entry(0, 4, { shape: [1, 1, 1, 1, 1, 1, 1, 1, 1] }) }, 4),
    },
    fine: {
      "8 axes": withHeader({ a: entry(0, 4, { shape: [1, 1, 1, 1, 1, 1, 1, 1] }) }, 4),
      "no axis is a scalar": withHeader({ a: entry(0, 4, { shape: [] }) }, 4),
    },
    tensor: "a",
  },
  {
    rule: 10,
    broken: {
      "a gap": withHeader({ b: entry(0, 4), a: entry(8, 12) }, 12),
      "an overlap": withHeader({ b: entry(0, 8), a: entry(4, 12) }, 12),
      "a hole before the first": withHeader({ a: entry(4, 8) }, 8),
      "an end before its begin": withHeader({ a: entry(0, 4, { data_offsets: [4, 0] }) }, 4),
      "one offset": withHeader({ a: entry(0, 4, { data_offsets: [0] }) }, 4),
    },
    fine: { "any order in the header": withHeader({ a: entry(4, 12), b: entry(0, 4) }, 12) },
    tensor: "a",
  },
  {
    rule: 10,
    broken: { "a tail": withHeader({ a: entry(0, 4) }, 5), "too little data": withHeader({ a: entry(0, 4) }, 3) },
    fine: { "no tail": withHeader({ a: entry(0, 4) }, 4) },
  },
  {
    rule: 11,
    broken: {
      "one byte more": withHeader({ a: entry(0, 5, { shape: [1] }) }, 5),
      "one byte less": withHeader({ a: entry(0, 3, { shape: [1] }) }, 3),
      "a product of 2^64": withHeader({ a: entry(0, 0, { shape: [65536, 65536, 65536, 65536] }) }, 0),
    },
    fine: { "no bytes for no elements": withHeader({ a: entry(0, 0, { shape: [65536, 65536, 65536, 0] }) }, 0) },
    tensor: "a",
  },
  {
    rule: 13,
    broken: {
      "a nested object": withHeader({ __metadata__: { a: {} } }, 0),
      "a number": withHeader({ __metadata__: { a: 1 } }, 0),
      "a list": withHeader({ __metadata__: [] }, 0),
    },
    fine: {
      strings: withHeader({ __metadata__: { format: "pt" } }, 0),
      null: withHeader({ __metadata__: null }, 0),
      // The metadata holds a thumbnail or a workflow: its only bound is the header's.
      "8 MiB": withHeader({ __metadata__: { workflow: "x".repeat(8 * 2 ** 20) } }, 0),
    },
  },
];

describe.each(CASES)("rule $rule", ({ rule, broken, fine, tensor }) => {
  it.each(Object.entries(broken))(`${SAFETENSORS_RULES[rule]}: %s`, async (_, file) => {
    const code = rule === 8 ? "model-unsupported" : "model-corrupt";
    const detail = expect.objectContaining({ rule, ruleName: SAFETENSORS_RULES[rule], ...(tensor === undefined ? {} : { tensor }) });
    await expect(read(file)).rejects.toMatchObject({ name: "OnestrokeError", code, detail });
  });

  it.each(Object.entries(fine))("control: %s", async (_, file) => {
    await expect(read(file)).resolves.toBeDefined();
  });
});

describe("a valid file", () => {
  const finite = fc.array(fc.float({ noNaN: true }), { maxLength: 6 });
  const tensors = fc.dictionary(
    fc.string({ minLength: 1, maxLength: 8 }).filter((name) => !name.includes("\0") && name !== "__metadata__"),
    finite,
    { maxKeys: 5 },
  );
  const files = tensors.map((named) =>
    safetensorsFile(new Map(Object.entries(named).map(([name, values]) => [name, float32Tensor(values)]))),
  );

  it("comes back by name and shape", async () => {
    await fc.assert(
      fc.asyncProperty(tensors, async (named) => {
        const map = new Map(Object.entries(named).map(([name, values]) => [name, float32Tensor(values)]));
        const header = await read(safetensorsFile(map));
        expect(new Set(header.tensors.keys())).toEqual(new Set(map.keys()));
        for (const [name, { shape }] of header.tensors) expect(shape).toEqual(map.get(name)?.shape);
      }),
      { numRuns: 100 },
    );
  });

  it("survives any mutation: the same class of error, or a header", async () => {
    const mutation = fc.record({ at: fc.nat(400), byte: fc.nat(255), kind: fc.constantFrom("set", "cut", "insert", "drop") });
    await fc.assert(
      fc.asyncProperty(files, fc.array(mutation, { minLength: 1, maxLength: 3 }), async (file, mutations) => {
        const mutated = mutations.reduce<number[]>(
          (current, { at, byte, kind }) => {
            const i = at % (current.length + 1);
            if (kind === "cut") return current.slice(0, i);
            const replaced = kind === "insert" ? [] : current.slice(i, i + 1);
            return [...current.slice(0, i), ...(kind === "drop" ? [] : [byte]), ...current.slice(i + replaced.length)];
          },
          [...file],
        );
        const outcome = await read(new Uint8Array(mutated)).catch((thrown: unknown) => thrown);
        if (outcome instanceof Error) {
          expect(outcome).toBeInstanceOf(OnestrokeError);
          expect(outcome).toMatchObject({ code: expect.stringMatching(/^model-(corrupt|unsupported)$/) });
        }
      }),
      { numRuns: 500 },
    );
  });
});
