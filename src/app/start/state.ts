// What the page knows of the picture that the controls begin with.
import type { Picture } from "../../common/picture";

export interface StartState {
  /** As the recipe has it. */
  readonly name: string;
  /** Undefined where it is not here any more. */
  readonly picture: Picture | undefined;
}
