// Four pictures like one: what of them is there, and which of them stay when the others are drawn anew.
import type { Recipe } from "../../common/recipe";
import type { LoraFiles } from "../loras/fresh";
import type { ShownPicture } from "../shown-picture";

export interface Tile {
  readonly recipe: Recipe;
  /** Of its LoRAs, as they were when it was asked for: those that are explored together have the same. */
  readonly files: LoraFiles;
  /** Undefined until it is drawn. */
  readonly picture: ShownPicture | undefined;
  readonly isHeld: boolean;
}

export interface ExploringState {
  readonly isOpen: boolean;
  /** How different they are: near 0 they are hardly so, and at 1 each has a seed of its own. */
  readonly strength: number;
  readonly tiles: readonly Tile[];
}

export const NOT_EXPLORING: ExploringState = { isOpen: false, strength: 1, tiles: [] };
