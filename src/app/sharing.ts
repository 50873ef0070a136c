// Takes the shown picture out of the page: as a file, into the clipboard, or to whatever the system shares with. "Without the prompt" holds
// for all of it but the link, which is the recipe itself.
import { encodePng } from "../image/png";
import { fileName, namelessFile } from "./file-name";
import { pngOf, type Drawn } from "./gallery/encoding";
import type { Gallery } from "./gallery/gallery";
import { saveFile } from "./save";
import type { AppStore } from "./state";
import { keeping } from "./strings-keeping";

export type PictureFormat = "png" | "webp";

export interface Sharing {
  /** @param picture the shown one, if none is named */
  save(format: PictureFormat, picture?: Drawn): Promise<void>;
  copyPicture(): Promise<void>;
  copyLink(): Promise<void>;
  /** Opens the system's share sheet. */
  share(): Promise<void>;
}

/** What this browser can do with a picture. Over plain http it gives the page no clipboard. */
export function sharingAbilities(): { readonly canCopyLink: boolean; readonly canCopyPicture: boolean; readonly canShare: boolean } {
  const hasClipboard = "clipboard" in navigator;
  return {
    canCopyLink: hasClipboard,
    canCopyPicture: hasClipboard && "ClipboardItem" in globalThis && "write" in navigator.clipboard,
    canShare: "canShare" in navigator && navigator.canShare({ files: [new File([], "picture.png", { type: "image/png" })] }),
  };
}

/** As lossless as WebP in a browser gets without taking more room than PNG. */
const WEBP_QUALITY = 0.92;

export function createSharing(store: AppStore, gallery: Pick<Gallery, "fileOf">, remark: (text: string | undefined) => void): Sharing {
  const say = (status: string): void => store.setState({ status, done: status });

  async function fileOf(drawn: Drawn, format: PictureFormat): Promise<File> {
    const { withoutPrompt } = store.getState().preferences;
    const name = withoutPrompt ? namelessFile(drawn.recipe, format) : fileName(drawn.recipe, format);
    if (format === "webp") return new File([await webpOf(drawn)], name, { type: "image/webp" });
    const bytes = withoutPrompt
      ? new Blob([await encodePng(drawn.picture)])
      : ((await gallery.fileOf(drawn.recipe)) ?? (await pngOf(drawn)));
    return new File([bytes], name, { type: "image/png" });
  }

  /** Does one thing, and says what came of it. @param failed says why it did not work */
  async function attempt(act: () => Promise<string | undefined>, failed: (reason: string) => string): Promise<void> {
    remark(undefined);
    try {
      const done = await act();
      if (done !== undefined) say(done);
    } catch (thrown) {
      // Somebody closed the share sheet.
      if (thrown instanceof DOMException && thrown.name === "AbortError") return;
      remark(failed(String(thrown)));
    }
  }

  const shown = (): Drawn | undefined => store.getState().shown;

  return {
    async save(format, picture = shown()) {
      if (picture === undefined) return;
      await attempt(async () => {
        const file = await fileOf(picture, format);
        saveFile(file, file.name);
        return keeping.saved;
      }, keeping.notSaved);
    },

    async copyPicture() {
      const picture = shown();
      if (picture === undefined) return;
      await attempt(async () => {
        // Some browsers want to be asked in the moment of the click, and take a promise of the bytes.
        await navigator.clipboard.write([new ClipboardItem({ "image/png": fileOf(picture, "png") })]);
        return keeping.pictureCopied;
      }, keeping.pictureNotCopied);
    },

    async copyLink() {
      await attempt(
        async () => {
          await navigator.clipboard.writeText(location.href);
          return keeping.linkCopied;
        },
        () => keeping.linkNotCopied,
      );
    },

    async share() {
      const picture = shown();
      if (picture === undefined) return;
      await attempt(async () => {
        const { withoutPrompt } = store.getState().preferences;
        const files = [await fileOf(picture, "png")];
        await navigator.share(withoutPrompt ? { files } : { files, text: picture.recipe.prompt });
        return undefined;
      }, keeping.notShared);
    },
  };
}

async function webpOf({ picture: { width, height, data } }: Drawn): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/webp", WEBP_QUALITY));
  if (blob?.type !== "image/webp") throw new Error(keeping.noWebp);
  return blob;
}
