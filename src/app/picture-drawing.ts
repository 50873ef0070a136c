// Draws one recipe at a time and shows it. The newest recipe takes over from one that is still being
// drawn, and a comparison gets its other side.
import type { Generator } from "../client/generator";
import { drawingMs, type Drawing } from "../common/drawing";
import { OnestrokeError } from "../common/errors";
import { recipeToQuery } from "../common/permalink";
import type { Recipe } from "../common/recipe";
import type { SteeringDefaults } from "../common/steering-defaults";
import { isSameButSteering, isSameRecipe, leavesOut, withoutNegative } from "./comparison";
import { draftOf, isRewritten, recipeOf, type Draft } from "./draft";
import { otherSide, type AppState, type AppStore, type Job } from "./state";
import { formatDuration, strings } from "./strings";

/** How many pictures the strip keeps. One of 256 x 256 takes 256 KiB. */
const HISTORY_LENGTH = 24;

export interface PictureDrawing {
  /** Whether anything has been drawn, or was begun. */
  hasBegun(): boolean;
  /** The recipe of what the controls say. Where they make none, the error is shown. */
  recipeFor(draft: Draft, defaults: SteeringDefaults): Recipe | undefined;
  /** Draws and shows a recipe, then the other side of a comparison. */
  drawShown(recipe: Recipe): Promise<void>;
  /** Draws the unsteered side of a comparison where it is not there yet. */
  drawOtherSide(): Promise<void>;
  cancel(): void;
  /** Shows a picture that was drawn before, and sets the controls to its recipe. */
  show(drawing: Drawing): void;
}

export function createPictureDrawing(store: AppStore, generator: Generator, keepQuery: (query: string) => void): PictureDrawing {
  let abort: AbortController | undefined;

  function recipeFor(draft: Draft, defaults: SteeringDefaults): Recipe | undefined {
    try {
      return recipeOf(draft, defaults);
    } catch (thrown) {
      store.setState({ error: OnestrokeError.from(thrown, "invalid-input") });
      return undefined;
    }
  }

  async function drawShown(recipe: Recipe): Promise<void> {
    if (!leavesOut(recipe)) store.setState({ isComparing: false });
    const isDrawn = await drawRecipe(recipe, (drawing) => {
      keepQuery(recipeToQuery(recipe));
      const { shown, history, isComparing } = store.getState();
      // Turning the dial of a comparison would fill the history with pictures in between.
      const replaces = isComparing && shown !== undefined && isSameButSteering(shown.recipe, recipe);
      return {
        shown: drawing,
        history: replaces ? history.map((old) => (old === shown ? drawing : old)) : withNewest(drawing, history),
        status: strings.status.done(formatDuration(drawingMs(drawing.timings))),
      };
    });
    if (isDrawn) await drawOtherSide();
  }

  async function drawOtherSide(): Promise<void> {
    const state = store.getState();
    if (!state.isComparing || state.shown === undefined || otherSide(state) !== undefined) return;
    await drawRecipe(withoutNegative(state.shown.recipe), (drawing) => ({
      history: withNewest(drawing, store.getState().history),
      status: strings.status.compared,
    }));
  }

  /** Draws one recipe in place of what is being drawn. False where it did not come to its end: the state says why. */
  async function drawRecipe(recipe: Recipe, drawn: (drawing: Drawing) => Partial<AppState>): Promise<boolean> {
    abort?.abort();
    const mine = new AbortController();
    abort = mine;
    /** A newer picture takes over, and from then on the state is its own. */
    const isCurrent = (): boolean => abort === mine;
    const update = (change: Partial<Job>): void => {
      const { job } = store.getState();
      if (job !== undefined && isCurrent()) store.setState({ job: { ...job, ...change } });
    };
    store.setState({ job: { recipe, progress: undefined, preview: undefined }, error: undefined, status: "" });
    try {
      const drawing = await generator.generate(recipe, {
        signal: mine.signal,
        onProgress: (progress) => update({ progress }),
        onPreview: (preview) => update({ preview }),
      });
      if (!isCurrent()) return false;
      store.setState({ ...drawn(drawing), job: undefined, model: { kind: "ready", facts: drawing.model } });
      return true;
    } catch (thrown) {
      if (!isCurrent()) return false;
      const error = OnestrokeError.from(thrown, "worker-died");
      // A comparison ends where its other side did not come.
      store.setState({ job: undefined, isComparing: otherSide(store.getState()) !== undefined });
      store.setState(error.code === "cancelled" ? { status: strings.status.cancelled } : { error });
      return false;
    }
  }

  return {
    hasBegun: () => abort !== undefined,
    recipeFor,
    drawShown,
    drawOtherSide,
    cancel: () => abort?.abort(),
    show(drawing) {
      store.setState(({ draft, shown }) => ({
        shown: drawing,
        isComparing: false,
        draft: draftOf(drawing.recipe, draft),
        putAside: isRewritten(draft, shown?.recipe) ? draft : undefined,
        error: undefined,
        notice: undefined,
      }));
      keepQuery(recipeToQuery(drawing.recipe));
    },
  };
}

function withNewest(drawing: Drawing, history: readonly Drawing[]): readonly Drawing[] {
  // The same recipe is the same picture, which is not listed twice.
  const others = history.filter(({ recipe }) => !isSameRecipe(recipe, drawing.recipe));
  return [drawing, ...others].slice(0, HISTORY_LENGTH);
}
