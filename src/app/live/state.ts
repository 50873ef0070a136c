// What the page knows of drawing while somebody changes the controls.
import type { Frame } from "./pace";

export interface LiveState {
  readonly isOn: boolean;
  /** The last pictures that were drawn live, oldest first. */
  readonly frames: readonly Frame[];
}

export const NOT_LIVE: LiveState = { isOn: false, frames: [] };
