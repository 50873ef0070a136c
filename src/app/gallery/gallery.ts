// What a visitor does with kept pictures: keeps, likes, removes and brings back, sets the room they may take, takes them all along and
// brings them in again. Every tab of the page has the same gallery. A picture that cannot be kept is said to be so, and stays until the
// page is closed.
import type { Recipe } from "../../common/recipe";
import { decodePng } from "../../image/png";
import type { AppStore } from "../state";
import { whatGoes } from "./budget";
import { canvasThumbnail, keptPicture, type Drawn, type MakeThumbnail } from "./encoding";
import { isSameRecipe } from "../comparison";
import { idOf, newestFirst, reconciled, type GalleryEntry, type KeptPicture, type KeptStart } from "./entry";
import { indexedShelf, memoryShelf, type Change, type Contents, type Shelf } from "./shelf";
import type { Coming, GalleryState, KeepingProblem } from "./state";

/** How tabs tell each other that something has changed. */
export interface OtherTabs {
  tell(): void;
  onTold(listen: () => void): void;
}

export interface Keeping {
  readonly shelf: Shelf;
  readonly makeThumbnail: MakeThumbnail;
  readonly tabs: OtherTabs;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export interface Gallery {
  /** Reads what is kept, and follows what other tabs change. It never rejects. */
  begin(): Promise<void>;
  has(recipe: Recipe): boolean;
  /** @param insteadOf a picture whose place it takes, unless somebody likes that one */
  keep(drawn: Drawn, insteadOf?: Recipe): Promise<void>;
  /** The picture of a recipe, if it is kept and whole. */
  pictureOf(recipe: Recipe): Promise<Drawn | undefined>;
  /** The PNG of a recipe, if it is kept. */
  fileOf(recipe: Recipe): Promise<Blob | undefined>;
  favour(id: string, isFavourite: boolean): Promise<void>;
  remove(id: string): Promise<void>;
  /** Brings back what was removed last. */
  restore(): Promise<void>;
  /** Lets the gallery take so many bytes. Where pictures would have to go for it, somebody has to agree first. */
  allow(budget: number, isAgreed?: boolean): Promise<void>;
  /** Adds pictures from files; those that are there already stay as they are. @returns how many are new */
  add(pictures: readonly KeptPicture[]): Promise<number>;
  openGallery(): void;
  closeGallery(): void;
  /** Leaves the room as it is, where a smaller one would take pictures away. */
  keepBudget(): void;
}

/** @param startOf what a recipe is drawn over, to be kept with its picture; undefined where there is none, or it is not here */
export function createGallery(
  store: AppStore,
  { shelf, makeThumbnail, tabs, clock }: Keeping,
  startOf: (recipe: Recipe) => Promise<KeptStart | undefined> = async () => undefined,
): Gallery {
  /** What could not be written, with its files. */
  const unkept = new Map<string, KeptPicture>();
  let lastRemoved: KeptPicture | undefined;
  /** The date of the newest picture that was to be kept, in milliseconds. */
  let newest = 0;

  const set = (change: Partial<GalleryState>): void => store.setState(({ gallery }) => ({ gallery: { ...gallery, ...change } }));
  const entryOf = (id: string): GalleryEntry | undefined => store.getState().gallery.entries.find((entry) => entry.id === id);
  /** Or one that does not say which version of the model drew it, where the other does. */
  const entryFor = (recipe: Recipe): GalleryEntry | undefined =>
    entryOf(idOf(recipe)) ??
    store
      .getState()
      .gallery.entries.find(({ recipe: kept }) => kept.seed === recipe.seed && kept.prompt === recipe.prompt && isSameRecipe(kept, recipe));

  function show({ entries, starts, budget }: Contents): void {
    const all = [...entries.filter(({ id }) => !unkept.has(id)), ...[...unkept.values()].map(({ entry }) => entry)].toSorted(newestFirst);
    set({ entries: reconciled(store.getState().gallery.entries, all), starts, budget, unkept: new Set(unkept.keys()) });
  }

  /** @returns whether it was made */
  async function change(decide: (contents: Contents) => Change): Promise<boolean> {
    try {
      show(await shelf.change(decide));
      set({ problem: undefined });
      tabs.tell();
      return true;
    } catch (thrown) {
      set({ problem: problemOf(thrown) });
      return false;
    }
  }

  /** Writes pictures, and with them what could not be written before. */
  async function write(pictures: readonly KeptPicture[], alsoRemove: readonly string[] = []): Promise<void> {
    const waiting = [...unkept.values()];
    const fresh = new Set(pictures.map(({ entry }) => entry.id));
    const all = [...waiting.filter(({ entry }) => !fresh.has(entry.id)), ...pictures];
    for (const picture of all) unkept.delete(picture.entry.id);
    const isWritten = await change((contents) => {
      const put = all.map((picture) => likedAsBefore(picture, contents));
      const ids = new Set(put.map(({ entry }) => entry.id));
      const remove = alsoRemove.filter((id) => !ids.has(id) && contents.entries.some((entry) => entry.id === id && !entry.isFavourite));
      const entries = [...contents.entries.filter(({ id }) => !ids.has(id) && !remove.includes(id)), ...put.map(({ entry }) => entry)];
      const starts = new Map([...contents.starts, ...put.flatMap(({ start }) => (start ? [[start.name, start.file.size] as const] : []))]);
      return { put, remove: [...remove, ...whatGoes(entries, contents.budget, { starts, stay: ids }).map(({ id }) => id)] };
    });
    if (isWritten) return;
    for (const picture of all) unkept.set(picture.entry.id, picture);
    show(keptContents());
  }

  function keptContents(): Contents {
    const { entries, starts, budget, unkept: before } = store.getState().gallery;
    return { entries: entries.filter(({ id }) => !before.has(id)), starts, budget };
  }

  async function fileOf(id: string): Promise<Blob | undefined> {
    return unkept.get(id)?.file ?? (await shelf.file(id).catch(() => undefined));
  }

  async function keptStartOf({ id, recipe }: GalleryEntry): Promise<KeptStart | undefined> {
    const waiting = unkept.get(id);
    const name = recipe.start?.picture;
    if (waiting !== undefined || name === undefined) return waiting?.start;
    const file = await copyOf(await shelf.start(name).catch(() => undefined));
    return file && { name, file };
  }

  return {
    openGallery: () => set({ isOpen: true }),
    closeGallery: () => set({ isOpen: false, askedBudget: undefined }),
    keepBudget: () => set({ askedBudget: undefined }),

    async begin() {
      tabs.onTold(() => void shelf.read().then(show, () => undefined));
      try {
        show(await shelf.read());
      } catch (thrown) {
        set({ problem: problemOf(thrown) });
      }
    },

    has: (recipe) => entryFor(recipe) !== undefined,

    async keep(drawn, insteadOf) {
      // A clock may be set back or stand still, and the newest picture is the newest all the same, also while others are on their way.
      newest = Math.max(clock(), newest + 1, (store.getState().gallery.entries[0]?.date ?? 0) + 1);
      const date = newest;
      const start = startOf(drawn.recipe).catch(() => undefined);
      const replaced = insteadOf && idOf(insteadOf);
      const coming: Coming = { ...drawn, insteadOf: replaced };
      set({ coming: [coming, ...store.getState().gallery.coming] });
      const picture = await keptPicture(drawn, { date, isFavourite: false }, makeThumbnail).catch(() => undefined);
      // A browser that cannot write a PNG says so where somebody asks for the file.
      if (picture !== undefined) await write([{ ...picture, start: await start }], replaced === undefined ? [] : [replaced]);
      set({ coming: store.getState().gallery.coming.filter((one) => one !== coming) });
    },

    async pictureOf(recipe) {
      const kept = entryFor(recipe)?.recipe ?? recipe;
      const file = await fileOf(idOf(kept));
      if (file === undefined) return undefined;
      try {
        return { recipe: kept, picture: await decodePng(new Uint8Array(await file.arrayBuffer())) };
      } catch {
        // It has rotted, and is drawn again.
        return undefined;
      }
    },

    fileOf: (recipe) => fileOf(idOf(recipe)),

    async favour(id, isFavourite) {
      const waiting = unkept.get(id);
      if (waiting !== undefined) return write([{ ...waiting, entry: { ...waiting.entry, isFavourite } }]);
      await change(({ entries }) => ({ update: entries.filter((entry) => entry.id === id).map((entry) => ({ ...entry, isFavourite })) }));
    },

    async remove(id) {
      const entry = entryOf(id);
      const file = await fileOf(id);
      const bytes = await copyOf(file);
      lastRemoved = entry && bytes && { entry, file: bytes, start: await keptStartOf(entry) };
      const wasWaiting = unkept.delete(id);
      const isRemoved = (await change(() => ({ remove: [id] }))) || wasWaiting;
      if (wasWaiting) show(keptContents());
      if (isRemoved) set({ removed: lastRemoved?.entry });
      // There is room now for what could not be kept.
      if (isRemoved && unkept.size > 0) await write([]);
    },

    async restore() {
      const back = lastRemoved;
      lastRemoved = undefined;
      set({ removed: undefined });
      if (back !== undefined) await write([back]);
    },

    async allow(budget, isAgreed = false) {
      const { entries, starts } = keptContents();
      const goes = whatGoes(entries, budget, { starts }).length;
      if (goes > 0 && !isAgreed) return set({ askedBudget: { budget, goes } });
      set({ askedBudget: undefined });
      await change((contents) => ({ budget, remove: whatGoes(contents.entries, budget, contents).map(({ id }) => id) }));
    },

    async add(pictures) {
      const known = new Set(store.getState().gallery.entries.map(({ id }) => id));
      const fresh = pictures.filter(({ entry }) => !known.has(entry.id));
      if (fresh.length > 0) await write(fresh);
      return fresh.length;
    },
  };
}

/** A copy in memory: a file that is removed from the shelf may not be readable afterwards. */
async function copyOf(file: Blob | undefined): Promise<Blob | undefined> {
  const bytes = await file?.arrayBuffer().catch(() => undefined);
  return bytes && new Blob([bytes], { type: "image/png" });
}

/** A picture that is drawn again is liked as it was. */
function likedAsBefore(picture: KeptPicture, { entries }: Contents): KeptPicture {
  const isLiked = entries.some(({ id, isFavourite }) => id === picture.entry.id && isFavourite);
  return isLiked ? { ...picture, entry: { ...picture.entry, isFavourite: true } } : picture;
}

function problemOf(thrown: unknown): KeepingProblem {
  return thrown instanceof DOMException && thrown.name === "QuotaExceededError" ? "full" : "denied";
}

/** The gallery of this browser. */
export function browserKeeping(): Keeping {
  return { shelf: indexedShelf("onestroke-gallery"), makeThumbnail: canvasThumbnail, tabs: channelOfTabs(), clock: () => Date.now() };
}

/** A gallery that lasts as long as the app. */
export function keepingInMemory(): Keeping {
  const tabs = { tell: () => undefined, onTold: () => undefined };
  return { shelf: memoryShelf(), makeThumbnail: async () => new Blob(["a small copy"]), tabs, clock: () => Date.now() };
}

function channelOfTabs(): OtherTabs {
  // Without it a tab sees what others have changed when it is loaded again.
  if (!("BroadcastChannel" in globalThis)) return { tell: () => undefined, onTold: () => undefined };
  const channel = new BroadcastChannel("onestroke-gallery");
  return { tell: () => channel.postMessage("changed"), onTold: (listen) => channel.addEventListener("message", listen) };
}
