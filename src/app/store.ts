// The page's state and the few things that change it. A vanilla store: React only looks at
// it (use-app.ts), and the generator's promises write to it from outside any component.
import { createStore, type StoreApi } from "zustand/vanilla";
import { OnestrokeError } from "../common/errors";
import type { Drawing } from "../common/drawing";
import type { Generator } from "../client/generator";
import type { Engine } from "../common/engine";
import type { ModelFacts } from "../common/model-facts";
import type { SteeringDefaults } from "../common/steering-defaults";
import { recipeToQuery } from "../common/permalink";
import { drawingMs } from "../common/drawing";
import type { Picture } from "../common/picture";
import type { Progress } from "../common/progress";
import { randomSeed, type Recipe } from "../common/recipe";
import { drawingOf, isSameButSteering, isSameRecipe, leavesOut, withoutNegative } from "./comparison";
import { draftOf, draftOfLink, FIRST_DRAFT, recipeOf, type Draft } from "./draft";
import { promptIdea } from "./ideas";
import type { ActiveSteering } from "./dial";
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
  | { readonly kind: "ready"; readonly facts: ModelFacts }
  | { readonly kind: "missing" };

export interface AppState {
  readonly draft: Draft;
  readonly model: ModelState;
  /** What was chosen to compute; undefined: the best there is. */
  readonly engine: Engine | undefined;
  /** What is being drawn now. */
  readonly job: Job | undefined;
  readonly shown: Drawing | undefined;
  /** Whether `shown` stands beside the same picture with nothing left out, which is in the history or being drawn. */
  readonly isComparing: boolean;
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
  /** Says something, until it is taken back or a control is touched. */
  remark(notice: string | undefined): void;
  rollSeed(): void;
  /** Writes a prompt of its own and draws it. */
  surprise(): void;
  /** Draws what the controls say; a picture still being drawn gives way. */
  draw(): Promise<void>;
  /** Turns the steering dial; in a comparison its steered side follows. */
  steer(steering: ActiveSteering): void;
  /** Shows what the controls say beside the same with nothing left out, or one picture again. */
  compare(isComparing: boolean): Promise<void>;
  cancel(): void;
  show(drawing: Drawing): void;
  /** Loads the model to be computed by another engine; pictures there are stay as they are. */
  useEngine(engine: Engine | undefined): Promise<void>;
}

/** The unsteered side of the comparison, once it is drawn. */
export function otherSide({ isComparing, shown, history }: AppState): Drawing | undefined {
  if (!isComparing || shown === undefined || !leavesOut(shown.recipe)) return undefined;
  return drawingOf(withoutNegative(shown.recipe), history);
}

/** The same as the stage has it: while another picture comes into view, that one stands alone. */
export function otherSideInView(state: AppState): Drawing | undefined {
  const { job, shown } = state;
  const isAnother = job?.preview !== undefined && shown !== undefined && !isSameButSteering(job.recipe, shown.recipe);
  return isAnother ? undefined : otherSide(state);
}

