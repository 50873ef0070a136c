// Puts together everything that a visitor can do with the page: the state, loading the model, drawing
// pictures, and steering and comparing them.
import type { Generator } from "../client/generator";
import { randomSeed } from "../common/recipe";
import { draftOf, draftOfLink, linkOfDraft, type Draft } from "./draft";
import { promptIdea } from "./ideas";
import type { KnownWords } from "./known-words";
import { createModelLoading, type ModelLoading } from "./model-loading";
import { createPictureDrawing, type PictureDrawing } from "./picture-drawing";
import { recipeOfPng } from "./png-recipe";
import { createAppStore, editDraft, steeringDefaultsOf, type AppStore } from "./state";
import { createSteeringControl, type SteeringControl } from "./steering";
import { strings } from "./strings";

export interface App extends SteeringControl, Pick<ModelLoading, "useEngine">, Pick<PictureDrawing, "cancel" | "show"> {
  readonly store: AppStore;
  /** Loads the model and draws the first picture. */
  start(): Promise<void>;
  edit(change: Partial<Draft>): void;
  /** Says something, until it is taken back or a control is touched. */
  remark(notice: string | undefined): void;
  rollSeed(): void;
  /** Makes up a prompt and draws it. */
  surprise(): void;
  /** Draws what the controls say. A picture that is still being drawn gives way. */
  draw(): Promise<void>;
  /** Draws the picture of a link again: its query, without the `#`. */
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
  query: string,
  keepQuery: (query: string) => void,
  readKnownWords: (model: string) => Promise<KnownWords | undefined> = async () => undefined,
): App {
  const store = createAppStore(query);
  const model = createModelLoading(store, generator);
  const pictures = createPictureDrawing(store, generator, keepQuery);
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

  const remark = (notice: string | undefined): void => store.setState({ notice, status: notice ?? "" });

  return {
    store,
    useEngine: model.useEngine,
    draw,
    edit,
    cancel: pictures.cancel,
    show: pictures.show,
    ...createSteeringControl(store, pictures),
    async start() {
      readKnownWords(store.getState().draft.model).then(
        (knownWords) => store.setState({ knownWords }),
        // Without the list the page says nothing of words, and draws all the same.
        () => undefined,
      );
      // Someone may have been quicker, and then the first picture is theirs.
      if ((await model.load()) !== undefined && !pictures.hasBegun()) await draw();
    },
    remark,
    async openLink(query) {
      try {
        edit(draftOfLink(query));
      } catch {
        return remark(strings.badLink);
      }
      await draw();
    },
    async openPng(file) {
      const recipe = await recipeOfPng(file);
      if (recipe === undefined) return remark(strings.noRecipe);
      edit(draftOf(recipe, store.getState().draft));
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
