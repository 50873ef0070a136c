// What a reader streams when float16 is asked for.
import type { OnBytes } from "../byte-source";
import type { TensorReader } from "../tensor-reader";

export const FLOAT16 = { format: "f16" } as const;

/** float16 bits by name, in the order in which they come. */
export async function halvesOf(
  reader: TensorReader,
  names: readonly string[],
  onBytes?: OnBytes,
): Promise<ReadonlyMap<string, Uint16Array>> {
  const all = new Map<string, Uint16Array>();
  for await (const [name, values] of reader.stream(new Map(names.map((each) => [each, FLOAT16])), undefined, onBytes)) {
    if (!(values instanceof Uint16Array)) throw new Error(`${name} came in blocks`);
    all.set(name, values.slice());
  }
  return all;
}
