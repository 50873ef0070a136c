// Files as accidents and malice leave them: JSON with a value changed, removed or duplicated, and bytes flipped,
// cut off or repeated.
import fc from "fast-check";
import { OnestrokeError } from "../../common/errors";
import { isJsonObject } from "../../common/json";

/** For a longer search: `FUZZ_RUNS=20000 npx vitest run src/cli/damaged-files.test.ts`. */
export const RUNS = { numRuns: Number(process.env["FUZZ_RUNS"] ?? 200) };

/** @returns the result, or undefined for an `OnestrokeError` */
export async function bounded<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof OnestrokeError) return undefined;
    throw error;
  }
}

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  2,
  7,
  64,
  999,
  20_000,
  2 ** 20,
  1e9,
  2 ** 53,
  1e300,
  -1e300,
  NaN,
  Infinity,
  "",
  "x",
  "64",
  "__proto__",
  "constructor",
  "a".repeat(5000),
  [],
  [[]],
  [null],
  [1, 2, 3],
  [-1, 1e9],
  Array.from({ length: 5000 }, () => 1),
  {},
  { a: 1 },
];

type Path = readonly (string | number)[];

function pathsIn(value: unknown, path: Path = []): readonly Path[] {
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.slice(0, 20).map((item: unknown, i) => [i, item] as const)
    : isJsonObject(value)
      ? Object.entries(value).slice(0, 200)
      : [];
  return entries.flatMap(([key, inner]) => [[...path, key], ...pathsIn(inner, [...path, key])]);
}

/** `value` with `change` at `path`; an undefined `change` removes what is there. */
function changedAt(value: unknown, [key, ...rest]: Path, change: unknown): unknown {
  if (key === undefined) return change;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.flatMap((item, i) =>
      i !== key ? [item] : change === undefined && rest.length === 0 ? [] : [changedAt(item, rest, change)],
    );
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) =>
      name !== key ? [[name, item]] : change === undefined && rest.length === 0 ? [] : [[name, changedAt(item, rest, change)]],
    ),
  );
}

/** JSON with one to three changes. */
export function damagedJson(value: unknown): fc.Arbitrary<unknown> {
  const paths = pathsIn(value);
  const change = fc.tuple(fc.constantFrom(...paths), fc.constantFrom(undefined, ...ODD_VALUES));
  return fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((current, [path, odd]) => changedAt(current, path, odd), value));
}

/** Bytes with one to four changes, half of them at the beginning of the file, where everything but the data is. */
export function damagedBytes(bytes: Uint8Array): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const at = fc.oneof(fc.nat(Math.min(bytes.length, 400)), fc.nat(bytes.length));
  const change = fc.oneof(
    fc.record({ kind: fc.constant("put"), at, byte: fc.nat(255), count: fc.nat(4) }),
    fc.record({ kind: fc.constant("cut"), at, byte: fc.constant(0), count: fc.nat(64) }),
    fc.record({ kind: fc.constant("end"), at, byte: fc.constant(0), count: fc.constant(0) }),
    fc.record({ kind: fc.constant("repeat"), at, byte: fc.constant(0), count: fc.nat(64) }),
  );
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let current = [...bytes];
    for (const { kind, at: begin, byte, count } of changes) {
      if (kind === "put") for (let i = begin; i < Math.min(begin + count + 1, current.length); i++) current[i] = byte;
      else if (kind === "cut") current.splice(begin, count);
      else if (kind === "end") current = current.slice(0, begin);
      else current.splice(begin, 0, ...current.slice(begin, begin + count));
    }
    return Uint8Array.from(current);
  });
}
