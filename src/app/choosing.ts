// Which model draws. One that is not here yet is remembered: it is opened when it comes, unless another one was chosen meanwhile.
import { catalogueEntry } from "../catalogue/entries";
import type { ModelFacts } from "../common/model-facts";
import type { Draft } from "./draft";
import type { ModelLoading } from "./model-loading";
import { openWhenHere } from "./models/open-when-here";
import { isWrongFile } from "./models/wrong-file";
import type { PictureDrawing } from "./picture-drawing";
import type { DrawingQueue } from "./queue/queue";
import { factsOf, type AppStore } from "./state";
import { strings } from "./strings";
import { queued } from "./strings-queue";
import type { Wishes } from "./wishes";

export interface Choosing {
  /** Draws with another model from now on, at its own size, steps and steering. The prompt and the seed stay. */
  useModel(id: string): Promise<void>;
  /**
   * The same with files that somebody opened. If they turn out to be none that are read, what drew before draws on, and the error says why.
   * @param putAway takes the files away again; from the moment of the call they are not handed over any more
   */
  tryModel(id: string, putAway: () => Promise<void>): Promise<void>;
  /** Draws the first picture of a visit, as the controls say, once the model is there. */
  drawFirst(loading: Promise<ModelFacts | undefined>, isWanted?: () => boolean): Promise<void>;
}

/** What choosing does with the rest of the page. */
interface Tools {
  readonly model: ModelLoading;
  readonly wishes: Pick<Wishes, "ask" | "untilLoaded">;
  readonly pictures: Pick<PictureDrawing, "openings" | "hasBegun">;
  readonly queue: Pick<DrawingQueue, "takeAllOut" | "bringBackTakenOut">;
  readonly edit: (change: Partial<Draft>) => void;
  readonly draw: (options?: { readonly keepsSeed: true }) => Promise<void>;
  readonly cancel: () => void;
  /** What the controls say is not drawn by itself. */
  readonly giveUp: () => void;
  readonly closeModels: () => void;
  readonly startFromNoise: () => void;
}

export function createChoosing(
  store: AppStore,
  { model, wishes, pictures, queue, edit, draw, cancel, giveUp, closeModels, startFromNoise }: Tools,
): Choosing {
  /** The model that somebody chose and that was not opened yet, and how many pictures had been opened by then. */
  let chosen: { readonly id: string; readonly openings: number } | undefined;

  async function choose(id: string): Promise<void> {
    // It would be loaded again for them, and who chooses another one waits for that one.
    if (id !== store.getState().draft.model) queue.takeAllOut();
    cancel();
    closeModels();
    const entry = catalogueEntry(id);
    // The next one may have no encoder.
    startFromNoise();
    // LoRAs are made for one family of models.
    edit({
      model: id,
      loras: [],
      steering: undefined,
      ...(entry && { steps: entry.steps.preferred, width: entry.size, height: entry.size, isSizeOpen: true }),
    });
    chosen = { id, openings: pictures.openings() };
    await openChosen(id);
  }

  async function tryModel(id: string, putAway: () => Promise<void>): Promise<void> {
    const { draft: before, model: drew, takenOut } = store.getState();
    await choose(id);
    const { draft, model: now, error, takenOut: all } = store.getState();
    if (now.kind !== "missing" || !isWrongFile(error) || draft.model !== id) return;
    chosen = undefined;
    const puttingAway = putAway();
    // What somebody has set while it was loaded stays.
    const { model: name, revision, weights, inFloat32, sampler, prediction } = before;
    const loras = draft.loras?.length ? draft.loras : (before.loras ?? []);
    const { steering = before.steering, start = before.start } = draft;
    edit({ model: name, revision, weights, inFloat32, sampler, prediction, loras, steering, start });
    queue.bringBackTakenOut(all.filter((recipe) => !takenOut.includes(recipe)));
    // A worker has room for one model at a time.
    if (drew.kind !== "missing") await model.load(false, true);
    await puttingAway;
  }

  /** Loads the model that was chosen, and draws with it at its own size, unless somebody has cancelled meanwhile, or asked for a picture. */
  async function openChosen(id: string): Promise<void> {
    const openings = pictures.openings();
    const isWanted = wishes.ask();
    const isMeant = (): boolean => isWanted() && openings === pictures.openings();
    if ((await wishes.untilLoaded(model.load(true), isMeant)) === undefined || openings !== pictures.openings()) return;
    const facts = factsOf(store.getState());
    // Somebody chose yet another one meanwhile.
    if (facts === undefined || facts.id !== id) return;
    chosen = undefined;
    const { title, defaultSize, maxSteps, doubt } = facts;
    const steps = Math.min(catalogueEntry(id)?.steps.preferred ?? maxSteps, maxSteps);
    edit({ steps, width: defaultSize, height: defaultSize });
    if (!isWanted()) giveUp();
    const now = strings.models.now(title, defaultSize, strings.stepCount(steps));
    const notice = doubt === undefined ? now : `${now} ${strings.models.doubt(doubt)}`;
    const left = store.getState().takenOut.length;
    const drawing = isWanted() ? draw() : undefined;
    // Said only now: what begins to be drawn takes away what was said before it.
    store.setState({ notice, status: left === 0 ? notice : `${notice} ${queued.askedOfOther(left)}` });
    await drawing;
  }

  /** Someone may have been quicker, and then the first picture is theirs. */
  async function drawFirst(loading: Promise<ModelFacts | undefined>, isWanted = wishes.ask()): Promise<void> {
    const isMeant = (): boolean => isWanted() && !pictures.hasBegun() && store.getState().shown === undefined;
    if (!isMeant() || (await wishes.untilLoaded(loading, isMeant)) === undefined) return;
    if (isMeant()) await draw({ keepsSeed: true });
  }

  openWhenHere(store, () => {
    const { model: id } = store.getState().draft;
    // Whoever has opened a picture of that model since keeps what it says.
    const isAsChosen = chosen?.id === id && chosen.openings === pictures.openings();
    void (isAsChosen ? openChosen(id) : drawFirst(model.load()));
  });

  return { useModel: choose, tryModel, drawFirst };
}
