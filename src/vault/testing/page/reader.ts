// A worker that reads a kept model, as the image worker does.
import type { RepositoryAt } from "../../../catalogue/entry";
import { OnestrokeError } from "../../../common/errors";
import { createBrowserVault } from "../../browser-vault";
import { StreamingHash } from "../../digest";
import type { OpenModel } from "../../vault";

export interface ReaderCall {
  readonly model: string;
  readonly at: RepositoryAt;
  readonly path: string;
}

export interface ReaderAnswer {
  /** `read`, `nothing` where the model is not complete, `released`, or an error's code. */
  readonly code: string;
  readonly sha256?: string;
  /** Of the reading alone. */
  readonly bytesPerSecond?: number;
}

declare const self: {
  postMessage(message: ReaderAnswer): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ReaderCall | "release">) => void): void;
};

const PIECE_BYTES = 8 * 2 ** 20;
const vault = createBrowserVault();
let opened: OpenModel | undefined;

self.addEventListener("message", (event) => {
  void answer(event.data)
    .catch((thrown: unknown): ReaderAnswer => ({ code: OnestrokeError.from(thrown, "worker-died").code }))
    .then((answered) => self.postMessage(answered));
});

async function answer(call: ReaderCall | "release"): Promise<ReaderAnswer> {
  if (call === "release") {
    await opened?.release();
    opened = undefined;
    return { code: "released" };
  }
  opened ??= await (await vault).open(call.model);
  if (opened === undefined) return { code: "nothing" };
  const source = await opened.open(call.at).open(call.path);
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, source.size));
  const read = async (onPiece: (piece: Uint8Array) => void): Promise<void> => {
    for (let begin = 0; begin < source.size; begin += buffer.byteLength) {
      const piece = buffer.subarray(0, Math.min(buffer.byteLength, source.size - begin));
      await source.read(begin, piece);
      onPiece(piece);
    }
  };
  const hash = await StreamingHash.begin();
  await read((piece) => hash.update(piece));
  const started = performance.now();
  await read(() => undefined);
  const readMs = performance.now() - started;
  return { code: "read", sha256: hash.end(), bytesPerSecond: (source.size / readMs) * 1_000 };
}
