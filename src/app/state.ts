// What the page knows at one moment. It is kept in a vanilla store, because React only looks at it (use-app.ts)
// and the generator's promises write to it from outside any component.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Drawing } from "../common/drawing";
import type { Engine } from "../common/engine";
import type { OnestrokeError } from "../common/errors";
import type { ModelFacts } from "../common/model-facts";
import type { Picture } from "../common/picture";
import type { Progress } from "../common/progress";
import type { Recipe } from "../common/recipe";
import type { SteeringDefaults } from "../common/steering-defaults";
import { drawingOf, isSameButSteering, leavesOut, withoutNegative } from "./comparison";
import { draftOfLink, FIRST_DRAFT, type Draft } from "./draft";
import type { KnownWords } from "./known-words";
import { strings } from "./strings";

export interface Job {
  readonly recipe: Recipe;
  readonly progress: Progress | undefined;
  readonly preview: Picture | undefined;
}

export type ModelState =
  | { readonly kind: "loading"; readonly progress: Progress | undefined }
  | { readonly kind: "ready"; readonly facts: ModelFacts }
  | { readonly kind: "missing" };

/** A version of the page that is newer than this one. */
export interface Update {
  /** Whether it only waits for this page, or another tab has changed to it already. */
  readonly kind: "waiting" | "changed";
  /** Changes to it. What the controls say stays. */
  restart(): void;
}

export interface AppState {
  readonly draft: Draft;
  readonly model: ModelState;
  /** The words that the model was taught; undefined where it has no list, or none has come yet. */
  readonly knownWords: KnownWords | undefined;
  /** The engine that someone chose; undefined leaves the choice to the worker. */
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
  /** The newest picture comes first. */
  readonly history: readonly Drawing[];
  readonly update: Update | undefined;
}

export type AppStore = StoreApi<AppState>;

/** @param query the address's settings, "" for none */
export function createAppStore(query: string): AppStore {
  return createStore<AppState>(() => ({
    ...firstDraft(query),
    model: { kind: "missing" },
    knownWords: undefined,
    engine: undefined,
    job: undefined,
    shown: undefined,
    isComparing: false,
    error: undefined,
    status: "",
    history: [],
    update: undefined,
  }));
}

/** Nothing is being drawn or fetched, so that nothing is lost if the page begins anew. */
export function isAtRest({ job, model }: Pick<AppState, "job" | "model">): boolean {
  return job === undefined && model.kind !== "loading";
}

function firstDraft(query: string): Pick<AppState, "draft" | "notice"> {
  if (query === "") return { draft: FIRST_DRAFT, notice: undefined };
  try {
    return { draft: draftOfLink(query), notice: undefined };
  } catch {
    return { draft: FIRST_DRAFT, notice: strings.badLink };
  }
}

/** Touching a control takes back what was remarked. */
export function editDraft(store: AppStore, change: Partial<Draft>): void {
  store.setState(({ draft }) => ({ draft: { ...draft, ...change }, notice: undefined }));
}

/** How the loaded model is steered when nobody says; undefined until a model is loaded. */
export function steeringDefaultsOf({ model }: Pick<AppState, "model">): SteeringDefaults | undefined {
  return model.kind === "ready" ? model.facts.steering : undefined;
}

/** The unsteered side of the comparison, once it is drawn. */
export function otherSide({ isComparing, shown, history }: AppState): Drawing | undefined {
  if (!isComparing || shown === undefined || !leavesOut(shown.recipe)) return undefined;
  return drawingOf(withoutNegative(shown.recipe), history);
}

/** The same as the stage shows it. While another picture comes into view, that picture stands alone. */
export function otherSideInView(state: AppState): Drawing | undefined {
  const { job, shown } = state;
  const isAnother = job?.preview !== undefined && shown !== undefined && !isSameButSteering(job.recipe, shown.recipe);
  return isAnother ? undefined : otherSide(state);
}
