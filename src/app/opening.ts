// What comes from outside and is to be drawn: an address that was pasted or come back to, and a PNG with a recipe in it.
import type { Recipe } from "../common/recipe";
import { draftOf, draftOfLink, recipeOfDraft, type Draft } from "./draft";
import type { DrawOptions, PictureDrawing } from "./picture-drawing";
import { recipeOfPng } from "./png-recipe";
import type { AppStore } from "./state";
import { strings } from "./strings";
import { keeping } from "./strings-keeping";
import { isSameRecipe } from "./comparison";
import { catalogueFacts } from "./known-facts";

export interface Opening {
  /** Goes where an address leads that was pasted, shared or come back to. A picture that is kept is shown, and another one is drawn. */
  openLink(query: string): Promise<void>;
  /** Draws the picture of a PNG again, if it holds its recipe. */
  openPng(file: Blob): Promise<void>;
  /** Shows the picture of what the address says if it is kept, before any model is there. */
  showLinked(): Promise<void>;
}

interface Doing {
  readonly edit: (change: Partial<Draft>) => void;
  readonly remark: (text: string) => void;
  readonly draw: (options: DrawOptions) => Promise<void>;
}

/** What the controls may mean: with an open size, a picture of each size that the model was trained on, the largest first. */
function recipesOf(draft: Draft): readonly Recipe[] {
  const sides =
    draft.isSizeOpen === true
      ? catalogueFacts(draft.model)
          ?.trainedSizes.map(({ side }) => side)
          .toReversed()
      : undefined;
  const drafts = sides?.map((side): Draft => ({ ...draft, width: side, height: side })) ?? [draft];
  return drafts.map(recipeOfDraft).filter((recipe) => recipe !== undefined);
}

export function createOpening(store: AppStore, pictures: Pick<PictureDrawing, "showKept">, { edit, remark, draw }: Doing): Opening {
  return {
    async openLink(query) {
      const { draft, refused } = draftOfLink(query);
      // Where nothing of it can be read, there is nothing to draw either.
      if (refused.length > 0 && refused.length === new Set(new URLSearchParams(query).keys()).size) return remark(strings.badLink(refused));
      const { shown } = store.getState();
      for (const recipe of refused.length === 0 ? recipesOf(draft) : []) {
        if (shown !== undefined && isSameRecipe(shown.recipe, recipe)) return;
        if (await pictures.showKept(recipe)) return;
      }
      edit(draft);
      const drawing = draw({ keepsSeed: true });
      // Said only now: what begins to be drawn takes away what was said before it.
      if (refused.length > 0) remark(strings.badLink(refused));
      await drawing;
    },

    async openPng(file) {
      const recipe = await recipeOfPng(file);
      if (recipe === undefined) return remark(strings.noRecipe);
      if ("left" in recipe) {
        if (Object.keys(recipe.taken).length === 0) return remark(keeping.foreignRecipe(recipe));
        // It knows nothing of these. The model, with its LoRAs, is the page's own.
        edit({ variations: [], start: undefined, sampler: undefined, prediction: undefined, ...recipe.taken });
        const drawing = draw({ keepsSeed: recipe.taken.seed !== undefined });
        remark(keeping.foreignRecipe(recipe));
        return drawing;
      }
      edit(draftOf(recipe, store.getState().draft));
      await draw({ keepsSeed: true });
    },

    async showLinked() {
      const { draft, shown } = store.getState();
      if (shown !== undefined) return;
      for (const recipe of recipesOf(draft)) if (await pictures.showKept(recipe, true)) return;
    },
  };
}
