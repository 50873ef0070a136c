// Files of torch.save: the values of every tensor in those that are read, and the refusal of those that are not.
import { OnestrokeError } from "../../common/errors";
import type { HostCheck } from "./check";
import { readTensors, relativeError } from "./golden";

const READ = ["plain.bin", "nested.ckpt"];
const REFUSED = ["old.pt", "hostile.bin"];

export const checkTorchFiles: HostCheck = async function* ({ store, golden }) {
  for (const file of READ) {
    const tensors = await readTensors(store, file);
    for (const name of golden.names) {
      const expected = golden.tensor(name);
      const { shape, values } = tensors.get(name) ?? { shape: undefined, values: [] };
      const isShaped = String(shape) === String(expected.shape);
      yield { case: `${file} ${name}`, error: isShaped ? relativeError(values, expected.values) : Number.NaN, bound: 0 };
    }
    const surplus = [...tensors.keys()].filter((name) => !golden.has(name)).length;
    yield { case: `${file}: tensors that are not in it`, error: surplus, bound: 0 };
  }
  for (const file of REFUSED) {
    const refusal = await readTensors(store, file).catch((error: unknown) => error);
    const isRefused = refusal instanceof OnestrokeError && refusal.code === "model-unsupported";
    yield { case: `${file} is refused`, error: isRefused ? 0 : 1, bound: 0 };
  }
};
