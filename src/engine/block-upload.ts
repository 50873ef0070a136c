// Quantised weights on their way to the GPU. Rows of their layout have outputs of all parts, so they are laid out here, once the last part of
// a weight has come. A part that the GPU makes blocks of itself (quantise-pass.ts) waits for that too, so that nothing is written over it.
import type { Blocks } from "../common/blocks";
import type { Device } from "./device";
import { type Weight, packBlocks, type RegionBytes } from "./weight-layout";

/** Where a region of a weight lies. */
export type PlaceOf = (weight: Weight, region: keyof RegionBytes) => GPUBufferBinding;

/** Has the GPU make a part's blocks, in their places. */
export type QuantisedLater = () => Promise<void>;

/** Uploads queued before the next ones wait for those before them: so the GPU has something to do while the next weights are laid out. */
const QUEUED_BYTES = 32 * 2 ** 20;

export class BlockUpload {
  readonly #device: Device;
  readonly #placeOf: PlaceOf;
  readonly #waiting = new Map<Weight, Map<string, Blocks | QuantisedLater>>();
  #queuedBytes = 0;
  #before: Promise<unknown> = Promise.resolve();

  constructor(device: Device, placeOf: PlaceOf) {
    this.#device = device;
    this.#placeOf = placeOf;
  }

  async take(weight: Weight, key: string, part: Blocks | QuantisedLater): Promise<void> {
    const arrived = (this.#waiting.get(weight) ?? new Map<string, Blocks | QuantisedLater>()).set(key, part);
    this.#waiting.set(weight, arrived);
    if (!weight.keys.every((each) => arrived.has(each))) return;
    this.#waiting.delete(weight);
    const parts = weight.keys.map((each) => arrived.get(each));
    const blocks = parts.map((each) => (typeof each === "function" ? undefined : each));
    if (blocks.some((each) => each !== undefined)) {
      const { values, scales } = packBlocks(weight, blocks);
      await this.#write(this.#placeOf(weight, "values"), values);
      await this.#write(this.#placeOf(weight, "scales"), scales);
    }
    for (const each of parts) if (typeof each === "function") await each();
  }

  async #write({ buffer, offset }: GPUBufferBinding, data: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>): Promise<void> {
    const { queue } = this.#device.gpu;
    queue.writeBuffer(buffer, offset ?? 0, data);
    this.#queuedBytes += data.byteLength;
    if (this.#queuedBytes < QUEUED_BYTES) return;
    await this.#before;
    this.#before = queue.onSubmittedWorkDone();
    // A GPU that is lost is noticed at the next weight.
    this.#before.catch(() => undefined);
    this.#queuedBytes = 0;
  }
}
