// What was asked for and has not begun to be drawn, as while its model is being loaded: Cancel ends that too, and the newest wish counts.
import type { AppStore } from "./state";
import { strings } from "./strings";

export interface Wishes {
  /** Asks for a picture in place of one that has not begun yet. @returns whether it is still wanted */
  ask(): () => boolean;
  /** Asks for something beside that. @returns whether nobody has cancelled since */
  askBeside(): () => boolean;
  /** Waits for the model that a wish needs. The state says that something is wanted meanwhile. */
  untilLoaded<T>(loading: Promise<T>): Promise<T>;
  /** Nothing of it is wanted any more. What is being loaded goes on: it is needed for the next picture. */
  cancel(): void;
}

export function createWishes(store: AppStore): Wishes {
  /** Counts what was asked for, and what was cancelled. */
  let [wish, cancelled] = [0, 0];
  /** How many of those that nobody has cancelled wait for a model. */
  let waiting = 0;

  const say = (change: number): void => {
    waiting += change;
    store.setState({ isAwaited: waiting > 0 });
  };
  const askBeside = (): (() => boolean) => {
    const before = cancelled;
    return () => before === cancelled;
  };

  return {
    ask() {
      const mine = ++wish;
      return () => mine === wish;
    },
    askBeside,
    async untilLoaded(loading) {
      const isWanted = askBeside();
      say(1);
      try {
        return await loading;
      } finally {
        if (isWanted()) say(-1);
      }
    },
    cancel() {
      wish++;
      cancelled++;
      if (waiting === 0) return;
      say(-waiting);
      store.setState({ status: strings.status.cancelled });
    },
  };
}
