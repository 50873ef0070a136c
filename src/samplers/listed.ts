// A student that was taught its own timesteps has a list for each number of steps that it takes.
import { OnestrokeError } from "../common/errors";

/** @throws OnestrokeError `invalid-input`, naming the numbers of steps that have a list */
export function listOf<T>(lists: readonly T[], timesteps: (list: T) => readonly number[], steps: number): T {
  const found = lists.find((list) => timesteps(list).length === steps);
  if (found !== undefined) return found;
  const known = lists.map((list) => timesteps(list).length).join(", ");
  throw new OnestrokeError("invalid-input", `this model takes ${known} steps, not ${steps}`, { steps });
}
