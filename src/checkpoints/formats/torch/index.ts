// A file of torch.save since PyTorch 1.6: a zip archive with a pickle that describes tensors, and an entry with the bytes of each
// storage. Several tensors may share a storage, and a tensor may be a strided view of one.
import { OnestrokeError } from "../../../common/errors";
import type { ByteSource } from "../../byte-source";
import { blockOf } from "../../dtype";
import type { StoredTensor, StoredTensors } from "../../stored-tensor";
import { readPickle } from "./pickle";
import { Dict, Tensor, type Pickled, type PickledTensor } from "./values";
import { readZip, type ZipEntry } from "./zip";

const PICKLE = "data.pkl";
/** The description of the largest checkpoints has a few megabytes. */
const MAX_PICKLE_BYTES = 64 * 2 ** 20;
/** Where trainers put the weights within what they save, in the order in which they are looked for. */
const WRAPPERS = ["state_dict", "params_ema", "params", "model", "module"];

/** @throws OnestrokeError `model-corrupt`, `model-unsupported` naming what is refused; what `source.read` throws */
export async function readTorchFile(source: ByteSource, signal?: AbortSignal): Promise<StoredTensors> {
  const entries = await readZip(source, signal);
  const path = [...entries.keys()].find((name) => name === PICKLE || /^[^/]+\/data\.pkl$/.test(name));
  const entry = path === undefined ? undefined : entries.get(path);
  if (path === undefined || entry === undefined) {
    throw new OnestrokeError("model-unsupported", `${source.name} is a zip archive that holds no ${PICKLE}, so it is not torch's`, {
      file: source.name,
      remedy: "Unpack it, and open what it contains.",
    });
  }
  const root = path.slice(0, -PICKLE.length);
  if ((await textOf(source, entries.get(`${root}byteorder`), signal)) === "big") {
    throw new OnestrokeError("model-unsupported", `${source.name} holds numbers in big-endian order`, { file: source.name });
  }
  if (entry.end - entry.begin > MAX_PICKLE_BYTES) throw corrupt(source, `has a pickle of ${entry.end - entry.begin} bytes`);
  const weights = weightsIn(readPickle(await bytesOf(source, entry, signal), source.name));
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of weights) {
    const storage = entries.get(`${root}data/${tensor.storage.key}`);
    if (storage === undefined) throw corrupt(source, `lacks the storage of "${name.slice(0, 80)}"`);
    tensors.set(name, placed(source, name, tensor, storage));
  }
  return tensors;
}

/** The dictionary of tensors by name, which may be within another one. */
function weightsIn(root: Pickled): readonly (readonly [string, PickledTensor])[] {
  if (!(root instanceof Dict)) return [];
  const wrapped = WRAPPERS.map((name) => root.entries.get(name)).find((value) => value instanceof Dict);
  const dict = wrapped instanceof Dict ? wrapped : root;
  return [...dict.entries].flatMap(([name, value]) =>
    typeof name === "string" && value instanceof Tensor ? [[name, value.value] as const] : [],
  );
}

/** @throws OnestrokeError `model-corrupt` where the tensor is not within its storage, or has more values than it */
function placed(source: ByteSource, name: string, { storage, offset, shape, strides }: PickledTensor, entry: ZipEntry): StoredTensor {
  const { dtype } = storage;
  const { bytes } = blockOf(dtype);
  const elements = shape.reduce((size, axis) => size * axis, 1);
  const span = elements === 0 ? 0 : 1 + shape.reduce((last, axis, i) => last + (axis - 1) * (strides[i] ?? 0), 0);
  const begin = entry.begin + offset * bytes;
  const end = begin + span * bytes;
  // Strides of zero would make a huge tensor of a small file.
  if (!Number.isSafeInteger(end) || (elements > 0 && end > entry.end) || elements > span) {
    throw corrupt(source, `has a tensor "${name.slice(0, 80)}" that is not within its storage`);
  }
  const place = elements === 0 ? { begin: entry.begin, end: entry.begin } : { begin, end };
  return { source, dtype, shape, ...place, ...(isRowMajor(shape, strides) ? {} : { strides }) };
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let size = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] ?? 0;
    if (length === 0) return true;
    if (length !== 1 && strides[axis] !== size) return false;
    size *= length;
  }
  return true;
}

async function bytesOf(source: ByteSource, { begin, end }: ZipEntry, signal?: AbortSignal): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  await source.read(begin, bytes, signal);
  return bytes;
}

async function textOf(source: ByteSource, entry: ZipEntry | undefined, signal?: AbortSignal): Promise<string> {
  if (entry === undefined || entry.end - entry.begin > 16) return "";
  return new TextDecoder().decode(await bytesOf(source, entry, signal));
}

function corrupt(source: ByteSource, problem: string): OnestrokeError {
  return new OnestrokeError("model-corrupt", `${source.name} ${problem}`, { file: source.name });
}
