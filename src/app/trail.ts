// The recipes whose pictures were shown, one after the other, so that undo and redo go along them. It holds recipes and not pictures: a
// picture comes from memory, from the gallery, or is drawn again.
import type { Recipe } from "../common/recipe";
import { recipeToQuery } from "../common/permalink";

export interface Trail {
  readonly recipes: readonly Recipe[];
  /** Which of them is shown; -1 before the first. */
  readonly at: number;
}

export const NO_TRAIL: Trail = { recipes: [], at: -1 };

const MOST_RECIPES = 200;

/**
 * A new recipe ends what could be redone, also where it differs in what it was made with alone: that is another picture.
 * @param replaces whether it takes the place of the one that is shown
 */
export function follow({ recipes, at }: Trail, recipe: Recipe, replaces = false): Trail {
  const current = recipes[at];
  if (current !== undefined && recipeToQuery(current) === recipeToQuery(recipe)) return { recipes, at };
  const before = recipes.slice(0, replaces ? at : at + 1);
  const next = [...before, recipe].slice(-MOST_RECIPES);
  return { recipes: next, at: next.length - 1 };
}

/** @param isPassing whether a picture is shown that is no step yet, and has the one that is shown last behind it */
export function canUndo({ at }: Trail, isPassing = false): boolean {
  return at > (isPassing ? -1 : 0);
}

export function canRedo({ recipes, at }: Trail): boolean {
  return at < recipes.length - 1;
}
