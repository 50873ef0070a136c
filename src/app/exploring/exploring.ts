// "Four like this": draws variations of what the controls say beside the shown picture, together where the GPU gains by that. Any of them
// can be held while the others are drawn anew, and the one that somebody chooses is shown and kept; the others are not.
import type { ModelFacts } from "../../common/model-facts";
import { randomSeed } from "../../common/recipe";
import { otherField } from "../../common/same-but-noise";
import { areSameFiles, filesNow } from "../loras/fresh";
import type { PictureDrawing } from "../picture-drawing";
import type { DrawingQueue } from "../queue/queue";
import type { ShownPicture } from "../shown-picture";
import type { AppStore } from "../state";
import type { ExploringState, Tile } from "./state";
import { vary } from "./vary";

const TILES = 4;

export interface Exploring {
  /** Opens the four and draws them, or draws anew those that are not held. */
  explore(): Promise<void>;
  /** Says how different the next ones are, from 0 to 1. */
  setDifference(strength: number): void;
  hold(tile: number, isHeld: boolean): void;
  /** Shows one of them, which is kept from then on. */
  choose(tile: number): void;
  closeExploring(): void;
}

type Pictures = Pick<PictureDrawing, "recipeFor" | "drawAside" | "show" | "keep" | "cancel">;

/**
 * @param queue what was asked for is drawn before the four
 * @param ready what the model says of itself, once it is loaded and what is typed is counted
 * @param loraOf the file of a LoRA at this moment
 */
export function createExploring(
  store: AppStore,
  pictures: Pictures,
  { afterwards }: Pick<DrawingQueue, "afterwards">,
  ready: () => Promise<ModelFacts | undefined>,
  loraOf: (name: string) => Blob | undefined,
): Exploring {
  /** Which time the four are drawn: what was wanted of an earlier time is not drawn any more. */
  let round = 0;

  const set = (change: Partial<ExploringState>): void => store.setState(({ exploring }) => ({ exploring: { ...exploring, ...change } }));
  const change = (at: number, changed: Partial<Tile>): void =>
    set({ tiles: store.getState().exploring.tiles.map((tile, index) => (index === at ? { ...tile, ...changed } : tile)) });

  /** The first that are not drawn yet, as many as go together. @returns whether there may be others */
  async function drawNext(mine: number): Promise<boolean> {
    const { exploring, model, draft } = store.getState();
    // Whoever has chosen another model does not wait for the one before to be loaded again.
    const drawing = model.kind === "ready" ? model.facts.id : draft.model;
    const undrawn = exploring.tiles.flatMap(({ recipe, files, picture }, at) =>
      picture === undefined && recipe.model === drawing ? [{ recipe, files, at }] : [],
    );
    const [first] = undrawn;
    if (mine !== round || first === undefined) return false;
    // One that was held before it was drawn may be of what the controls said before, or of files that others have taken the place of.
    const alike = undrawn.filter(({ recipe, files }) => otherField(first.recipe, recipe) === undefined && areSameFiles(first.files, files));
    const drawn = (picture: ShownPicture, index: number): void => {
      const at = alike[index]?.at;
      if (mine === round && at !== undefined) change(at, { picture });
    };
    return pictures.drawAside(
      alike.map(({ recipe }) => recipe),
      drawn,
      first.files,
    );
  }

  function stop(): void {
    round++;
    if (store.getState().job?.beside === "tiles") pictures.cancel();
  }

  return {
    async explore() {
      const facts = await ready();
      const state = store.getState();
      const base = facts && pictures.recipeFor(state.draft, facts);
      if (base === undefined) return;
      const { strength, tiles } = state.exploring;
      stop();
      const mine = round;
      const files = filesNow(base, loraOf);
      set({
        isOpen: true,
        tiles: Array.from({ length: TILES }, (_, index): Tile => {
          const tile = tiles[index];
          if (tile?.isHeld === true) return tile;
          return { recipe: vary(base, randomSeed(), strength), files, picture: undefined, isHeld: false };
        }),
      });
      while (await afterwards(() => drawNext(mine)));
    },

    setDifference: (strength) => set({ strength }),
    hold: (tile, isHeld) => change(tile, { isHeld }),

    choose(tile) {
      const picture = store.getState().exploring.tiles[tile]?.picture;
      if (picture === undefined) return;
      pictures.show(picture);
      pictures.keep(picture);
    },

    closeExploring() {
      stop();
      set({ isOpen: false, tiles: [] });
    },
  };
}
