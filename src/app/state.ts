// What the page knows at one moment. It is kept in a vanilla store, because React only looks at it (use-app.ts)
// and the generator's promises write to it from outside any component.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { TextLengths } from "../common/drawing";
import type { Engine } from "../common/engine";
import type { OnestrokeError } from "../common/errors";
import type { ModelFacts } from "../common/model-facts";
import type { ModelNumbers } from "../common/model-numbers";
import type { Picture } from "../common/picture";
import type { Progress } from "../common/progress";
import type { Recipe } from "../common/recipe";
import { isSameButSteering, leavesOut, pictureOf, withoutNegative } from "./comparison";
import { CLOSED_DOCTOR, type DoctorState } from "./doctor/doctor-state";
import { draftOfLink, FIRST_DRAFT, type Draft } from "./draft";
import type { MeasuringState } from "./engines/measuring-state";
import { NOT_EXPLORING, type ExploringState } from "./exploring/state";
import { EMPTY_GALLERY, type GalleryState } from "./gallery/state";
import type { KnownWords } from "./known-words";
import { NOT_LIVE, type LiveState } from "./live/state";
import type { LoraFiles } from "./loras/fresh";
import { NO_MODELS, type ModelsState } from "./models/state";
import { readPreferences, type Preferences } from "./preferences";
import type { Waiting } from "./queue/state";
import type { ShownPicture } from "./shown-picture";
import type { StartState } from "./start/state";
import { strings } from "./strings";
import { NO_TRAIL, type Trail } from "./trail";

export interface Job {
  /** Of several, the first. */
  readonly recipe: Recipe;
  readonly progress: Progress | undefined;
  readonly preview: Picture | undefined;
  /** Drawn for a change that the next one may follow at any moment. */
  readonly isPassing?: boolean;
  /**
   * It does not take the shown picture's place: it is the other side of a comparison, or one of four, or it goes to the gallery, because
   * somebody has opened another picture since.
   */
  readonly beside?: "comparison" | "tiles" | "gallery";
  /** Those of the four that are drawn together now. */
  readonly tiles?: readonly JobTile[] | undefined;
}

export interface JobTile {
  readonly recipe: Recipe;
  readonly preview: Picture | undefined;
}

export type ModelState =
  /** `share` is how much of the whole is done, from 0 to 1. */
  | { readonly kind: "loading"; readonly progress: Progress | undefined; readonly share: number }
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
  readonly models: ModelsState;
  /** The words that the model was taught; undefined where it has no list, or none has come yet. */
  readonly knownWords: KnownWords | undefined;
  /** How long the texts are for the model; undefined while it is not loaded. */
  readonly lengths: TextLengths | undefined;
  /** The engine that someone chose; undefined leaves the choice to the worker. */
  readonly engine: Engine | undefined;
  /** In which numbers the model is kept and computed here. */
  readonly numbers: ModelNumbers;
  /** How quick the engines are, while and after that is measured. */
  readonly measuring: MeasuringState | undefined;
  /** Whether a picture is asked for that waits for its model. */
  readonly isAwaited: boolean;
  /** What is being drawn now. */
  readonly job: Job | undefined;
  /** What was asked for meanwhile, in the order in which it is drawn. */
  readonly waiting: readonly Waiting[];
  /** What was asked of models before, and was taken out of the queue when another one was chosen. */
  readonly takenOut: readonly Recipe[];
  readonly shown: ShownPicture | undefined;
  /**
   * Whether `shown` was drawn while somebody was changing the controls and has not stood yet: it is neither kept nor a step of the trail.
   */
  readonly isPassing: boolean;
  /**
   * Whether `shown` is a position of a comparison's dial that nobody has asked for otherwise: the next position takes its place everywhere.
   */
  readonly isFromDial: boolean;
  readonly live: LiveState;
  readonly exploring: ExploringState;
  readonly freshLoras: LoraFiles;
  /** What the controls begin with in place of noise; undefined where they begin with noise, and while it is looked for. */
  readonly startPicture: StartState | undefined;
  /** Whether `shown` stands beside the same picture with nothing left out, which is in memory or being drawn. */
  readonly isComparing: boolean;
  readonly error: OnestrokeError | undefined;
  /** What somebody was writing when an older picture took its place in the controls. */
  readonly putAside: Draft | undefined;
  /** A remark that is no failure. */
  readonly notice: string | undefined;
  /** For people who listen to the page instead of looking at it. */
  readonly status: string;
  /** What was done just now, to be shown for a moment. */
  readonly done: string | undefined;
  /** Pictures whose pixels are in memory, so that they are shown at once and compared. The newest comes first. */
  readonly recent: readonly ShownPicture[];
  /** All pictures that are kept. */
  readonly gallery: GalleryState;
  readonly trail: Trail;
  readonly doctor: DoctorState;
  readonly preferences: Preferences;
  readonly isShowingKeys: boolean;
  readonly update: Update | undefined;
}

export type AppStore = StoreApi<AppState>;

