// What somebody chose to draw with, and was not here, is opened when it comes: when its download begins, or goes on after a pause or a
// reload, and where it cannot be loaded on its way, when it is whole. Whoever chose another model meanwhile draws with that one.
import type { AppState, AppStore } from "../state";

/** @param open loads the model that the controls name; it is called once for each time that the model comes */
export function openWhenHere(store: AppStore, open: () => void): void {
  store.subscribe((now, before) => {
    const { model } = now.draft;
    if (now.model.kind === "missing" && canBeOpened(now, model) && !canBeOpened(before, model)) open();
  });
}

function canBeOpened({ models: { activities, room, kept } }: AppState, id: string): boolean {
  const activity = activities.get(id);
  if (activity?.kind === "downloading") {
    // Where nothing is kept, the worker that draws sees it only once it is whole; and who waits for another tab does not know what that one
    // does.
    return room?.isKept === true && activity.progress !== undefined && activity.progress.waiting !== "another tab";
  }
  // Before anybody has looked into the vault, nothing comes of it.
  return kept === undefined || kept.some(({ plan, isComplete }) => plan.model === id && isComplete);
}
