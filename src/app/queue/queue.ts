// The order in which pictures are drawn: one that is asked for while another is being drawn waits for its turn, and can be taken out of the
// queue until then. What nobody asked for by name, as a picture that only passes or the four like one, gives way or comes last. After a
// failure the rest waits until somebody has read it.
import type { Recipe } from "../../common/recipe";
import { isSameRecipe } from "../comparison";
import { draftOf } from "../draft";
import type { DrawOptions, PictureDrawing } from "../picture-drawing";
import type { AppState, AppStore } from "../state";
import { queued } from "../strings-queue";
import type { Waiting } from "./state";

export interface DrawingQueue {
  /** Draws and shows a recipe in its turn. Resolves when it was drawn, has failed or was taken out, and at once if it is coming already. */
  ask(recipe: Recipe, options?: Pick<DrawOptions, "anew">): Promise<void>;
  /** Takes out a recipe that waits. */
  unask(recipe: Recipe): void;
  /**
   * Takes out all that was asked of the model that draws, with what is being drawn: somebody chooses another model. It can be brought back,
   * with what was taken out so before.
   */
  takeAllOut(): void;
  /** Draws for the gallery what was taken out so, or some of it. */
  bringBackTakenOut(recipes: readonly Recipe[]): void;
  /** Puts away the offer of that. */
  forgetTakenOut(): void;
  /** Shows the picture of a recipe and sets the controls to it. One that is not there any more is drawn in its turn. */
  bring(recipe: Recipe): Promise<void>;
  /** Does something as soon as nothing is being drawn and nothing waits. */
  afterwards<T>(work: () => Promise<T>): Promise<T>;
}

type Pictures = Pick<PictureDrawing, "drawShown" | "isEnding" | "isFree" | "onFree" | "settle" | "showKept">;

export function createQueue(store: AppStore, pictures: Pictures): DrawingQueue {
  /** What is to be told when a recipe is through. */
  const ends = new Map<Recipe, () => void>();
  /** Those that let everything else go first. */
  let patient: (() => void)[] = [];

  const end = (recipe: Recipe): void => {
    ends.get(recipe)?.();
    ends.delete(recipe);
  };

  function next(): void {
    const { waiting, error } = store.getState();
    const [first, ...rest] = waiting;
    if (!pictures.isFree()) return;
    if (first === undefined) {
      const woken = patient;
      patient = [];
      for (const wake of woken) wake();
      return;
    }
    if (error !== undefined) return;
    store.setState({ waiting: rest });
    void pictures.drawShown(first.recipe, first).finally(() => end(first.recipe));
  }

  pictures.onFree(next);
  store.subscribe(({ error }, before) => {
    if (error === undefined && before.error !== undefined) next();
  });

  async function ask(recipe: Recipe, { anew = false }: Pick<DrawOptions, "anew"> = {}): Promise<void> {
    const state = store.getState();
    if (givesWay(state) || pictures.isEnding()) return pictures.drawShown(recipe, { anew });
    if (isComing(recipe, state)) {
      // One that was to go to the gallery is wanted to be seen again.
      const seen = (entry: Waiting): Waiting =>
        isSameRecipe(entry.recipe, recipe) ? { ...entry, anew: entry.anew || anew, forGallery: false } : entry;
      return store.setState({ waiting: state.waiting.map(seen), status: queued.isComing });
    }
    const waiting = [...state.waiting, { recipe, anew, forGallery: false }];
    store.setState({ waiting, status: queued.count(waiting.length), notice: undefined });
    await new Promise<void>((resolve) => ends.set(recipe, resolve));
  }

  return {
    ask,

    unask(recipe) {
      store.setState(({ waiting }) => ({ waiting: waiting.filter((entry) => entry.recipe !== recipe), status: queued.takenOut }));
      end(recipe);
      // After a failure nothing is being drawn whose end would wake those who wait for the last one.
      next();
    },

    takeAllOut() {
      const { job, waiting, takenOut } = store.getState();
      const isAsked = job !== undefined && !givesWay(store.getState()) && job.beside !== "tiles";
      const asked = [...(isAsked ? [job] : []), ...waiting].map(({ recipe }) => recipe);
      const isNew = (recipe: Recipe): boolean => !takenOut.some((before) => isSameRecipe(before, recipe));
      store.setState({ waiting: [], takenOut: [...takenOut, ...asked.filter(isNew)] });
      for (const recipe of asked) end(recipe);
    },

    bringBackTakenOut(recipes) {
      const state = store.getState();
      // What somebody has asked for again meanwhile is coming already.
      const wanted = recipes.filter((recipe) => !isComing(recipe, state));
      store.setState({
        waiting: [...state.waiting, ...wanted.map((recipe) => ({ recipe, anew: false, forGallery: true }))],
        takenOut: state.takenOut.filter((recipe) => !recipes.includes(recipe)),
      });
      next();
    },

    forgetTakenOut: () => store.setState({ takenOut: [] }),

    async bring(recipe) {
      if (await pictures.showKept(recipe)) return;
      pictures.settle();
      store.setState(({ draft }) => ({ draft: draftOf(recipe, draft), notice: undefined }));
      await ask(recipe);
    },

    async afterwards(work) {
      while (!pictures.isFree() || store.getState().waiting.length > 0) await new Promise<void>((resolve) => void patient.push(resolve));
      return work();
    },
  };
}

/** Whether nothing is being drawn that somebody waits for. The other side of a comparison belongs to a picture that is there already. */
function givesWay({ job }: AppState): boolean {
  return job === undefined || job.isPassing === true || job.beside === "comparison";
}

/** Whether a recipe will be shown without being asked for again. */
function isComing(recipe: Recipe, { job, waiting }: AppState): boolean {
  const coming: readonly (Waiting | AppState["job"])[] = [...(job?.beside === undefined ? [job] : []), ...waiting];
  return coming.some((entry) => entry !== undefined && isSameRecipe(entry.recipe, recipe));
}
