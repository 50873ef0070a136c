// What comes to the page from outside while it is open: links, files that are dropped on it, and what an installed page is started with, which
// the system hands to the window that is there already (`launch_handler` in shell/manifest.ts). Nothing that is typed gets lost by a start.
import { textOfShare } from "../common/shared-text";
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

type Receiver = Pick<App, "store" | "edit" | "draw" | "remark" | "openLink" | "openPng">;

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
  addEventListener("hashchange", () => void app.openLink(location.hash.slice(1)));

  addEventListener("dragover", (event) => {
    if (pngOf(event.dataTransfer) !== undefined) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    const file = pngOf(event.dataTransfer)?.getAsFile();
    if (!file) return;
    event.preventDefault();
    void app.openPng(file);
  });
}

async function openFile(app: Receiver, handle: { getFile(): Promise<File> }): Promise<void> {
  const file = await handle.getFile().catch(() => undefined);
  if (file === undefined) app.remark(strings.noRecipe);
  else await app.openPng(file);
}

/** A plain start brings the window to the front and changes nothing in it. */
async function follow(app: Receiver, address: URL): Promise<void> {
  const text = textOfShare(address);
  if (text === undefined) {
    if (address.hash !== "") await app.openLink(address.hash.slice(1));
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

/** Of what is dragged, the one thing that the page takes: while it is held over the page only its type is known. */
function pngOf(dragged: DataTransfer | null): DataTransferItem | undefined {
  return [...(dragged?.items ?? [])].find(({ kind, type }) => kind === "file" && type === "image/png");
}