/** @param query the address's settings, "" for none */
export function createApp(generator: Generator, query: string, keepQuery: (query: string) => void): App {
  const store = createStore<AppState>(() => ({
    ...firstDraft(query),
    model: { kind: "missing" },
    engine: undefined,
    job: undefined,
    shown: undefined,
    isComparing: false,
    error: undefined,
    status: "",
    history: [],
  }));
  const set = (change: Partial<AppState>): void => store.setState(change);
  const edit = (change: Partial<Draft>): void => set({ draft: { ...store.getState().draft, ...change }, notice: undefined });
  let abort: AbortController | undefined;
  let loading: Promise<ModelFacts> | undefined;

  async function start(): Promise<void> {
    // Unless someone was quicker.
    if ((await loadModel()) !== undefined && abort === undefined) await draw();
  }

  /** The model's defaults, once it is loaded. A failure is shown, and the next picture tries again. */
  async function loadModel(): Promise<SteeringDefaults | undefined> {
    if (loading === undefined) {
      set({ model: { kind: "loading", progress: undefined }, error: undefined });
      const onProgress = (progress: Progress): void => set({ model: { kind: "loading", progress } });
      loading = generator.load(store.getState().draft.model, { onProgress });
    }
    try {
      const facts = await loading;
      set({ model: { kind: "ready", facts } });
      return facts.steering;
    } catch (thrown) {
      set({ model: { kind: "missing" }, error: OnestrokeError.from(thrown, "worker-died") });
      return undefined;
    } finally {
      loading = undefined;
    }
  }

  /** The loaded model's. */
  function steeringDefaults(): SteeringDefaults | undefined {
    const { model } = store.getState();
    return model.kind === "ready" ? model.facts.steering : undefined;
  }

  async function draw(): Promise<void> {
    const defaults = steeringDefaults() ?? (await loadModel());
    if (defaults === undefined) return;
    const { draft, shown } = store.getState();
    // A loose seed is rolled only after its picture was shown, so that what the field says is what comes.
    const seed = !draft.seedKept && shown?.recipe.seed === draft.seed ? randomSeed() : draft.seed;
    const recipe = recipeOrError({ ...draft, seed }, defaults);
    if (recipe === undefined) return;
    set({ draft: { ...draft, seed: recipe.seed } });
    await drawShown(recipe);
  }

  function recipeOrError(draft: Draft, defaults: SteeringDefaults): Recipe | undefined {
    try {
      return recipeOf(draft, defaults);
    } catch (thrown) {
      set({ error: OnestrokeError.from(thrown, "invalid-input") });
      return undefined;
    }
  }

  async function drawShown(recipe: Recipe): Promise<void> {
    if (!leavesOut(recipe)) set({ isComparing: false });
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
      if (job !== undefined && isCurrent()) set({ job: { ...job, ...change } });
    };
    set({ job: { recipe, progress: undefined, preview: undefined }, error: undefined, status: "" });
    try {
      const drawing = await generator.generate(recipe, {
        signal: mine.signal,
        onProgress: (progress) => update({ progress }),
        onPreview: (preview) => update({ preview }),
      });
      if (!isCurrent()) return false;
      set({ ...drawn(drawing), job: undefined, model: { kind: "ready", facts: drawing.model } });
      return true;
    } catch (thrown) {
      if (!isCurrent()) return false;
      const error = OnestrokeError.from(thrown, "worker-died");
      // A comparison whose other side did not come is none.
      set({ job: undefined, isComparing: otherSide(store.getState()) !== undefined });
      set(error.code === "cancelled" ? { status: strings.status.cancelled } : { error });
      return false;
    }
  }

  function steer(steering: ActiveSteering): void {
    edit({ steering });
    const { isComparing, shown, job, draft } = store.getState();
    const defaults = steeringDefaults();
    // The picture compared, or about to be, whatever has been typed since.
    const compared = job !== undefined && leavesOut(job.recipe) ? job.recipe : shown?.recipe;
    if (!isComparing || compared === undefined || defaults === undefined) return;
    const recipe = recipeOrError({ ...draftOf(compared, draft), steering }, defaults);
    if (recipe !== undefined) void drawShown(recipe);
  }

  async function compare(isComparing: boolean): Promise<void> {
    const { draft, shown } = store.getState();
    const defaults = steeringDefaults();
    const recipe = isComparing && defaults !== undefined ? recipeOrError(draft, defaults) : undefined;
    set({ isComparing: recipe !== undefined });
    if (recipe === undefined) return;
    if (shown !== undefined && isSameRecipe(recipe, shown.recipe)) await drawOtherSide();
    else await drawShown(recipe);
  }

  function surprise(): void {
    edit({ prompt: promptIdea() });
    void draw();
  }

  function show(drawing: Drawing): void {
    set({ shown: drawing, isComparing: false, draft: draftOf(drawing.recipe, store.getState().draft), error: undefined });
    keepQuery(recipeToQuery(drawing.recipe));
  }

  async function useEngine(engine: Engine | undefined): Promise<void> {
    set({ engine });
    generator.useEngine(engine);
    // One that is on its way is not it.
    await loading?.catch(() => undefined);
    await loadModel();
  }

  return {
    store,
    start,
    edit,
    remark: (notice) => set({ notice, status: notice ?? "" }),
    rollSeed: () => edit({ seed: randomSeed() }),
    surprise,
    draw,
    steer,
    compare,
    cancel: () => abort?.abort(),
    show,
    useEngine,
  };
}

function withNewest(drawing: Drawing, history: readonly Drawing[]): readonly Drawing[] {
  return [drawing, ...history].slice(0, HISTORY_LENGTH);
}

function firstDraft(query: string): { draft: Draft; notice: string | undefined } {
  if (query === "") return { draft: FIRST_DRAFT, notice: undefined };
  try {
    return { draft: draftOfLink(query), notice: undefined };
  } catch {
    return { draft: FIRST_DRAFT, notice: strings.badLink };
  }
}
