// What was asked for and has not begun to be drawn, as while its model is being loaded: Cancel ends that too, and the newest wish counts.
import type { AppStore } from "./state";
import { strings } from "./strings";

export interface Wishes {
  /** Asks for a picture in place of one that has not begun yet. @returns whether it is still wanted */
  ask(): () => boolean;
  /** Asks for something beside that. @returns whether nobody has cancelled since */
  askBeside(): () => boolean;
  /**
   * Waits for the model that a wish needs. The state says that something is wanted meanwhile.
   * @param isWanted whether it still is
   */
  untilLoaded<T>(loading: Promise<T>, isWanted: () => boolean): Promise<T>;
  /**
   * Nothing of it is wanted any more. What is being loaded goes on: it is needed for the next picture.
   * @returns whether anything was
   */
  cancel(): boolean;
}

export function createWishes(store: AppStore): Wishes {
  /** Counts what was asked for, and what was cancelled. */
  let [wish, cancelled] = [0, 0];
  /** Those that wait for a model, with whether they are still wanted. */
  const waiting = new Set<() => boolean>();

  function say(): void {
    const isAwaited = [...waiting].some((isWanted) => isWanted());
    if (isAwaited !== store.getState().isAwaited) store.setState({ isAwaited });
  }
  // A picture that is opened may take the place of what waits.
  store.subscribe(say);

  return {
    ask() {
      const mine = ++wish;
      return () => mine === wish;
    },
    askBeside() {
      const before = cancelled;
      return () => before === cancelled;
    },
    async untilLoaded(loading, isWanted) {
      const mine = (): boolean => isWanted();
      waiting.add(mine);
      say();
      try {
        return await loading;
      } finally {
        waiting.delete(mine);
        say();
      }
    },
    cancel() {
      const { isAwaited } = store.getState();
      wish++;
      cancelled++;
      say();
      if (isAwaited) store.setState({ status: strings.status.cancelled });
      return isAwaited;
    },
  };
}
