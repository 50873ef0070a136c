// Begins with a picture in place of noise: the shown one, or one that somebody chooses, drops or pastes. The pictures last as long as the
// page, and a recipe only names the one that it was drawn over.
import type { Picture } from "../../common/picture";
import type { Recipe } from "../../common/recipe";
import type { RecipeStart } from "../../common/recipe-start";
import { knownFactsOf } from "../known-facts";
import { editDraft, factsOf, type AppStore } from "../state";
import { exploring } from "../strings-exploring";
import { CANVAS_TOOLS, pictureName, type PictureTools } from "./source";
import { strengthOf } from "./strength";

/** How many are kept. One of 2048 x 2048 takes 16 MiB. */
const MOST_PICTURES = 8;

export interface StartPictures {
  /** The picture that a recipe is drawn over, at the recipe's size; undefined where it is not here. */
  pictureOf(recipe: Recipe): Picture | undefined;
  add(picture: Picture): Promise<string>;
  readonly tools: PictureTools;
  /** As it was given. */
  whole(name: string): Picture | undefined;
}

export function createStartPictures(tools: PictureTools = CANVAS_TOOLS): StartPictures {
  const pictures = new Map<string, Picture>();
  /** The last one that was cut: while somebody types, each change wants the same. */
  let cut: { readonly of: Picture; readonly picture: Picture } | undefined;
  return {
    tools,
    whole: (name) => pictures.get(name),
    pictureOf({ start, width, height }) {
      const picture = start && pictures.get(start.picture);
      if (picture === undefined) return undefined;
      if (cut?.of !== picture || cut.picture.width !== width || cut.picture.height !== height) {
        cut = { of: picture, picture: tools.fit(picture, width, height) };
      }
      return cut.picture;
    },
    async add(picture) {
      const name = await pictureName(picture);
      pictures.delete(name);
      pictures.set(name, picture);
      const [oldest] = pictures.keys();
      if (pictures.size > MOST_PICTURES && oldest !== undefined) pictures.delete(oldest);
      return name;
    },
  };
}

export interface Starting {
  /** Begins the next pictures with the shown one. */
  startFromShown(): Promise<void>;
  /** The same with a file. What is no picture is said to be none. */
  startFromFile(file: Blob): Promise<void>;
  /** The picture that the controls begin with, if it is here. */
  startPicture(start: RecipeStart): Picture | undefined;
  /** Begins with noise again. */
  startFromNoise(): void;
}

export function createStarting(store: AppStore, pictures: StartPictures, remark: (text: string) => void): Starting {
  /** Whether the model draws over no picture, which is said. */
  function isRefused(): boolean {
    const facts = factsOf(store.getState());
    if (facts?.readsPictures !== false) return false;
    remark(exploring.start.unable(facts));
    return true;
  }

  async function startFrom(picture: Picture): Promise<void> {
    const name = await pictures.add(picture);
    const state = store.getState();
    const most = knownFactsOf(state)?.maxSteps ?? state.draft.steps;
    // In a single step, which goes all the way from noise, little of a picture would stay.
    const steps = state.draft.steps > 1 ? state.draft.steps : Math.min(most, 4);
    editDraft(store, { steps, start: { picture: name, strength: strengthOf(Math.ceil(steps / 2), steps) } });
    remark(exploring.start.taken);
  }

  return {
    async startFromShown() {
      const { shown } = store.getState();
      if (shown !== undefined && !isRefused()) await startFrom(shown.picture);
    },

    async startFromFile(file) {
      if (isRefused()) return;
      const picture = await pictures.tools.read(file).catch(() => undefined);
      if (picture === undefined) return remark(exploring.start.unreadable);
      await startFrom(picture);
    },

    startPicture: ({ picture }) => pictures.whole(picture),

    startFromNoise: () => editDraft(store, { start: undefined }),
  };
}
