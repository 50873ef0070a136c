// Students that were taught timesteps of their own have a list for each number of steps they take.
import { OnestrokeError } from "../common/errors";

/** @throws OnestrokeError `invalid-input` saying which numbers of steps there are */
export function listOf<T>(lists: readonly T[], timesteps: (list: T) => readonly number[], steps: number): T {
  const found = lists.find((list) => timesteps(list).length === steps);
  if (found !== undefined) return found;
  const known = lists.map((list) => timesteps(list).length).join(", ");
  throw new OnestrokeError("invalid-input", `this model takes ${known} steps, not ${steps}`, { steps });
}
