// Listens to keys wherever the focus is. Letters mean themselves in fields, and where somebody has switched them off.
import type { App } from "../store";
import { KEYS, type Key } from "./keys";

export function listenToKeys(app: App): void {
  addEventListener("keydown", (event) => {
    // A panel has keys of its own, and an input method needs all of them.
    if (event.defaultPrevented || event.isComposing || event.altKey || document.querySelector("dialog[open]") !== null) return;
    const key = keyOf(event, {
      isWriting: event.target instanceof Element && isField(event.target),
      singleKeys: app.store.getState().preferences.singleKeys,
    });
    if (key === undefined) return;
    event.preventDefault();
    key.act(app);
  });
}

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey">;

interface Where {
  /** Whether the focus is in something that reads letters. */
  readonly isWriting: boolean;
  readonly singleKeys: boolean;
}

export function keyOf({ key, ctrlKey, metaKey, shiftKey }: Pressed, { isWriting, singleKeys }: Where): Key | undefined {
  const isCtrl = ctrlKey || metaKey;
  // A field undoes its own typing.
  if (isWriting && !(isCtrl && key === "Enter")) return undefined;
  if (!isCtrl && !singleKeys) return undefined;
  // Ctrl and Y redoes on Windows.
  const pressed =
    isCtrl && key.toLowerCase() === "y"
      ? { key: "z", isShift: true }
      : { key: key.length === 1 ? key.toLowerCase() : key, isShift: shiftKey };
  return KEYS.find((entry) => {
    if (entry.key !== pressed.key || (entry.ctrl ?? false) !== isCtrl) return false;
    // Where "?" and "/" lie, and whether Shift is held for them, is the keyboard's.
    return !/^[a-z]$/.test(entry.key) || (entry.shift ?? false) === pressed.isShift;
  });
}

/** Letters choose in a list, and arrows move a dial, but letters do nothing to a dial, a box or a button. */
function isField(element: Element): boolean {
  return element.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range], [type=button]), [contenteditable]");
}
