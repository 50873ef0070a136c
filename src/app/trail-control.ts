// Undo and redo: follows what is shown, and goes back and forward along it.
import { withoutMadeWith } from "../common/made-with";
import type { Recipe } from "../common/recipe";
import { isSameButSteering, isSameRecipe } from "./comparison";
import type { PictureDrawing } from "./picture-drawing";
import type { DrawingQueue } from "./queue/queue";
import type { AppStore } from "./state";
import { follow } from "./trail";

export interface TrailControl {
  /** Goes back to the picture that was shown before. What was asked for and is not drawn yet is taken back first, the last one first. */
  undo(): Promise<void>;
  redo(): Promise<void>;
}

export function createTrail(
  store: AppStore,
  pictures: Pick<PictureDrawing, "cancel" | "settle">,
  queue: Pick<DrawingQueue, "bring" | "unask">,
): TrailControl {
  /** What undo or redo goes to. */
  let wanted: Recipe | undefined;

  store.subscribe(({ shown, isPassing, isFromDial, trail }, before) => {
    if (shown === undefined || isPassing || (shown === before.shown && !before.isPassing)) return;
    // One that is kept nowhere is drawn again, perhaps by another version of its model, and takes its own place.
    if (wanted !== undefined && isSameRecipe(withoutMadeWith(shown.recipe), withoutMadeWith(wanted))) {
      return store.setState({ trail: { ...trail, recipes: trail.recipes.with(trail.at, shown.recipe) } });
    }
    // Another one has come first, as one that was being drawn: its place is not the wanted one's.
    wanted = undefined;
    // The positions of the dial between two are no steps.
    const current = trail.recipes[trail.at];
    const replaces = isFromDial && before.isFromDial && current !== undefined && isSameButSteering(shown.recipe, current);
    store.setState({ trail: follow(trail, shown.recipe, replaces) });
  });

  async function step(by: 1 | -1): Promise<void> {
    const { trail } = store.getState();
    const at = trail.at + by;
    const recipe = trail.recipes[at];
    if (recipe === undefined) return;
    wanted = recipe;
    store.setState({ trail: { ...trail, at } });
    await queue.bring(recipe);
    if (wanted !== recipe) return;
    wanted = undefined;
    const { shown, job, waiting, trail: now } = store.getState();
    const isShown = shown !== undefined && isSameRecipe(withoutMadeWith(shown.recipe), withoutMadeWith(recipe));
    // It was cancelled, or has failed: what is shown is the step that it was.
    if (!isShown && now.at === at && job === undefined && waiting.length === 0) store.setState({ trail: { ...now, at: trail.at } });
  }

  return {
    async undo() {
      const { job, waiting } = store.getState();
      const last = waiting.at(-1);
      if (last !== undefined) return queue.unask(last.recipe);
      if (job !== undefined) return pictures.cancel();
      // What only passes is no step yet, and becomes one, so that it is gone back from and can be come back to.
      pictures.settle();
      await step(-1);
    },
    redo: () => step(1),
  };
}
