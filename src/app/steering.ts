// Turns the steering dial, and compares a picture that leaves something out with the same picture
// where nothing is left out.
import { isSameRecipe, leavesOut } from "./comparison";
import type { ActiveSteering } from "./dial";
import { draftOf } from "./draft";
import type { PictureDrawing } from "./picture-drawing";
import type { DrawingQueue } from "./queue/queue";
import { editDraft, factsOf, type AppStore } from "./state";
import type { TextCounting } from "./tokens/count-texts";

export interface SteeringControl {
  /** Turns the steering dial. In a comparison its steered side follows. */
  steer(steering: ActiveSteering): void;
  /** Shows what the controls say beside the same with nothing left out, or one picture again. */
  compare(isComparing: boolean): Promise<void>;
}

/** @param queue what was asked for is drawn before the comparison */
export function createSteeringControl(
  store: AppStore,
  pictures: PictureDrawing,
  queue: Pick<DrawingQueue, "afterwards" | "ask">,
  { counting }: TextCounting,
): SteeringControl {
  /** Draws the picture that is compared, or is about to be, as the dial stands, whatever has been typed since. */
  async function follow(steering: ActiveSteering): Promise<void> {
    const { isComparing, shown, job, draft } = store.getState();
    const facts = factsOf(store.getState());
    const isForStage = job !== undefined && job.beside === undefined;
    const compared = isForStage && leavesOut(job.recipe) ? job.recipe : shown?.recipe;
    if (!isComparing || compared === undefined || facts === undefined) return;
    const recipe = pictures.recipeFor({ ...draftOf(compared, draft), steering }, facts);
    if (recipe !== undefined) await pictures.drawShown(recipe, { turnsDial: true });
  }

  return {
    steer(steering) {
      editDraft(store, { steering });
      const { job, isComparing } = store.getState();
      // What goes elsewhere is not given up for it.
      if (job?.beside !== "gallery" && job?.beside !== "tiles") void follow(steering);
      else if (isComparing) void queue.afterwards(async () => store.getState().draft.steering === steering && (await follow(steering)));
    },

    async compare(isComparing) {
      const counted = isComparing ? counting() : undefined;
      if (counted !== undefined) await counted;
      const { draft, shown } = store.getState();
      const facts = factsOf(store.getState());
      const recipe = isComparing && facts !== undefined ? pictures.recipeFor(draft, facts) : undefined;
      store.setState({ isComparing: recipe !== undefined });
      // Where the dial was left standing is what somebody wanted.
      if (!isComparing) store.setState({ isFromDial: false });
      if (recipe === undefined) return;
      if (shown !== undefined && isSameRecipe(recipe, shown.recipe)) await queue.afterwards(() => pictures.drawOtherSide());
      else await queue.ask(recipe);
    },
  };
}
