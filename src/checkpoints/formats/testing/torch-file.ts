// Files of torch.save for tests: a zip archive without compression, and pickles of tensors, written as PyTorch 2 writes them.
type Bytes = Uint8Array<ArrayBuffer>;

const text = (value: string): Bytes => new TextEncoder().encode(value);
const u16 = (value: number): Bytes => new Uint8Array(Uint16Array.of(value).buffer);
const u32 = (value: number): Bytes => new Uint8Array(Uint32Array.of(value).buffer);
const u64 = (value: number): Bytes => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);

export function joined(...parts: readonly (Uint8Array | readonly number[])[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** @param isZip64 whether sizes and places are written as those of files beyond 4 GiB */
export function zipFile(entries: readonly (readonly [name: string, data: Uint8Array])[], isZip64 = false, compression = 0): Bytes {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, data] of entries) {
    const padding = (64 - ((at + 30 + name.length + 4) % 64)) % 64;
    const extra = joined(text("FB"), u16(padding), new Uint8Array(padding));
    const sizes = [u32(0), u32(data.length), u32(data.length)];
    const local = joined(
      text("PK\x03\x04"),
      u16(0),
      u16(0),
      u16(compression),
      u32(0),
      ...sizes,
      u16(name.length),
      u16(extra.length),
      text(name),
      extra,
    );
    const wide = isZip64 ? joined(u16(1), u16(24), u64(data.length), u64(data.length), u64(at)) : new Uint8Array(0);
    const size = isZip64 ? 0xffffffff : data.length;
    directory.push(
      joined(
        text("PK\x01\x02"),
        u16(0),
        u16(0),
        u16(0),
        u16(compression),
        u32(0),
        u32(0),
        u32(size),
        u32(size),
        u16(name.length),
        u16(wide.length),
        u16(0),
        u16(0),
        u16(0),
        u32(0),
        u32(isZip64 ? 0xffffffff : at),
        text(name),
        wide,
      ),
    );
    parts.push(local, data);
    at += local.length + data.length;
  }
  const listed = joined(...directory);
  const wideEnd = isZip64
    ? joined(
        text("PK\x06\x06"),
        u64(44),
        u16(0),
        u16(0),
        u32(0),
        u32(0),
        u64(entries.length),
        u64(entries.length),
        u64(listed.length),
        u64(at),
        text("PK\x06\x07"),
        u32(0),
        u64(at + listed.length),
        u32(1),
      )
    : new Uint8Array(0);
  const [size, place] = isZip64 ? [0xffffffff, 0xffffffff] : [listed.length, at];
  const count = u16(entries.length);
  return joined(...parts, listed, wideEnd, text("PK\x05\x06"), u16(0), u16(0), count, count, u32(size), u32(place), u16(0));
}

/** Values as a pickle of protocol 2; `Raw` bytes stand for themselves. */
export class Raw {
  readonly bytes: Bytes;
  constructor(...parts: readonly (Uint8Array | readonly number[])[]) {
    this.bytes = joined(...parts);
  }
}

type Value = number | string | boolean | null | readonly Value[] | Raw | ReadonlyMap<string, Value>;

export function pickled(value: Value): Bytes {
  return joined([0x80, 2], written(value), [0x2e]);
}

export function written(value: Value): Bytes {
  if (value instanceof Raw) return value.bytes;
  if (value instanceof Map) {
    const items = [...value].flatMap(([key, item]: readonly [string, Value]) => [written(key), written(item)]);
    return joined([0x7d, 0x28], ...items, [0x75]);
  }
  if (Array.isArray(value)) return joined([0x28], ...value.map((item: Value) => written(item)), [0x74]);
  if (value === null) return Uint8Array.of(0x4e);
  if (typeof value === "boolean") return Uint8Array.of(value ? 0x88 : 0x89);
  if (typeof value === "number") return joined([0x4a], new Uint8Array(Int32Array.of(value).buffer));
  if (typeof value !== "string") throw new TypeError("a pickle for tests has no such value");
  const bytes = text(value);
  return joined([0x58], u32(bytes.length), bytes);
}

export const global = (module: string, name: string): Raw => new Raw([0x63], text(`${module}\n${name}\n`));
export const called = (callable: Value, values: Value): Raw => new Raw(written(callable), written(values), [0x52]);

/** A tensor over the storage `key`. */
export function tensor(kind: string, key: string, shape: readonly number[], strides: readonly number[], offset = 0): Raw {
  const storage = new Raw(written(["storage", global("torch", `${kind}Storage`), key, "cpu", 0]), [0x51]);
  const hooks = called(global("collections", "OrderedDict"), []);
  return called(global("torch._utils", "_rebuild_tensor_v2"), [storage, offset, shape, strides, false, hooks]);
}

/** @param storages bytes by key */
export function torchFile(root: Value, storages: Readonly<Record<string, Uint8Array>>, isZip64 = false): Bytes {
  const data = Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes] as const);
  return zipFile([["archive/data.pkl", pickled(root)], ["archive/byteorder", text("little")], ...data], isZip64);
}
