// Takes all kept pictures along in a file, and brings them in again. The code for archives is fetched when it is first needed.
import { OnestrokeError } from "../../common/errors";
import { saveFile } from "../save";
import type { AppStore } from "../state";
import { takenBy } from "./budget";
import type { ArchivedFile } from "./archive";
import type { KeptPicture, KeptStart } from "./entry";
import type { Gallery, Keeping } from "./gallery";
import type { Shelf } from "./shelf";
import type { GalleryWork } from "./state";

export interface TakingAlong {
  exportAll(): Promise<void>;
  /** Brings in PNGs that were saved here, and ZIPs of them. */
  importFiles(files: readonly File[]): Promise<void>;
}

export const isArchive = ({ name, type }: Pick<File, "name" | "type">): boolean =>
  type === "application/zip" || type === "application/x-zip-compressed" || /\.zip$/i.test(name);

type Tools = Pick<Keeping, "makeThumbnail" | "clock"> & { readonly shelf: Pick<Shelf, "start"> };

export function createTakingAlong(
  store: AppStore,
  gallery: Pick<Gallery, "add" | "fileOf">,
  { shelf, makeThumbnail, clock }: Tools,
): TakingAlong {
  const setWork = (work: GalleryWork | undefined): void => store.setState((state) => ({ gallery: { ...state.gallery, work } }));

  /** One at a time: a second click does nothing. */
  async function work(kind: "exporting" | "importing", total: number, act: (say: (done: number) => void) => Promise<void>): Promise<void> {
    const { work: current } = store.getState().gallery;
    if (current?.kind === "exporting" || current?.kind === "importing") return;
    const say = (done: number): void => setWork({ kind, done, total });
    say(0);
    try {
      await act(say);
    } catch (thrown) {
      const { message, remedy } = OnestrokeError.from(thrown, "invalid-input");
      setWork({ kind: "failed", reason: `${message}. ${remedy}` });
    }
  }

  return {
    async exportAll() {
      const { entries } = store.getState().gallery;
      await work("exporting", entries.length, async (say) => {
        const { archiveOf } = await import("./archive");
        const archive = await archiveOf(entries, ({ recipe }) => gallery.fileOf(recipe), say, shelf.start);
        saveFile(archive, `onestroke-${new Date(clock()).toISOString().slice(0, 10)}.zip`);
        setWork(undefined);
      });
    },

    async importFiles(files) {
      await work("importing", files.length, async (say) => {
        const pictures: KeptPicture[] = [];
        const refused: string[] = [];
        const known = new Map<string, KeptStart>();
        const { importedPicture } = await import("./importing");
        for await (const archived of archivedFiles(files, refused)) {
          const picture = await importedPicture(archived, makeThumbnail, clock(), known);
          if (picture?.start !== undefined) known.set(picture.start.name, picture.start);
          if (picture === undefined) refused.push(archived.name);
          else pictures.push(picture);
          say(pictures.length);
        }
        const { entries, starts, budget } = store.getState().gallery;
        const here = new Set(entries.map(({ id }) => id));
        const fresh = pictures.map(({ entry }) => entry).filter(({ id }) => !here.has(id));
        const needed =
          takenBy(entries, starts) +
          takenBy(fresh, new Map([...known].map(([name, { file }]) => [name, starts.has(name) ? 0 : file.size])));
        // Nothing that is kept already goes for what is brought in.
        if (needed > budget) throw tooMuch(needed);
        const count = await gallery.add(pictures);
        setWork({ kind: "imported", count, known: pictures.length - count, refused });
      });
    },
  };
}

async function* archivedFiles(files: readonly File[], refused: string[]): AsyncGenerator<ArchivedFile, void, undefined> {
  const [{ filesOfArchive }, { lonePicture }] = await Promise.all([import("./archive"), import("./importing")]);
  for (const file of files) {
    if (isArchive(file)) yield* filesOfArchive(file);
    else {
      const picture = await lonePicture(file);
      if (picture === undefined) refused.push(file.name);
      else yield picture;
    }
  }
}

function tooMuch(needed: number): OnestrokeError {
  return new OnestrokeError("storage-full", `all of it together takes ${Math.ceil(needed / 1e6)} MB`, {
    remedy: "Give the gallery more room, then import again.",
  });
}
