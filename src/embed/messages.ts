// What a page and our frame in it say to each other. The frame greets with a number that only the page it is for can read; the page
// answers with that number and a channel, and all else goes through the channel. Either side takes the other for a stranger: what does not
// have exactly this form is ignored.
import type { WireError } from "../common/errors";
import type { Progress } from "../common/progress";
import { parseRecipe, type Recipe } from "../common/recipe";

/** The first message, from the frame to the page around it. */
export interface Greeting {
  readonly type: "onestroke-greeting";
  readonly nonce: string;
}

/** The page's answer. It brings the channel. */
export interface Reply {
  readonly type: "onestroke-reply";
  readonly nonce: string;
}

export type FrameCall =
  | { readonly type: "draw"; readonly id: number; readonly recipe: Recipe }
  /** `id` is the id of the drawing to stop. */
  | { readonly type: "cancel"; readonly id: number };

export type FrameAnswer =
  | { readonly type: "progress"; readonly id: number; readonly progress: Progress }
  /** The picture as a PNG with its recipe in it. */
  | { readonly type: "drawn"; readonly id: number; readonly recipe: Recipe; readonly file: Blob }
  | { readonly type: "failed"; readonly id: number; readonly error: WireError };

export function greetingOf(data: unknown): Greeting | undefined {
  const { type, nonce } = fieldsOf(data);
  return type === "onestroke-greeting" && typeof nonce === "string" ? { type, nonce } : undefined;
}

export function replyOf(data: unknown): Reply | undefined {
  const { type, nonce } = fieldsOf(data);
  return type === "onestroke-reply" && typeof nonce === "string" ? { type, nonce } : undefined;
}

/** @throws OnestrokeError `invalid-input` where it draws, and its recipe is none */
export function callOf(data: unknown): FrameCall | undefined {
  const { type, id, recipe } = fieldsOf(data);
  if (typeof id !== "number" || !Number.isSafeInteger(id)) return undefined;
  if (type === "cancel") return { type, id };
  return type === "draw" ? { type, id, recipe: parseRecipe(recipe) } : undefined;
}

/** The number of a call that is too broken to be read, so that it can be refused. */
export function idOf(data: unknown): number | undefined {
  const { id } = fieldsOf(data);
  return typeof id === "number" && Number.isSafeInteger(id) ? id : undefined;
}

/** Own fields only, so that nothing is taken from a prototype. */
function fieldsOf(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === "object" && data !== null ? Object.fromEntries(Object.entries(data)) : {};
}
