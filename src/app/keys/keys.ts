// What keys do, in one table: the page listens by it, and the sheet of keys shows it.
import { idOf } from "../gallery/entry";
import { keeping } from "../strings-keeping";
import { exploring } from "../strings-exploring";
import { focusQueue } from "../queue/focus-queue";
import { queued } from "../strings-queue";
import type { App } from "../store";

export interface Key {
  /** As `KeyboardEvent.key` says it, letters in lower case. */
  readonly key: string;
  /** Whether Ctrl, or the command key, is held with it. Keys without it are silent in fields, and can be switched off. */
  readonly ctrl?: true;
  readonly shift?: true;
  readonly says: string;
  readonly act: (app: App) => void;
}

export const KEYS: readonly Key[] = [
  { key: "Enter", ctrl: true, says: keeping.does.drawAnew, act: (app) => void app.draw({ anew: true }) },
  { key: "z", ctrl: true, says: keeping.undo, act: (app) => void app.undo() },
  { key: "z", ctrl: true, shift: true, says: keeping.redo, act: (app) => void app.redo() },
  { key: "/", says: keeping.does.write, act: () => promptField()?.focus() },
  { key: "q", says: queued.key, act: focusQueue },
  { key: "r", says: keeping.does.roll, act: (app) => app.rollSeed() },
  { key: "i", says: keeping.does.idea, act: (app) => app.surprise() },
  { key: "4", says: exploring.four.key, act: (app) => void app.explore() },
  { key: "o", says: exploring.start.key, act: (app) => void app.startFromShown() },
  { key: "v", says: exploring.live.key, act: (app) => app.setLive(!app.store.getState().live.isOn) },
  { key: "f", says: keeping.does.favour, act: (app) => favourShown(app) },
  { key: "s", says: keeping.savePng, act: (app) => void app.save("png") },
  { key: "c", says: keeping.copyPicture, act: (app) => void app.copyPicture() },
  { key: "l", says: keeping.copyLink, act: (app) => void app.copyLink() },
  { key: "g", says: keeping.openGallery, act: (app) => app.gallery.openGallery() },
  { key: "m", says: keeping.does.models, act: (app) => app.openModels() },
  { key: "?", says: keeping.openKeys, act: (app) => app.showKeys(true) },
];

/** What works where it stands, and is only told by the sheet. */
export const KEYS_ELSEWHERE: readonly { readonly keys: readonly string[]; readonly says: string }[] = [
  { keys: ["Enter"], says: keeping.does.draw },
  { keys: ["Shift", "Enter"], says: keeping.does.newLine },
  { keys: ["Esc"], says: keeping.does.cancel },
];

export const KEYS_IN_QUEUE: typeof KEYS_ELSEWHERE = [{ keys: ["Del"], says: queued.takeThisOut }];

export const KEYS_IN_GALLERY: typeof KEYS_ELSEWHERE = [
  { keys: ["←", "→", "↑", "↓"], says: keeping.does.move },
  { keys: ["F"], says: keeping.favour },
  { keys: ["Del"], says: keeping.remove },
];

function promptField(): HTMLElement | null {
  return document.querySelector<HTMLElement>("textarea[name=prompt]");
}

function favourShown(app: App): void {
  const { shown, isPassing, gallery } = app.store.getState();
  const id = shown && idOf(shown.recipe);
  const entry = gallery.entries.find((kept) => kept.id === id);
  if (entry !== undefined) void app.gallery.favour(entry.id, !entry.isFavourite);
  else if (isPassing) app.settle();
}
