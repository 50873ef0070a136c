// Puts together everything that a visitor can do with the page: the state, getting and loading models, drawing
// pictures, and steering and comparing them.
import type { Generator, ModelStore } from "../library";
import type { HandedModel } from "../common/download";
import type { ModelFacts } from "../common/model-facts";
import { withoutMadeWith } from "../common/made-with";
import { randomSeed, type Recipe } from "../common/recipe";
import { createLoraAdding } from "./add-lora";
import { isSameRecipe } from "./comparison";
import { createDoctor, type Doctor } from "./doctor/doctor-control";
import { linkOfDraft, type Draft } from "./draft";
import { createMeasuring, type Measuring } from "./engines/measuring";
import { noQuickestEngines, type QuickestEngines } from "./engines/quickest";
import { createChoosing, type Choosing } from "./choosing";
import { createExploring, type Exploring } from "./exploring/exploring";
import { createGallery, keepingInMemory, type Gallery, type Keeping } from "./gallery/gallery";
import { createTakingAlong, type TakingAlong } from "./gallery/taking-along";
import { promptIdea } from "./ideas";
import type { KnownWords } from "./known-words";
import { createLive, type LiveControl, type Sight } from "./live/live";
import { createModelLoading, type ModelLoading } from "./model-loading";
import { createModelShelf, type ModelShelf } from "./models/shelf";
import { numbersOfThisVisit, type KeptNumbers } from "./numbers/kept-numbers";
import { createNumbersControl, type NumbersControl } from "./numbers/numbers-control";
import { createOpening, type Opening } from "./opening";
import { createPictureDrawing, type DrawOptions, type PictureDrawing } from "./picture-drawing";
import { keepPreferences, type Preferences } from "./preferences";
import { createQueue, type DrawingQueue } from "./queue/queue";
import { createSharing, type Sharing } from "./sharing";
import { createAppStore, editDraft, factsOf, type AppStore } from "./state";
import { createStartPictures, type StartPictures } from "./start/pictures";
import { createStarting, type Starting } from "./start/starting";
import { createSteeringControl, type SteeringControl } from "./steering";
import { strings } from "./strings";
import { details } from "./strings-details";
import { createTextCounting } from "./tokens/count-texts";
import { createTrail, type TrailControl } from "./trail-control";
import { createWishes } from "./wishes";

export interface App
  extends
    SteeringControl,
    Pick<LiveControl, "setLive">,
    Exploring,
    Starting,
    Omit<ModelShelf, "pickFolder" | "reopenFolder">,
    TrailControl,
    Measuring,
    Pick<Choosing, "useModel">,
    NumbersControl,
    Doctor,
    TakingAlong,
    Sharing,
    Pick<Opening, "openLink" | "openPng">,
    Pick<ModelLoading, "useEngine">,
    Pick<DrawingQueue, "bring" | "unask" | "forgetTakenOut">,
    Pick<PictureDrawing, "cancel" | "settle"> {
  readonly store: AppStore;
  readonly gallery: Omit<Gallery, "begin" | "keep">;
  /** Loads the model and draws the first picture. */
  start(): Promise<void>;
  edit(change: Partial<Draft>): void;
  /** Puts back into the controls what was being written before an older picture took its place. */
  bringBack(): void;
  dismissError(): void;
  /** Takes away the word of what was done just now. */
  dismissDone(): void;
  /** Says something, until it is taken back or a control is touched. */
  remark(notice: string | undefined): void;
  rollSeed(): void;
  /** Makes up a prompt and draws it. */
  surprise(): void;
  /** Draws what the controls say, after what was asked for before. */
  draw(options?: DrawOptions): Promise<void>;
  prefer(change: Partial<Preferences>): void;
  /** Opens or closes the list of keys. */
  showKeys(isShown: boolean): void;
  /** Draws for the gallery what was taken out because somebody chose another model. */
  bringBackTakenOut(): void;
  /** Draws with a folder or a file of this device from now on. */
  useOwn(model: HandedModel): Promise<void>;
  /** Adds a LoRA's file to the model that draws, and draws with it. */
  addLora(file: File): Promise<void>;
  /** Lets a person choose a folder of this device, and draws with it from then on. Only where the browser has a chooser for that. */
  openFolder(): Promise<void>;
  /** The same with a folder of an earlier visit. */
  reopen(id: string): Promise<void>;
  /** Puts what the controls say into the address, so that it is there when the page begins anew. */
  keepDraft(): void;
}

