// Draws while somebody changes the controls: each change is drawn at once, the newest takes over from the one before, and what comes to the
// same picture is not drawn again. A picture only passes until typing has paused for a while; then it is kept like one that was asked for.
// While the page is hidden nothing is drawn.
import type { Generator } from "../../library";
import type { Recipe } from "../../common/recipe";
import { isSameRecipe } from "../comparison";
import { recipeOf, type Draft } from "../draft";
import type { PictureDrawing } from "../picture-drawing";
import { factsOf, type AppState, type AppStore } from "../state";
import { withFrame } from "./pace";

/** Milliseconds without a change, after which a picture stands. */
const PAUSE_MS = 1_500;

/** Whether the page can be seen. */
export interface Sight {
  isSeen(): boolean;
  onChange(listen: () => void): void;
}

export interface LiveControl {
  setLive(isOn: boolean): void;
  /** What the controls say now was cancelled before it was begun, and is drawn once somebody has changed them. */
  giveUp(): void;
  /** Keeps what the controls say as soon as it is drawn. False where it is not being drawn live, and has to be asked for. */
  keepLive(): boolean;
}

type Pictures = Pick<PictureDrawing, "cancel" | "drawShown" | "settle">;

export function createLive(
  store: AppStore,
  { isSamePicture }: Pick<Generator, "isSamePicture">,
  pictures: Pictures,
  sight: Sight,
): LiveControl {
  let pause: ReturnType<typeof setTimeout> | undefined;
  /** Whether nobody has changed anything for a while. */
  let isPaused = true;
  let isLookedAt = false;
  /** Whether the controls may have changed while something was drawn that does not give way, or while the model was not there. */
  let isOwed = false;
  /** What the controls said when it was cancelled. */
  let givenUp: string | undefined;

  const isDrawing = ({ live }: AppState): boolean => live.isOn && sight.isSeen();

  /** What the controls say, if that makes a picture. A seed that is half typed makes none, and is no error yet. */
  function wanted(state: AppState): Recipe | undefined {
    const facts = factsOf(state);
    try {
      return facts && recipeOf(state.draft, facts);
    } catch {
      return undefined;
    }
  }

  async function look(): Promise<void> {
    const state = store.getState();
    const recipe = wanted(state);
    isOwed = isAskedFor(state);
    if (isOwed || saidIn(state) === givenUp) return;
    givenUp = undefined;
    if (!isDrawing(state) || recipe === undefined) return;
    const current = onItsWay(state);
    const begun = performance.now();
    if (current !== undefined && (isSameRecipe(current, recipe) || (await isSamePicture(current, recipe).catch(() => false)))) return;
    // The controls have changed again, and are looked at again.
    const now = store.getState();
    if (now.draft !== state.draft || !isDrawing(now)) return;
    isOwed = isAskedFor(now);
    if (isOwed) return;
    await pictures.drawShown(recipe, { keepsSeed: true, isPassing: true });
    const { shown, live } = store.getState();
    const at = performance.now();
    // One that was there already says nothing of the pace.
    if (shown?.timings !== undefined && isSameRecipe(shown.recipe, recipe) && !now.recent.includes(shown)) {
      store.setState({ live: { ...live, frames: withFrame(live.frames, { at, ms: at - begun }) } });
    }
  }

  /** Several changes in a row, as of both sides of a size, are looked at together. */
  function lookSoon(): void {
    if (isLookedAt) return;
    isLookedAt = true;
    queueMicrotask(() => {
      isLookedAt = false;
      void look();
    });
  }

  function settle(): void {
    const { job, isPassing } = store.getState();
    if (isPaused && isPassing && job === undefined) pictures.settle();
  }

  function stop(): void {
    if (store.getState().job?.isPassing === true) pictures.cancel();
  }

  store.subscribe((state, before) => {
    if (state.job === undefined && before.job !== undefined) settle();
    if (!state.live.isOn) return;
    // Meanwhile nothing could be drawn.
    if (state.model.kind === "ready" && before.model.kind !== "ready") {
      isOwed = true;
      // The size that nobody has chosen follows the model: nobody has set anything.
      if (saidIn(before) === givenUp) givenUp = saidIn(state);
    }
    // Whoever fails is read first.
    if (isOwed && !isAskedFor(state) && state.error === undefined) lookSoon();
    if (state.draft === before.draft) return;
    isPaused = false;
    clearTimeout(pause);
    pause = setTimeout(() => {
      isPaused = true;
      settle();
    }, PAUSE_MS);
    lookSoon();
  });

  sight.onChange(() => {
    if (sight.isSeen()) lookSoon();
    else stop();
  });

  return {
    setLive(isOn) {
      store.setState(({ live }) => ({ live: { ...live, isOn } }));
      givenUp = undefined;
      if (isOn) return lookSoon();
      stop();
      clearTimeout(pause);
      isPaused = true;
      settle();
    },

    giveUp: () => (givenUp = saidIn(store.getState())),

    keepLive() {
      const state = store.getState();
      const recipe = wanted(state);
      const isComing = state.job?.isPassing === true || (state.job === undefined && state.isPassing);
      const current = onItsWay(state);
      if (!state.live.isOn || !isComing || recipe === undefined || current === undefined) return false;
      if (!isSameRecipe(trimmed(current), trimmed(recipe))) return false;
      isPaused = true;
      settle();
      return true;
    },
  };
}

/** What somebody has set in the controls. How many rows the texts need is counted by the page itself. */
function saidIn({ draft: { rows: _, keepsRows: __, ...said } }: { readonly draft: Draft }): string {
  return JSON.stringify(said);
}

/** A space at an end is no token, and nobody means another picture by it. */
function trimmed(recipe: Recipe): Recipe {
  return { ...recipe, prompt: recipe.prompt.trim(), negative: recipe.negative.trim() };
}

/** Whether something is being drawn, or waits, that somebody has asked for by name: a change of the controls does not take its place. */
function isAskedFor({ job, waiting }: AppState): boolean {
  return waiting.length > 0 || (job !== undefined && job.isPassing !== true && job.beside !== "comparison");
}

/** The picture that is shown, or will be if nothing comes in between. */
function onItsWay({ job, shown }: AppState): Recipe | undefined {
  return job !== undefined && job.beside === undefined ? job.recipe : shown?.recipe;
}

/** Whether this page can be seen. */
export function sightOfPage(): Sight {
  return {
    isSeen: () => document.visibilityState === "visible",
    onChange: (listen) => document.addEventListener("visibilitychange", listen),
  };
}
