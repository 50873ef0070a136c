// Draws one recipe at a time and shows it, or several aside. Whoever calls draws in place of what is still being drawn: who is to wait,
// queue/queue.ts decides. A comparison gets its other side, a picture that is there already is shown and not drawn again, and one that
// somebody opens while another is being drawn stays: the other goes to the gallery.
import type { Generator } from "../library";
import { OnestrokeError } from "../common/errors";
import { recipeToQuery } from "../common/permalink";
import type { ModelFacts } from "../common/model-facts";
import type { Recipe } from "../common/recipe";
import { isSameButSteering, isSameRecipe, leavesOut, pictureOf, withNewest, withoutNegative } from "./comparison";
import { draftOf, isAsked, isRewritten, recipeOf, type Draft } from "./draft";
import type { Gallery } from "./gallery/gallery";
import { createJobRunner } from "./job-runner";
import { areSameFiles, filesNow, freshAfter, hasFresh, type LoraFiles } from "./loras/fresh";
import { doneIn, isDrawnBy, type ShownPicture } from "./shown-picture";
import { otherSide, type AppState, type AppStore, type Job, type JobTile } from "./state";
import { strings } from "./strings";
import { details } from "./strings-details";
import { keeping } from "./strings-keeping";
import { queued } from "./strings-queue";

export interface DrawOptions {
  /** Draws even what is there already. */
  readonly anew?: boolean;
  /** Draws with the seed that the controls say, though a picture of it is shown: somebody asked for this very recipe. */
  readonly keepsSeed?: boolean;
  /** It is drawn for a change that the next one may follow at any moment: it is shown, and kept only when `settle` is called. */
  readonly isPassing?: boolean;
  /** It is a position of a comparison's dial, and takes the place of the position before, which nobody has asked for. */
  readonly turnsDial?: boolean;
  /** Somebody has opened another picture since it was asked for: that one stays, and this one goes to the gallery. */
  readonly forGallery?: boolean;
}

export interface PictureDrawing {
  /** Whether anything has been drawn, or was begun. */
  hasBegun(): boolean;
  /** The recipe of what the controls say. Where they make none, the error is shown. */
  recipeFor(draft: Draft, facts: ModelFacts): Recipe | undefined;
  /** Draws and shows a recipe, then the other side of a comparison. */
  drawShown(recipe: Recipe, options?: DrawOptions): Promise<void>;
  /** Draws the unsteered side of a comparison where it is not there yet, and the shown one anew where that cannot be drawn as it was. */
  drawOtherSide(): Promise<void>;
  /**
   * Draws pictures that stand beside the shown one, and keeps them nowhere: of recipes that are the same but for their noise, as many of
   * the first as are drawn together.
   * @param drawn hears of each as soon as it is there
   * @param files of their LoRAs, whatever has taken their places since
   * @returns whether all of those came
   */
  drawAside(recipes: readonly Recipe[], drawn: (picture: ShownPicture, index: number) => void, files: LoraFiles): Promise<boolean>;
  /** Keeps a picture that was drawn aside. */
  keep(picture: ShownPicture): void;
  /** Keeps the shown picture, which was only passing. */
  settle(): void;
  cancel(): void;
  /** Shows a picture that was drawn before, and sets the controls to its recipe. It stays until somebody asks for another one. */
  show(picture: ShownPicture): void;
  /**
   * The same with the picture of a recipe, if it is kept.
   * @param byItself nobody has asked for it
   * @returns false where it is not. Where somebody has opened another one by the time it is read, that one stays
   */
  showKept(recipe: Recipe, byItself?: boolean): Promise<boolean>;
  /** How often somebody has opened a picture: who has to wait before drawing looks whether it was opened meanwhile. */
  openings(): number;
  /** Whether what is being drawn was cancelled, and has not ended yet. */
  isEnding(): boolean;
  /** Whether nothing is being drawn, and nothing is about to follow what was. */
  isFree(): boolean;
  /** @param listen is called whenever that has come true */
  onFree(listen: () => void): void;
}

