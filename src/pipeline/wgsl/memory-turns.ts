// Carries out the memory plan of a picture: before a network runs, those that give way to it leave the GPU. What left is brought back
// by the next request for a plan of it (network.ts). It also says how many pictures there is room for at once.
import type { WideNetwork } from "../../common/wide-network";
import { MOST_TOGETHER } from "../../common/limits";
import type { NetworkName } from "../../common/model-facts";
import type { SteeringMethod } from "../../common/steering";
import { givesWay } from "../memory-plan";
import type { Network } from "./network";
import {
  batchBytes,
  planPicture,
  USUAL_MEMORY_BYTES,
  type PicturePlan,
  type PlannedFormats,
  type PictureShape,
  type PlannedNetworks,
} from "./needs";

/** Who runs on the GPU: the autoencoder is its decoder, or both where it has two, and the reader its encoder. */
export type Runners = Readonly<Partial<Record<NetworkName | "reader", Runner>>>;

type Runner = Pick<Network, "evict" | "dropPlans" | "useArena">;

/** Networks that come and go as one. */
export function together(networks: readonly Runner[]): Runner {
  return {
    evict: () => networks.forEach((network) => network.evict()),
    dropPlans: () => networks.forEach((network) => network.dropPlans()),
    useArena: (bytes) => networks.forEach((network) => network.useArena(bytes)),
  };
}

const NAMES = ["text_encoder", "text_encoder_2", "denoiser", "autoencoder"] as const satisfies readonly NetworkName[];

/** What pictures of a shape may have on the GPU, in bytes. */
interface Held {
  readonly shapeBytes: number;
  /** Of those that are denoised together, by their number and the way of steering. */
  readonly batches: Map<string, number>;
}

export class MemoryTurns {
  readonly #networks: PlannedNetworks;
  #formats: PlannedFormats;
  readonly #runners: Runners;
  readonly #budgetBytes: number;
  /** By shape: that of the plan, and those before it. */
  readonly #held = new Map<string, Held>();
  /** What `batchBytes` said, by shape and batch. */
  readonly #counted = new Map<string, number | undefined>();
  #shape: PictureShape;
  #plan: PicturePlan;

  /** @param shape of the pictures that are planned for until `planFor` says otherwise */
  constructor(networks: PlannedNetworks, runners: Runners, formats: PlannedFormats, shape: PictureShape, budgetBytes = USUAL_MEMORY_BYTES) {
    this.#networks = networks;
    this.#runners = runners;
    this.#formats = formats;
    this.#budgetBytes = budgetBytes;
    this.#shape = shape;
    this.#plan = planPicture(networks, shape, formats, budgetBytes);
    this.#useArenas();
  }

  get plan(): PicturePlan {
    return this.#plan;
  }

  /** What may be taken besides all that is planned, and is there. Where networks take turns, nothing. */
  get roomBytes(): number {
    return this.#plan.parts || this.#plan.turns.length > 0 ? 0 : Math.max(0, this.#plan.roomBytes - this.#besideBytes());
  }

  /** Plans for pictures of another shape from now on. What shapes before it left stays only where it fits beside all that is planned. */
  planFor({ width, height, textTokens = this.#shape.textTokens }: Readonly<PictureShape>): void {
    const shape = { width, height, textTokens };
    if (keyOf(shape) === keyOf(this.#shape)) return;
    // What it has is noted before another shape takes its place.
    this.#heldNow();
    this.#shape = shape;
    this.#replan();
    const { turns, parts, stayingBytes } = this.#plan;
    if (!parts && turns.length === 0 && stayingBytes + this.#besideBytes() <= this.#budgetBytes) return;
    this.#dropPlans();
  }

  /** Plans for these networks in float32 from now on, which take more then. Plans of the formats before are dropped. */
  useFloat32(inFloat32: readonly WideNetwork[]): void {
    this.#formats = { ...this.#formats, inFloat32 };
    this.#counted.clear();
    this.#dropPlans();
    this.#replan();
  }

  /**
   * How many of `wanted` pictures of the planned shape are denoised together: the most whose tensors fit beside those of one picture, whose
   * plan stays; 1 where no two do. What shapes and batches before it left may have to go for them.
   */
  together(wanted: number, method: SteeringMethod): number {
    for (let batch = Math.min(wanted, MOST_TOGETHER); batch > 1; batch--) {
      const key = `${batch}/${method}`;
      if (this.#heldNow().batches.has(key)) return batch;
      const bytes = this.#countedBytes(batch, method);
      if (bytes > this.#plan.roomBytes) continue;
      if (bytes + this.#besideBytes() > this.#plan.roomBytes) this.#dropPlans();
      this.#heldNow().batches.set(key, bytes);
      return batch;
    }
    return 1;
  }

  /** Before a picture is read, where what reads it does not stay: that comes in place of what the plan says, and of what other shapes left. */
  makeRoomToRead(): void {
    if (this.#besideBytes() > 0) this.#dropPlans();
    for (const name of NAMES) {
      const leaving = this.#plan.reading.leaving[name];
      if (leaving === "all") this.#runners[name]?.evict();
      else if (leaving === "tensors") this.#runners[name]?.dropPlans();
    }
  }

  makeRoomFor(running: NetworkName): void {
    for (const name of NAMES) if (givesWay(this.#plan, running, name)) this.#runners[name]?.evict();
    if (this.#plan.parts && running === "denoiser") this.#runners.autoencoder?.dropPlans();
    if (this.#plan.parts && running === "autoencoder") this.#runners.denoiser?.dropPlans();
    this.#useArenas();
  }

  #heldNow(): Held {
    const key = keyOf(this.#shape);
    const held = this.#held.get(key) ?? { shapeBytes: this.#plan.shapeBytes, batches: new Map<string, number>() };
    this.#held.set(key, held);
    return held;
  }

  /** What may be there besides what is planned: other shapes' plans, and batches of every shape. */
  #besideBytes(): number {
    const planned = this.#heldNow();
    const besides = [...this.#held.values()].flatMap((held) => [...(held === planned ? [] : [held.shapeBytes]), ...held.batches.values()]);
    return besides.reduce((sum, bytes) => sum + bytes, 0);
  }

  #countedBytes(batch: number, method: SteeringMethod): number {
    const key = `${keyOf(this.#shape)}/${batch}/${method}`;
    if (!this.#counted.has(key)) this.#counted.set(key, batchBytes(this.#networks, this.#shape, { batch, method }, this.#formats));
    return this.#counted.get(key) ?? Infinity;
  }

  #replan(): void {
    const before = this.#plan;
    this.#plan = planPicture(this.#networks, this.#shape, this.#formats, this.#budgetBytes);
    if (before.encoderStays && !this.#plan.encoderStays) this.#runners.reader?.evict();
  }

  #dropPlans(): void {
    this.#held.clear();
    const { denoiser, autoencoder, reader } = this.#runners;
    for (const network of [denoiser, autoencoder, reader]) network?.dropPlans();
  }

  #useArenas(): void {
    this.#runners.autoencoder?.useArena(this.#plan.decoderArenaBytes);
    this.#runners.reader?.useArena(this.#plan.reading.arenaBytes);
  }
}

function keyOf({ width, height, textTokens }: PictureShape): string {
  return `${width}x${height}/${textTokens}`;
}
