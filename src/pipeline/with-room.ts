// A GPU's memory is shared with whoever else computes on it. Where there is none left, they are asked for some, once, before anything is
// made smaller or given up.
import { OnestrokeError } from "../common/errors";

export function isFull(thrown: unknown): boolean {
  return thrown instanceof OnestrokeError && thrown.code === "gpu-out-of-memory";
}

/**
 * @param makeRoom @returns whether there is more memory now
 * @throws what `job` throws; its `gpu-out-of-memory` where nobody gave any
 */
export async function withRoom<T>(job: () => Promise<T>, makeRoom: () => Promise<boolean>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    if (!isFull(error) || !(await makeRoom())) throw error;
    return job();
  }
}
