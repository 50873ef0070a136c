// Carries out the memory plan of a picture: before a network runs, those that give way to it leave the GPU. What left is brought back
// by the next request for a plan of it (network.ts).
import type { NetworkName } from "../../common/model-facts";
import { givesWay } from "../memory-plan";
import type { Network } from "./network";
import { planPicture, USUAL_MEMORY_BYTES, type PicturePlan, type PlannedFormats, type PictureShape, type PlannedNetworks } from "./needs";

/** Who runs on the GPU: the autoencoder is its decoder and its encoder. */
export type Runners = Readonly<Partial<Record<NetworkName, readonly Runner[]>>>;

type Runner = Pick<Network, "evict" | "dropPlans" | "useArena">;

export class MemoryTurns {
  readonly #networks: PlannedNetworks;
  readonly #formats: PlannedFormats;
  readonly #runners: Runners;
  readonly #budgetBytes: number;
  /** What shapes before this one may have left on the GPU, in bytes. */
  readonly #left = new Map<string, number>();
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

  /** What may be taken besides all that is planned. Where networks take turns, nothing. */
  get roomBytes(): number {
    return this.#plan.turns.length > 0 ? 0 : Math.max(0, this.#budgetBytes - this.#plan.stayingBytes - this.#leftBytes);
  }

  /** Plans for pictures of another shape from now on. What shapes before it left stays only where it fits beside all that is planned. */
  planFor({ width, height, textTokens = this.#shape.textTokens }: Readonly<PictureShape>): void {
    const shape = { width, height, textTokens };
    if (keyOf(shape) === keyOf(this.#shape)) return;
    const before = this.#plan;
    this.#left.set(keyOf(this.#shape), before.shapeBytes);
    this.#left.delete(keyOf(shape));
    this.#shape = shape;
    this.#plan = planPicture(this.#networks, shape, this.#formats, this.#budgetBytes);
    const { turns, stayingBytes, encoderStays } = this.#plan;
    if (before.encoderStays && !encoderStays) for (const network of this.#allOf(["autoencoder"])) network.evict();
    if (turns.length === 0 && stayingBytes + this.#leftBytes <= this.#budgetBytes) return;
    this.#left.clear();
    for (const network of this.#allOf(["denoiser", "autoencoder"])) network.dropPlans();
  }

  makeRoomFor(running: NetworkName): void {
    const names = ["text_encoder", "text_encoder_2", "denoiser", "autoencoder"] as const;
    for (const network of this.#allOf(names.filter((name) => givesWay(this.#plan, running, name)))) network.evict();
    this.#useArenas();
  }

  get #leftBytes(): number {
    return [...this.#left.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  #useArenas(): void {
    for (const network of this.#allOf(["autoencoder"])) network.useArena(this.#plan.decoderArenaBytes);
  }

  #allOf(names: readonly NetworkName[]): readonly Runner[] {
    return names.flatMap((name) => this.#runners[name] ?? []);
  }
}

function keyOf({ width, height, textTokens }: PictureShape): string {
  return `${width}x${height}/${textTokens}`;
}
