// A worker in the same thread, for unit tests. It is a real session, and its messages are cloned as a
// worker's are. It is never part of the app.
import type { Backend } from "../../worker/backend";
import { Session } from "../../worker/session";
import type { SpawnWorker } from "../supervisor";

/**
 * @param openBackend called once for every spawned worker that is asked for something
 * @param deafAfter how many messages each worker hears before it silently stops listening, in the order of spawning
 */
export function sameThreadWorkers(
  openBackend: (spawn: number) => Promise<Backend>,
  deafAfter: readonly (number | undefined)[] = [],
): { readonly spawn: SpawnWorker; readonly spawned: () => number } {
  let spawns = 0;
  const spawn: SpawnWorker = (listeners) => {
    const number = spawns++;
    let ended = false;
    let heard = 0;
    const session = new Session(
      () => openBackend(number),
      (message) => {
        const copy = structuredClone(message);
        queueMicrotask(() => {
          if (!ended) listeners.onMessage(copy);
        });
      },
    );
    return {
      post: (message) => {
        if (heard++ >= (deafAfter[number] ?? Infinity)) return;
        const copy = structuredClone(message);
        queueMicrotask(() => {
          if (!ended) session.receive(copy);
        });
      },
      terminate: () => {
        ended = true;
      },
    };
  };
  return { spawn, spawned: () => spawns };
}
