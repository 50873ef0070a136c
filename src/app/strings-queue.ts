// What the page says of pictures that wait to be drawn. The rest of its sentences are in strings.ts.
import type { Recipe } from "../common/recipe";
import { strings } from "./strings";

const named = ({ prompt }: Pick<Recipe, "prompt">): string => prompt.trim() || strings.emptyPrompt;

export const queued = {
  count: (count: number) => (count === 1 ? "1 picture waits" : `${count} pictures wait`),
  short: (count: number) => (count === 1 ? "1 waits" : `${count} wait`),
  named,
  takeOut: (recipe: Pick<Recipe, "prompt">) => `Do not draw: ${named(recipe)}`,
  takeThisOut: "Do not draw the one the focus is on",
  inQueue: "Among the pictures that wait",
  takenOut: "It is not drawn.",
  askedOfOther: (count: number) =>
    count === 1
      ? "1 picture that was asked for before the model was changed is not drawn."
      : `${count} pictures that were asked for before the model was changed are not drawn.`,
  drawForGallery: "Draw for the gallery",
  forget: "Close",
  forGallery: "for the gallery",
  isComing: "That picture is coming already.",
  inGallery: "The picture that was being drawn is in the gallery.",
  drawingForGallery: "Drawing for the gallery",
  key: "Go to the pictures that wait",
} as const;