/** @param query the address's settings, "" for none */
export function createAppStore(query: string): AppStore {
  return createStore<AppState>(() => ({
    ...linkedDraft(query),
    model: { kind: "missing" },
    models: NO_MODELS,
    knownWords: undefined,
    lengths: undefined,
    engine: undefined,
    numbers: {},
    measuring: undefined,
    isAwaited: false,
    job: undefined,
    waiting: [],
    takenOut: [],
    shown: undefined,
    isPassing: false,
    isFromDial: false,
    live: NOT_LIVE,
    exploring: NOT_EXPLORING,
    freshLoras: new Map(),
    startPicture: undefined,
    isComparing: false,
    error: undefined,
    putAside: undefined,
    status: "",
    done: undefined,
    recent: [],
    gallery: EMPTY_GALLERY,
    trail: NO_TRAIL,
    doctor: CLOSED_DOCTOR,
    preferences: readPreferences(),
    isShowingKeys: false,
    update: undefined,
  }));
}

/** The controls with the size that the model draws here, where nobody has chosen one and the model is loaded. */
export function sizedDraft(state: Pick<AppState, "draft" | "model">): Draft {
  const { draft } = state;
  const side = draft.isSizeOpen === true ? factsOf(state)?.defaultSize : undefined;
  return side === undefined ? draft : { ...draft, width: side, height: side, isSizeOpen: false };
}

/** Nothing is being drawn, measured or fetched, and nothing waits, so that nothing is lost if the page begins anew. */
export function isAtRest({
  job,
  waiting,
  model,
  models,
  measuring,
  doctor,
}: Pick<AppState, "job" | "waiting" | "model" | "models" | "measuring" | "doctor">): boolean {
  const isBusyWithModels = [...models.activities.values()].some(({ kind }) => kind === "downloading" || kind === "verifying");
  const isMeasuring = measuring?.current !== undefined || doctor.benchmark?.kind === "running";
  return job === undefined && waiting.length === 0 && model.kind !== "loading" && !isMeasuring && !isBusyWithModels;
}

/** What a link asks for, and a remark where some of it cannot be read. @param query "" for none */
function linkedDraft(query: string): Pick<AppState, "draft" | "notice"> {
  if (query === "") return { draft: FIRST_DRAFT, notice: undefined };
  const { draft, refused } = draftOfLink(query);
  return { draft, notice: refused.length === 0 ? undefined : strings.badLink(refused) };
}

/** Another model says itself what it draws with, and how. */
const MADE_WITH_NOTHING: Pick<Draft, "revision" | "weights" | "inFloat32" | "sampler" | "prediction"> = {
  sampler: undefined,
  prediction: undefined,
  revision: undefined,
  weights: undefined,
  inFloat32: undefined,
};

/** Touching a control takes back what was remarked, and what was wrong with a control. */
export function editDraft(store: AppStore, change: Partial<Draft>): void {
  // Who chooses a seed means that seed's own noise.
  const isOwn = change.seed !== undefined && change.variations === undefined;
  const isOther = change.model !== undefined && change.model !== store.getState().draft.model;
  const isSized = change.width !== undefined || change.height !== undefined;
  const isTyped = change.prompt !== undefined || change.negative !== undefined;
  store.setState(({ draft, model, error }) => ({
    draft: sizedDraft({
      model,
      draft: {
        ...draft,
        ...(isTyped ? { isLiteral: false, keepsRows: false } : {}),
        ...(isOwn ? { variations: [] } : {}),
        ...(isOther ? MADE_WITH_NOTHING : {}),
        ...(isSized ? { isSizeOpen: false } : {}),
        ...change,
      },
    }),
    notice: undefined,
    putAside: undefined,
    error: error?.code === "invalid-input" ? undefined : error,
  }));
}

/** What the model says of itself that the controls speak of; undefined while that one is not loaded. */
export function factsOf({ draft, model }: Pick<AppState, "draft" | "model">): ModelFacts | undefined {
  return model.kind === "ready" && model.facts.id === draft.model ? model.facts : undefined;
}

/** Whether no device was given with the float16 that the adapter offers: it is known once a model is loaded. */
export function refusesFloat16({ model }: Pick<AppState, "model">): boolean {
  return model.kind === "ready" && model.facts.refusesFloat16 === true;
}

/** Whether there is something to cancel: a picture that is being drawn, or one that waits for its model. */
export function canCancel({ job, isAwaited }: Pick<AppState, "job" | "isAwaited">): boolean {
  return job !== undefined || isAwaited;
}

/** The unsteered side of the comparison, once it is drawn. */
export function otherSide({ isComparing, shown, recent }: AppState): ShownPicture | undefined {
  if (!isComparing || shown === undefined || !leavesOut(shown.recipe)) return undefined;
  return pictureOf(withoutNegative(shown.recipe), recent);
}

/** The same as the stage shows it. While another picture comes into view, that picture stands alone. */
export function otherSideInView(state: AppState): ShownPicture | undefined {
  const { job, shown } = state;
  const isAnother =
    job?.preview !== undefined && job.beside === undefined && shown !== undefined && !isSameButSteering(job.recipe, shown.recipe);
  return isAnother ? undefined : otherSide(state);
}