/** What the browser brings to the app. A test leaves out what it is not about. */
export interface Surroundings {
  /** Reads the words that a model knows, by the model's id. */
  readonly readKnownWords?: (model: string) => Promise<KnownWords | undefined>;
  /** Where pictures are kept. */
  readonly keep?: Keeping;
  /** The engines that were measured to be quickest. */
  readonly quickest?: QuickestEngines;
  /** In which numbers models are kept and computed here. */
  readonly numbers?: KeptNumbers;
  /** Whether the page can be seen: while it cannot, nothing is drawn live. */
  readonly sight?: Sight;
  /** Pictures to draw over, which the generator is given too. */
  readonly starts?: StartPictures;
}

/** @param query the address's settings, "" for none */
export function createApp(
  generator: Generator,
  models: ModelStore,
  query: string,
  keepQuery: (query: string) => void,
  {
    readKnownWords = async () => undefined,
    keep = keepingInMemory(),
    quickest = noQuickestEngines(),
    numbers = numbersOfThisVisit(),
    sight = { isSeen: () => true, onChange: () => undefined },
    starts = createStartPictures(keep.shelf),
  }: Surroundings = {},
): App {
  const store = createAppStore(query);
  const model = createModelLoading(store, generator, quickest);
  const gallery = createGallery(store, keep, starts.fileOf);
  const loraOf = (name: string): Blob | undefined => models.loraOf(name);
  const pictures = createPictureDrawing(store, generator, gallery, keepQuery, loraOf);
  const queue = createQueue(store, pictures);
  const texts = createTextCounting(store, generator);
  const live = createLive(store, generator, pictures, sight);
  const shelf = createModelShelf(store, models);
  const edit = (change: Partial<Draft>): void => editDraft(store, change);

  const wishes = createWishes(store);
  /** What the model says of itself, which is loaded first if it is not there. Undefined where it cannot be. */
  const loaded = (isWanted: () => boolean): Promise<ModelFacts | undefined> => {
    const facts = factsOf(store.getState());
    return facts === undefined ? wishes.untilLoaded(model.load(), isWanted) : Promise.resolve(facts);
  };

  function cancel(): void {
    if (wishes.cancel()) live.giveUp();
    pictures.cancel();
  }

  async function draw(options?: DrawOptions): Promise<void> {
    const openings = pictures.openings();
    const isNewest = wishes.ask();
    // Another picture may be asked for or opened meanwhile, or none is wanted any more.
    const isWanted = (): boolean => isNewest() && openings === pictures.openings();
    const facts = factsOf(store.getState()) ?? (await loaded(isWanted));
    if (facts === undefined || !isWanted() || (options === undefined && live.keepLive())) return;
    const counting = texts.counting();
    if (counting !== undefined) await counting;
    if (!isWanted()) return;
    const { draft, shown } = store.getState();
    // A loose seed is rolled only after its picture was shown, so that the next picture has the seed that the field says.
    const isLoose = !draft.seedKept && options?.anew !== true && options?.keepsSeed !== true;
    const rolls = isLoose && shown?.recipe.seed === draft.seed;
    const seed = rolls ? randomSeed() : draft.seed;
    const asked = rolls ? { ...draft, seed, variations: [] } : { ...draft, seed };
    const recipe = pictures.recipeFor(asked, facts);
    if (recipe === undefined) return;
    const { revision, weights, inFloat32, loras = [] } = recipe;
    store.setState({ draft: { ...asked, seed: recipe.seed, revision, weights, inFloat32, loras } });
    const asking = queue.ask(recipe, options);
    const otherwise = options?.keepsSeed === true ? details.madeOtherwise(facts, asked, recipe) : undefined;
    if (otherwise !== undefined) remark(otherwise);
    await asking;
    sayOtherLoras(recipe);
  }

  /** Which file a LoRA has is known once it is drawn with. */
  function sayOtherLoras(asked: Recipe): void {
    const drawn = store.getState().shown?.recipe;
    if (drawn === undefined || !isSameRecipe(withoutMadeWith(drawn), withoutMadeWith(asked))) return;
    const others = details.otherLoras(asked, drawn);
    if (others !== undefined) remark(others);
  }

  /** The model is loaded, and the controls make the recipe that they mean. Undefined where it cannot be, or nobody waits for that any more. */
  async function ready(): Promise<ModelFacts | undefined> {
    const isWanted = wishes.askBeside();
    const facts = await loaded(isWanted);
    await texts.counting();
    return isWanted() ? facts : undefined;
  }

  function readWords(): void {
    const { model: id } = store.getState().draft;
    store.setState({ knownWords: undefined });
    readKnownWords(id).then(
      (knownWords) => {
        if (store.getState().draft.model === id) store.setState({ knownWords });
      },
      // Without the list the page says nothing of words, and draws all the same.
      () => undefined,
    );
  }

  async function takeOwn(own: HandedModel | undefined): Promise<void> {
    if (own === undefined) return;
    const { model: id } = own.plan;
    const replaced = models.lend(own);
    await choosing.tryModel(id, async () => {
      if (replaced === undefined) await models.remove(id);
      else models.lend(replaced);
      await shelf.refresh();
    });
  }

  store.subscribe(({ draft }, before) => {
    if (draft.model !== before.draft.model) readWords();
  });

  const remark = (notice: string | undefined): void => store.setState({ notice, status: notice ?? "" });
  const starting = createStarting(store, starts, remark);
  const choosing = createChoosing(store, {
    model,
    wishes,
    pictures,
    queue,
    edit,
    draw,
    cancel,
    giveUp: live.giveUp,
    ...shelf,
    ...starting,
  });
  const opening = createOpening(store, pictures, { edit, remark, draw });

  return {
    store,
    gallery,
    ...createTakingAlong(store, gallery, keep),
    ...createTrail(store, pictures, queue),
    ...createMeasuring(store, generator, model, quickest),
    ...createNumbersControl(store, model, numbers),
    ...createDoctor(store, generator, models, shelf.refresh),
    ...createSharing(store, gallery, remark),
    ...opening,
    prefer(change) {
      const preferences = { ...store.getState().preferences, ...change };
      store.setState({ preferences });
      keepPreferences(preferences);
    },
    showKeys: (isShowingKeys) => store.setState({ isShowingKeys }),
    useEngine: model.useEngine,
    draw,
    edit,
    cancel,
    settle: pictures.settle,
    setLive: live.setLive,
    bring: queue.bring,
    unask: queue.unask,
    bringBackTakenOut: () => queue.bringBackTakenOut(store.getState().takenOut),
    forgetTakenOut: queue.forgetTakenOut,
    useModel: choosing.useModel,
    useOwn: takeOwn,
    openFolder: async () => {
      try {
        await takeOwn(await shelf.pickFolder());
      } catch {
        // In a frame of another site a browser refuses the chooser itself.
        remark(strings.models.own.notOpened);
      }
    },
    reopen: async (id) => takeOwn(await shelf.reopenFolder(id)),
    addLora: createLoraAdding(store, { models, pictures, edit, draw, remark }),
    bringBack: () => edit(store.getState().putAside ?? {}),
    dismissDone: () => store.setState({ done: undefined }),
    dismissError: () => store.setState({ error: undefined }),
    ...shelf,
    ...createSteeringControl(store, pictures, queue, texts),
    ...createExploring(store, pictures, queue, ready, loraOf),
    ...starting,
    async start() {
      readWords();
      const isWanted = wishes.ask();
      const loading = model.load();
      await gallery.begin();
      await opening.showLinked();
      await choosing.drawFirst(loading, isWanted);
    },
    remark,
    keepDraft() {
      const link = linkOfDraft(store.getState().draft);
      if (link !== undefined) keepQuery(link);
    },
    rollSeed: () => edit({ seed: randomSeed() }),
    surprise() {
      edit({ prompt: promptIdea() });
      void draw();
    },
  };
}
