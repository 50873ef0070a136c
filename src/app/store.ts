// The page's state and the few things that change it. A vanilla store: React only looks at
// it (use-app.ts), and the generator's promises write to it from outside any component.
import { createStore, type StoreApi } from "zustand/vanilla";
import { OnestrokeError } from "../errors";
import type { Drawing, Generator } from "../client/generator";
import type { ModelInfo } from "../protocol/messages";
import { recipeFromQuery, recipeToQuery } from "../protocol/permalink";
import { drawingMs, type Picture, type Progress } from "../protocol/progress";
import { randomSeed, type Recipe } from "../protocol/recipe";
import { draftOf, FIRST_DRAFT, recipeOf, type Draft } from "./draft";
import { promptIdea } from "./ideas";
import { formatDuration, strings } from "./strings";

/** Pictures kept for the strip; a picture of 256x256 is 256 KiB. */
const HISTORY_LENGTH = 24;

export interface Job {
  readonly recipe: Recipe;
  readonly progress: Progress | undefined;
  readonly preview: Picture | undefined;
}

export type ModelState =
  | { readonly kind: "loading"; readonly progress: Progress | undefined }
  | { readonly kind: "ready"; readonly info: ModelInfo }
  | { readonly kind: "missing" };

export interface AppState {
  readonly draft: Draft;
  readonly model: ModelState;
  /** What is being drawn now. */
  readonly job: Job | undefined;
  readonly shown: Drawing | undefined;
  readonly error: OnestrokeError | undefined;
  /** A remark that is no failure. */
  readonly notice: string | undefined;
  /** For people who listen to the page instead of looking at it. */
  readonly status: string;
  /** Newest first. */
  readonly history: readonly Drawing[];
}

export interface App {
  readonly store: StoreApi<AppState>;
  /** Loads the model and draws the first picture. */
  start(): Promise<void>;
  edit(change: Partial<Draft>): void;
  rollSeed(): void;
  /** Writes a prompt of its own and draws it. */
  surprise(): void;
  /** Draws what the controls say; a picture still being drawn gives way. */
  draw(): Promise<void>;
  cancel(): void;
  show(drawing: Drawing): void;
}

/** @param query the address's settings, "" for none */
export function createApp(generator: Generator, query: string, keepQuery: (query: string) => void): App {
  const store = createStore<AppState>(() => ({
    ...firstDraft(query),
    model: { kind: "missing" },
    job: undefined,
    shown: undefined,
    error: undefined,
    status: "",
    history: [],
  }));
  const set = (change: Partial<AppState>): void => store.setState(change);
  const edit = (change: Partial<Draft>): void => set({ draft: { ...store.getState().draft, ...change }, notice: undefined });
  let abort: AbortController | undefined;

  async function start(): Promise<void> {
    set({ model: { kind: "loading", progress: undefined } });
    try {
      const onProgress = (progress: Progress): void => set({ model: { kind: "loading", progress } });
      set({ model: { kind: "ready", info: await generator.load(store.getState().draft.model, { onProgress }) } });
    } catch (thrown) {
      set({ model: { kind: "missing" }, error: OnestrokeError.from(thrown, "worker-died") });
      return;
    }
    // Unless someone was quicker.
    if (abort === undefined) await draw();
  }

  async function draw(): Promise<void> {
    const { draft, shown } = store.getState();
    // A loose seed is rolled only after its picture was shown, so that what the field says is what comes.
    const seed = !draft.seedKept && shown?.recipe.seed === draft.seed ? randomSeed() : draft.seed;
    try {
      const recipe = recipeOf({ ...draft, seed });
      edit({ seed: recipe.seed });
      await drawRecipe(recipe);
    } catch (thrown) {
      set({ error: OnestrokeError.from(thrown, "invalid-input") });
    }
  }

  async function drawRecipe(recipe: Recipe): Promise<void> {
    abort?.abort();
    const mine = new AbortController();
    abort = mine;
    /** A newer picture takes over, and from then on the state is its own. */
    const isCurrent = (): boolean => abort === mine;
    const update = (change: Partial<Job>): void => {
      const { job } = store.getState();
      if (job !== undefined && isCurrent()) set({ job: { ...job, ...change } });
    };
    set({ job: { recipe, progress: undefined, preview: undefined }, error: undefined, status: "" });
    try {
      const drawing = await generator.generate(recipe, {
        signal: mine.signal,
        onProgress: (progress) => update({ progress }),
        onPreview: (preview) => update({ preview }),
      });
      if (!isCurrent()) return;
      keepQuery(recipeToQuery(recipe));
      set({
        job: undefined,
        shown: drawing,
        model: { kind: "ready", info: drawing.model },
        history: [drawing, ...store.getState().history].slice(0, HISTORY_LENGTH),
        status: strings.status.done(formatDuration(drawingMs(drawing.timings))),
      });
    } catch (thrown) {
      if (!isCurrent()) return;
      const error = OnestrokeError.from(thrown, "worker-died");
      set(error.code === "cancelled" ? { job: undefined, status: strings.status.cancelled } : { job: undefined, error });
    }
  }

  function surprise(): void {
    edit({ prompt: promptIdea() });
    void draw();
  }

  function show(drawing: Drawing): void {
    set({ shown: drawing, draft: draftOf(drawing.recipe, store.getState().draft), error: undefined });
    keepQuery(recipeToQuery(drawing.recipe));
  }

  return { store, start, edit, rollSeed: () => edit({ seed: randomSeed() }), surprise, draw, cancel: () => abort?.abort(), show };
}

function firstDraft(query: string): { draft: Draft; notice: string | undefined } {
  if (query === "") return { draft: FIRST_DRAFT, notice: undefined };
  try {
    return { draft: draftOf(recipeFromQuery(query, recipeOf(FIRST_DRAFT)), FIRST_DRAFT), notice: undefined };
  } catch {
    return { draft: FIRST_DRAFT, notice: strings.badLink };
  }
}
