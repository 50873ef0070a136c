// What comes to the page from outside while it is open: links, files that are dropped or pasted on it, and what an installed page is started with, which
// the system hands to the window that is there already (`launch_handler` in shell/manifest.ts). Nothing that is typed gets lost by a start.
import { textOfShare } from "../common/shared-text";
import { DOCTOR } from "./doctor/doctor-control";
import { isLoraFile } from "./loras/is-lora";
import { isArchive } from "./gallery/taking-along";
import { filesOfEntry, isDirectory, isWeightFile, openedFile, openedFolder } from "./models/opened-files";
import { recipeOfPng } from "./png-recipe";
import type { App } from "./store";
import { strings } from "./strings";

/** One start of the installed page. WICG, Web App Launch Handler API. */
interface Launch {
  readonly targetURL: string | undefined;
  readonly files: readonly { getFile(): Promise<File> }[];
}

declare global {
  interface Window {
    readonly launchQueue?: { setConsumer(consumer: (launch: Launch) => void): void };
  }
}

type Receiver = Pick<
  App,
  | "store"
  | "gallery"
  | "edit"
  | "draw"
  | "remark"
  | "openLink"
  | "openPng"
  | "openDoctor"
  | "closeDoctor"
  | "importFiles"
  | "useOwn"
  | "addLora"
  | "startFromFile"
>;

export function receiveLaunches(app: Receiver): void {
  /** The page itself was loaded from this address, and has read it. */
  let read: string | undefined = addressOfPage();
  window.launchQueue?.setConsumer(({ files, targetURL }) => {
    const isRead = targetURL === read;
    read = undefined;
    const [file] = files;
    if (file !== undefined) void openFile(app, file);
    else if (targetURL !== undefined && !isRead) void follow(app, new URL(targetURL));
  });

  // A link that is pasted over the page's own address. What the page writes there itself is not told.
  addEventListener("hashchange", () => void go(app, location.hash.slice(1)));

  // A copied file. Where there is text too, as from a document, somebody means the text.
  addEventListener("paste", ({ clipboardData }) => {
    const pasted = [...(clipboardData?.files ?? [])].find(isPicture);
    if (pasted !== undefined && clipboardData?.types.includes("text/plain") !== true) void openPasted(app, pasted);
  });

  // What is in a drag is told only when it is dropped. A file that the page does not take must not take the page's place.
  addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files") === true) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    const dropped = [...(event.dataTransfer?.items ?? [])].find(({ kind }) => kind === "file");
    if (dropped === undefined) return;
    event.preventDefault();
    void openDropped(app, dropped.webkitGetAsEntry(), dropped.getAsFile());
  });
}

/** A folder or a file of weights is a model, or a LoRA for the one that draws; a picture brings its recipe back or is drawn over, and an archive of pictures goes into the gallery. */
async function openDropped(app: Receiver, entry: FileSystemEntry | null, file: File | null): Promise<void> {
  if (isDirectory(entry)) await app.useOwn(openedFolder(entry.name, await filesOfEntry(entry)));
  else if (file !== null && isWeightFile(file) && (await isLoraFile(file))) await app.addLora(file);
  else if (file !== null && isWeightFile(file)) await app.useOwn(openedFile(file));
  else if (file !== null && isPicture(file)) await openPicture(app, file);
  else if (file !== null && isArchive(file)) {
    // What comes of it is said there.
    app.gallery.openGallery();
    await app.importFiles([file]);
  } else app.remark(strings.notTaken);
}

function isPicture({ type }: File): boolean {
  return type.startsWith("image/");
}

/** A PNG brings its recipe back. Other pictures hold none, and are drawn over. */
async function openPicture(app: Receiver, file: File): Promise<void> {
  if (file.type === "image/png") await app.openPng(file);
  else await app.startFromFile(file);
}

/** What is copied from another page or from the screen is a PNG, whatever it was before: one without a recipe is drawn over. */
async function openPasted(app: Receiver, file: File): Promise<void> {
  if (file.type === "image/png" && (await recipeOfPng(file)) !== undefined) await app.openPng(file);
  else await app.startFromFile(file);
}

async function openFile(app: Receiver, handle: { getFile(): Promise<File> }): Promise<void> {
  const file = await handle.getFile().catch(() => undefined);
  if (file === undefined) app.remark(strings.noRecipe);
  else await app.openPng(file);
}

/** @param named what stands behind the `#` of an address */
async function go(app: Receiver, named: string): Promise<void> {
  if (named === DOCTOR) return app.openDoctor();
  app.closeDoctor();
  await app.openLink(named);
}

/** A plain start brings the window to the front and changes nothing in it. */
async function follow(app: Receiver, address: URL): Promise<void> {
  const text = textOfShare(address);
  if (text === undefined) {
    if (address.hash !== "") await go(app, address.hash.slice(1));
    return;
  }
  const { draft, shown } = app.store.getState();
  // The window that a share has opened hears of it once more.
  if (draft.prompt === text) return;
  app.edit({ prompt: text });
  if (draft.prompt !== "" && draft.prompt !== shown?.recipe.prompt) app.remark(strings.sharedOver(draft.prompt));
  await app.draw();
}

function addressOfPage(): string | undefined {
  return performance.getEntriesByType("navigation")[0]?.name;
}
