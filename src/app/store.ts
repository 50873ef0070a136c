// Puts together everything that a visitor can do with the page: the state, getting and loading models, drawing
// pictures, and steering and comparing them.
import { catalogueEntry } from "../catalogue/entries";
import type { Generator } from "../client/generator";
import type { ModelStore } from "../client/model-store";
import type { HandedModel } from "../common/download";
import { recipeToQuery } from "../common/permalink";
import { randomSeed } from "../common/recipe";
import { loraName } from "../common/recipe-lora";
import { draftOf, draftOfLink, linkOfDraft, type Draft } from "./draft";
import { promptIdea } from "./ideas";
import type { KnownWords } from "./known-words";
import { createModelLoading, type ModelLoading } from "./model-loading";
import { createModelShelf, type ModelShelf } from "./models/shelf";
import { createPictureDrawing, type PictureDrawing } from "./picture-drawing";
import { recipeOfPng } from "./png-recipe";
import { createAppStore, editDraft, factsOf, steeringDefaultsOf, type AppStore } from "./state";
import { createSteeringControl, type SteeringControl } from "./steering";
import { strings } from "./strings";

export interface App extends SteeringControl, ModelShelf, Pick<ModelLoading, "useEngine">, Pick<PictureDrawing, "cancel" | "show"> {
  readonly store: AppStore;
  /** Loads the model and draws the first picture. */
  start(): Promise<void>;
  edit(change: Partial<Draft>): void;
  /** Draws with another model from now on, at its own size, steps and steering. The prompt and the seed stay. */
  useModel(id: string): Promise<void>;
  /** Puts back into the controls what was being written before an older picture took its place. */
  bringBack(): void;
  dismissError(): void;
  /** Says something, until it is taken back or a control is touched. */
  remark(notice: string | undefined): void;
  rollSeed(): void;
  /** Makes up a prompt and draws it. */
  surprise(): void;
  /** Draws what the controls say. A picture that is still being drawn gives way. */
  draw(): Promise<void>;
  /** Draws with a folder or a file of this device from now on. */
  useOwn(model: HandedModel): Promise<void>;
  /** Adds a LoRA's file to the model that draws, and draws with it. */
  addLora(file: File): Promise<void>;
  /** Goes where an address leads that was pasted, shared or come back to. A picture of this visit is shown, and another one is drawn. */
  openLink(query: string): Promise<void>;
  /** Draws the picture of a PNG again, if it holds its recipe. */
  openPng(file: Blob): Promise<void>;
  /** Puts what the controls say into the address, so that it is there when the page begins anew. */
  keepDraft(): void;
}

/**
 * @param query the address's settings, "" for none
 * @param readKnownWords reads the words that a model knows, by the model's id
 */
export function createApp(
  generator: Generator,
  models: ModelStore,
  query: string,
  keepQuery: (query: string) => void,
  readKnownWords: (model: string) => Promise<KnownWords | undefined> = async () => undefined,
): App {
  const store = createAppStore(query);
  const model = createModelLoading(store, generator);
  const pictures = createPictureDrawing(store, generator, keepQuery);
  const shelf = createModelShelf(store, models);
  const edit = (change: Partial<Draft>): void => editDraft(store, change);

  async function draw(): Promise<void> {
    const defaults = steeringDefaultsOf(store.getState()) ?? (await model.load());
    if (defaults === undefined) return;
    const { draft, shown } = store.getState();
    // A loose seed is rolled only after its picture was shown, so that the next picture has the seed that the field says.
    const seed = !draft.seedKept && shown?.recipe.seed === draft.seed ? randomSeed() : draft.seed;
    const recipe = pictures.recipeFor({ ...draft, seed }, defaults);
    if (recipe === undefined) return;
    store.setState({ draft: { ...draft, seed: recipe.seed } });
    await pictures.drawShown(recipe);
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

  async function useModel(id: string): Promise<void> {
    pictures.cancel();
    shelf.closeModels();
    const entry = catalogueEntry(id);
    // LoRAs are made for one family of models.
    edit({
      model: id,
      loras: [],
      steering: undefined,
      ...(entry && { steps: entry.steps.preferred, width: entry.size, height: entry.size }),
    });
    readWords();
    if ((await model.load()) === undefined) return;
    const facts = factsOf(store.getState());
    // Somebody chose yet another one meanwhile.
    if (facts === undefined || facts.id !== id) return;
    const { title, defaultSize, maxSteps, doubt } = facts;
    const steps = Math.min(entry?.steps.preferred ?? maxSteps, maxSteps);
    edit({ steps, width: defaultSize, height: defaultSize });
    const now = strings.models.now(title, defaultSize, strings.stepCount(steps));
    const notice = doubt === undefined ? now : `${now} ${strings.models.doubt(doubt)}`;
    store.setState({ notice, status: notice });
    await draw();
  }

  const remark = (notice: string | undefined): void => store.setState({ notice, status: notice ?? "" });

  return {
    store,
    useEngine: model.useEngine,
    draw,
    edit,
    cancel: pictures.cancel,
    show: pictures.show,
    useModel,
    async openLink(query) {
      const { draft, refused } = draftOfLink(query);
      // Where nothing of it can be read, there is nothing to draw either.
      if (refused.length > 0 && refused.length === [...new URLSearchParams(query)].length) return remark(strings.badLink(refused));
      const { draft: current, history, shown } = store.getState();
      const past = history.find(({ recipe }) => recipeToQuery(recipe) === query);
      if (past === undefined) {
        edit(draft);
        if (refused.length > 0) remark(strings.badLink(refused));
        if (draft.model !== current.model) readWords();
        await draw();
      } else if (past !== shown) pictures.show(past);
    },
    useOwn: (own) => {
      models.lend(own);
      return useModel(own.plan.model);
    },
    async addLora(file) {
      const name = loraName(file.name.replace(/\.[^.]+$/, ""));
      models.lendLora(name, file);
      const others = (store.getState().draft.loras ?? []).filter((lora) => lora.name !== name);
      edit({ loras: [...others, { name, weight: 1 }] });
      remark(strings.loras.added(name));
      await draw();
    },
    bringBack: () => edit(store.getState().putAside ?? {}),
    dismissError: () => store.setState({ error: undefined }),
    ...shelf,
    ...createSteeringControl(store, pictures),
    async start() {
      readWords();
      // Someone may have been quicker, and then the first picture is theirs.
      if ((await model.load()) !== undefined && !pictures.hasBegun()) await draw();
    },
    remark,
    async openPng(file) {
      const recipe = await recipeOfPng(file);
      if (recipe === undefined) return remark(strings.noRecipe);
      if ("left" in recipe) {
        edit(recipe.taken);
        remark(strings.foreignRecipe(recipe.left));
      } else edit(draftOf(recipe, store.getState().draft));
      await draw();
    },
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
