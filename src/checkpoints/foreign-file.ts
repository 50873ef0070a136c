// What a file may be that is not the checkpoint file it should be: a pointer, a web page, a pickle. Its first bytes tell, because
// people bring such files under the right name, and "damaged, download it again" would send them round in a circle.
import { OnestrokeError, type ErrorCode } from "../common/errors";
import type { ByteSource } from "./byte-source";

export interface Foreign {
  /** A phrase that follows "is" or "holds". */
  readonly what: string;
  readonly remedy: string;
  /** `model-missing` where the file itself is in another place, `model-unsupported` where it is valid but cannot be read here. */
  readonly code: Extract<ErrorCode, "model-missing" | "model-unsupported">;
}

/** Enough bytes to tell them apart. */
const HEAD_BYTES = 512;

export const CONVERT =
  "Use the safetensors files of the model: many repositories have them beside the others or in another branch. Else load it with diffusers " +
  "and write it with save_pretrained(FOLDER, safe_serialization=True).";

const POINTER: Foreign = {
  what: "a Git LFS pointer, a few lines that stand for the file, and not the file itself",
  remedy: "Run `git lfs pull` in the folder the model was cloned to, or download the file itself.",
  code: "model-missing",
};
const PAGE: Foreign = {
  what: "a web page and not the file itself",
  remedy: "Download the file itself: what was saved is the page about it, or a page that asks you to log in.",
  code: "model-missing",
};
const OLD_PICKLE: Foreign = {
  what: "a pickle, as torch.save wrote it before PyTorch 1.6, and that form is not read",
  remedy:
    "Use the safetensors file of the model. Else, if you trust where it comes from, write it anew with a current PyTorch: " +
    "torch.save(torch.load(FILE, weights_only=True), NEW_FILE).",
  code: "model-unsupported",
};
const other = (what: string): Foreign => ({ what, remedy: CONVERT, code: "model-unsupported" });

/** Kinds of file by their beginning, with a character for each byte. */
const BINARY: readonly (readonly [begins: readonly string[], Foreign])[] = [
  [["\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"], OLD_PICKLE],
  [["PK\x03\x04", "GGUF"], other("a file of weights, and not what is looked for here")],
  [["\x89HDF"], other("an HDF5 file as Keras writes it")],
  [
    ["\x1f\x8b", "7z\xbc\xaf", "Rar!", "BZh", "\xfd7zXZ"],
    { ...other("a packed archive"), remedy: "Unpack it, and open the folder that it contains." },
  ],
  [["\x89PNG", "\xff\xd8\xff", "RIFF"], { ...other("a picture"), remedy: "Choose the model's own file." }],
];

/** @returns what a text is that, by its beginning, cannot belong to a checkpoint */
export function foreignText(head: string): Foreign | undefined {
  if (/^\s*version https:\/\/[\w.-]+\/spec\//.test(head)) return POINTER;
  return /^\s*(?:<!doctype|<html|<head|<body|<\?xml|<!--)/i.test(head) ? PAGE : undefined;
}

/** @returns what a file is that, by its first bytes, can be neither weights nor a graph */
export function foreignBytes(bytes: Uint8Array): Foreign | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
  const known =
    foreignText(head.replace(/^\xef\xbb\xbf/, "")) ?? BINARY.find(([begins]) => begins.some((bytes) => head.startsWith(bytes)))?.[1];
  return known ?? (/^[\t\n\r -~]{8,}$/.test(head) ? answer(head) : undefined);
}

/** @returns what a text is that should be JSON and does not even begin like it */
export function foreignJson(text: string): Foreign | undefined {
  return /^\s*[^\s{[\ufeff][\t\n\r -~]{3,500}$/.test(text) ? answer(text) : undefined;
}

function answer(text: string): Foreign {
  return {
    what: `text, "${text.trim().slice(0, 60)}", and not the file itself`,
    remedy: "Download the file itself: what was saved is a server's answer.",
    code: "model-missing",
  };
}

/** The same for a file. */
export async function foreignFile(source: ByteSource, signal?: AbortSignal): Promise<Foreign | undefined> {
  const head = new Uint8Array(Math.min(source.size, HEAD_BYTES));
  await source.read(0, head, signal);
  return foreignBytes(head);
}

export function foreignError(file: string, { what, remedy, code }: Foreign, verb: "is" | "holds" = "is"): OnestrokeError {
  return new OnestrokeError(code, `${file} ${verb} ${what}`, { file, remedy });
}