export function createPictureDrawing(
  store: AppStore,
  generator: Generator,
  gallery: Pick<Gallery, "has" | "keep" | "pictureOf">,
  keepQuery: (query: string) => void,
  loraOf: (name: string) => Blob | undefined,
): PictureDrawing {
  const jobs = createJobRunner(store);
  let openings = 0;
  /** How many calls are drawing. Only the newest is not giving way. */
  let drawing = 0;
  let tellFree = (): void => undefined;

  async function untilDrawn<T>(work: () => Promise<T>): Promise<T> {
    drawing++;
    try {
      return await work();
    } finally {
      drawing--;
      if (drawing === 0) tellFree();
    }
  }

  function recipeFor(draft: Draft, facts: ModelFacts): Recipe | undefined {
    try {
      return recipeOf(draft, facts);
    } catch (thrown) {
      store.setState({ error: OnestrokeError.from(thrown, "invalid-input") });
      return undefined;
    }
  }

  /** The picture of a recipe that is there already. Undefined at once where there is none, so that it is drawn without a pause. */
  function known(recipe: Recipe): Promise<ShownPicture | undefined> | undefined {
    const { recent, engine, freshLoras } = store.getState();
    if (hasFresh(recipe, freshLoras)) return undefined;
    const inMemory = pictureOf(recipe, recent);
    // Who chooses an engine wants to see it draw.
    if (inMemory !== undefined && isDrawnBy(inMemory, engine)) return Promise.resolve(inMemory);
    return engine === undefined && gallery.has(recipe) ? gallery.pictureOf(recipe) : undefined;
  }

  async function drawShown(recipe: Recipe, options: DrawOptions = {}): Promise<void> {
    // There is nothing to compare it with. What goes to the gallery leaves the stage as it is.
    if (!leavesOut(recipe) && options.forGallery !== true) store.setState({ isComparing: false });
    const isDrawn = await drawRecipe(recipe, { ...options, ...(options.forGallery && { beside: "gallery" }) }, (picture, isNew) => {
      const { job, shown, recent, isFromDial } = store.getState();
      if (job?.beside === "gallery") {
        if (isNew || !gallery.has(picture.recipe)) void gallery.keep(picture);
        return { recent: withNewest(picture, recent), status: queued.inGallery, done: queued.inGallery };
      }
      if (options.isPassing === true) return { shown: picture, isPassing: true, isFromDial: false, recent: withNewest(picture, recent) };
      keepQuery(recipeToQuery(picture.recipe));
      // Turning the dial of a comparison would fill the gallery with pictures in between. One that somebody has asked for stays.
      const turnsDial = isNew && options.turnsDial === true;
      const replaced = turnsDial && isFromDial && shown !== undefined && isSameButSteering(shown.recipe, recipe) ? shown : undefined;
      // A live picture may be in memory alone.
      if (isNew || !gallery.has(picture.recipe)) void gallery.keep(picture, replaced?.recipe);
      const repeats = !isNew && shown !== undefined && isSameRecipe(shown.recipe, picture.recipe);
      return {
        shown: picture,
        isPassing: false,
        isFromDial: turnsDial,
        recent: withNewest(
          picture,
          recent.filter((old) => old !== replaced),
        ),
        status: doneIn(picture),
        ...(repeats && { notice: keeping.isThere, status: keeping.isThere }),
      };
    });
    if (isDrawn) await drawOtherSide(options);
  }

  async function drawOtherSide({ isPassing = false, anew = false }: DrawOptions = {}): Promise<void> {
    const state = store.getState();
    const { shown } = state;
    if (!state.isComparing || shown === undefined || otherSide(state) !== undefined) return;
    const isDrawn = await drawRecipe(withoutNegative(shown.recipe), { isPassing, beside: "comparison" }, (picture, isNew) => {
      if (isNew && !isPassing) void gallery.keep(picture);
      return { recent: withNewest(picture, store.getState().recent), status: strings.status.compared };
    });
    const now = store.getState();
    if (!isDrawn || anew || !now.isComparing || now.shown !== shown || otherSide(now) !== undefined) return;
    // What is here drew it otherwise than the shown one, as with another file of a LoRA. Both sides are to be of what is here.
    await drawShown(shown.recipe, { isPassing, anew: true });
    const others = details.otherLoras(shown.recipe, store.getState().shown?.recipe ?? shown.recipe);
    if (others !== undefined) store.setState({ notice: others, status: others });
  }

  /** Draws one recipe in place of what is being drawn. False where it did not come to its end: the state says why. */
  function drawRecipe(
    recipe: Recipe,
    { anew = false, isPassing = false, beside }: DrawOptions & Pick<Job, "beside">,
    drawn: (picture: ShownPicture, isNew: boolean) => Partial<AppState>,
  ): Promise<boolean> {
    const job: Job = { recipe, progress: undefined, preview: undefined, isPassing, ...(beside && { beside }) };
    return jobs.run(job, async ({ signal, update, isCurrent, end }) => {
      const there = anew ? undefined : known(recipe);
      const old = there === undefined ? undefined : await there;
      if (!isCurrent()) return;
      const files = filesNow(recipe, loraOf);
      const picture: ShownPicture =
        old ??
        (await generator.generate(recipe, {
          signal,
          onProgress: (progress) => update(() => ({ progress })),
          onPreview: (preview) => update(() => ({ preview })),
          firstStepShown: isPassing,
        }));
      if (!isCurrent()) return;
      const isNew = old === undefined;
      end({ ...drawn(picture, isNew), ...(isNew && afterDrawing(picture, files)) });
    });
  }

  /** Draws the first of them, as many as are drawn together, beside the shown picture. */
  function drawAside(
    recipes: readonly Recipe[],
    drawn: (picture: ShownPicture, index: number) => void,
    files: LoraFiles,
  ): Promise<boolean> {
    const [recipe] = recipes;
    if (recipe === undefined) return Promise.resolve(false);
    const waiting = recipes.map((one): JobTile => ({ recipe: one, preview: undefined }));
    const job: Job = { recipe, progress: undefined, preview: undefined, beside: "tiles", tiles: waiting.slice(0, 1) };
    return jobs.run(job, async ({ signal, update, isCurrent, end }) => {
      const pictures = await generator.generateTogether(recipes, {
        signal,
        loraOf: (name) => files.get(name),
        // How many there is room for is known with the first step.
        onProgress: (progress) =>
          update(({ tiles = [] }) => ({
            progress,
            ...(progress.stage === "step" && tiles.length < progress.pictures && { tiles: waiting.slice(0, progress.pictures) }),
          })),
        onPreview: (preview, _, index) =>
          update(({ tiles }) => ({ tiles: tiles?.map((tile) => (tile.recipe === recipes[index] ? { ...tile, preview } : tile)) })),
        onDrawn: (picture, index) => {
          if (isCurrent()) drawn(picture, index);
        },
      });
      const last = pictures.at(-1);
      if (last === undefined || !isCurrent()) return;
      end({ status: doneIn(last), ...afterDrawing(last, files) });
    });
  }

  /**
   * What is known after a picture, and what the model says of itself by now. The controls speak of the one that somebody has chosen since,
   * and of LoRAs' files that took the place of those that were drawn with.
   */
  function afterDrawing({ recipe, model: facts }: ShownPicture, files: LoraFiles): Partial<AppState> {
    const { draft, freshLoras } = store.getState();
    const isOfNow = facts?.id === draft.model && areSameFiles(files, filesNow(recipe, loraOf));
    return { freshLoras: freshAfter(files, freshLoras), ...(isOfNow && { model: { kind: "ready", facts } }) };
  }

  function settle(): void {
    const { shown, isPassing } = store.getState();
    if (shown === undefined || !isPassing) return;
    store.setState({ isPassing: false, status: doneIn(shown) });
    keepQuery(recipeToQuery(shown.recipe));
    keep(shown);
  }

  function show(picture: ShownPicture): void {
    // What somebody turns away from must not be lost.
    settle();
    // What is being drawn, or waits to be, does not take the place of what somebody has opened since. What only passes is given up.
    if (store.getState().job?.isPassing === true) jobs.cancel();
    store.setState(({ job, waiting, draft, shown, recent }) => ({
      job: job === undefined || job.beside !== undefined ? job : { ...job, beside: "gallery", preview: undefined },
      waiting: waiting.map((entry) => ({ ...entry, forGallery: true })),
      shown: picture,
      isPassing: false,
      isFromDial: false,
      recent: pictureOf(picture.recipe, recent) === undefined ? withNewest(picture, recent) : recent,
      isComparing: false,
      draft: draftOf(picture.recipe, draft),
      // What is being drawn or waits for that is not lost.
      putAside: isRewritten(draft, shown?.recipe) && !isAsked(draft, [job, ...waiting]) ? draft : undefined,
      error: undefined,
      notice: undefined,
    }));
    keepQuery(recipeToQuery(picture.recipe));
  }

  function keep(picture: ShownPicture): void {
    if (!gallery.has(picture.recipe)) void gallery.keep(picture);
  }

  async function showKept(recipe: Recipe, byItself = false): Promise<boolean> {
    const before = byItself ? openings : ++openings;
    const isMeant = (one: ShownPicture | undefined): boolean => one !== undefined && recipeToQuery(one.recipe) === recipeToQuery(recipe);
    const inMemory = pictureOf(recipe, store.getState().recent);
    // The one in memory may be of another version of the model, and both may be kept.
    const kept = isMeant(inMemory) ? undefined : await gallery.pictureOf(recipe);
    const picture = inMemory === undefined || isMeant(kept) ? kept : inMemory;
    if (openings !== before) return true;
    if (picture !== undefined) show(picture);
    return picture !== undefined;
  }

  return {
    hasBegun: jobs.hasBegun,
    recipeFor,
    drawShown: (recipe, options) => untilDrawn(() => drawShown(recipe, options)),
    drawOtherSide: () => untilDrawn(() => drawOtherSide()),
    drawAside: (...asked) => untilDrawn(() => drawAside(...asked)),
    keep,
    settle,
    cancel: jobs.cancel,
    show(picture) {
      openings++;
      show(picture);
    },
    showKept,
    openings: () => openings,
    isEnding: () => drawing > 0 && jobs.isCancelled(),
    isFree: () => drawing === 0,
    onFree: (listen) => (tellFree = listen),
  };
}
