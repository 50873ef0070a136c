// What somebody chose to draw with, and was not here, is opened when it comes: when its download begins, or goes on after a pause or a
// reload, and where it cannot be loaded on its way, when it is whole. Whoever chose another model meanwhile draws with that one.
import type { AppState, AppStore } from "../state";

/** @param open loads the model that the controls name; it is called once for each time that the model comes */
export function openWhenHere(store: AppStore, open: () => void): void {
  /** Whether it came while it was being loaded, which may have begun too early. */
  let isOwed = false;
  store.subscribe((now, before) => {
    const { model } = now.draft;
    const isHere = canBeOpened(now, model);
    if (now.model.kind === "ready" || model !== before.draft.model) isOwed = false;
    else if (isHere && !canBeOpened(before, model)) isOwed = true;
    if (!isOwed || !isHere || now.model.kind !== "missing") return;
    isOwed = false;
    open();
  });
}

function canBeOpened({ models: { activities, room, kept } }: AppState, id: string): boolean {
  const activity = activities.get(id);
  if (activity?.kind === "downloading") {
    // Where nothing is kept, the worker that draws sees it only once it is whole. Who waits for another tab does not know what that one
    // does.
    return room?.isKept === true && activity.progress !== undefined && activity.progress.waiting !== "another tab";
  }
  // Before anybody has looked into the vault, nothing comes of it.
  // What somebody opened from the device's disk was here when it was chosen.
  return kept === undefined || kept.some(({ plan, isComplete, lent }) => plan.model === id && isComplete && lent === undefined);
}
