// A picture that was asked for while another one was being drawn.
import type { Recipe } from "../../common/recipe";

export interface Waiting {
  readonly recipe: Recipe;
  /** Draws it even if it is there already. */
  readonly anew: boolean;
  /** It goes to the gallery, and does not take the place of a picture that somebody has opened since. */
  readonly forGallery: boolean;
}
