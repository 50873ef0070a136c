// Carries out the memory plan of a picture: before a network runs, those that give way to it leave the GPU. What left is brought back
// by the next request for a plan of it (network.ts).
import type { NetworkName } from "../../common/model-facts";
import { givesWay } from "../memory-plan";
import type { Network } from "./network";
import { planPicture, type PicturePlan, type PlannedFormats, type PictureShape, type PlannedNetworks } from "./needs";

/** Who runs on the GPU: the autoencoder is its decoder and its encoder. */
export type Runners = Readonly<Partial<Record<NetworkName, readonly Runner[]>>>;

type Runner = Pick<Network, "evict" | "dropPlans" | "useArena">;

export class MemoryTurns {
  readonly #networks: PlannedNetworks;
  readonly #formats: PlannedFormats;
  readonly #runners: Runners;
  readonly #budgetBytes: number | undefined;
  #shape: PictureShape;
  #plan: PicturePlan;

  /** @param shape of the pictures that are planned for until `planFor` says otherwise */
  constructor(networks: PlannedNetworks, runners: Runners, formats: PlannedFormats, shape: PictureShape, budgetBytes: number | undefined) {
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

  /** Plans for pictures of another shape from now on. Where memory is short, nothing stays of the shape before. */
  planFor({ width, height, textTokens = this.#shape.textTokens }: Readonly<PictureShape>): void {
    const shape = { width, height, textTokens };
    const fields = ["width", "height", "textTokens"] as const;
    if (fields.every((field) => shape[field] === this.#shape[field])) return;
    this.#shape = shape;
    this.#plan = planPicture(this.#networks, shape, this.#formats, this.#budgetBytes);
    if (this.#plan.turns.length === 0) return;
    for (const network of this.#allOf(["denoiser", "autoencoder"])) network.dropPlans();
  }

  makeRoomFor(running: NetworkName): void {
    const names = ["text_encoder", "text_encoder_2", "denoiser", "autoencoder"] as const;
    for (const network of this.#allOf(names.filter((name) => givesWay(this.#plan, running, name)))) network.evict();
    this.#useArenas();
  }

  #useArenas(): void {
    for (const network of this.#allOf(["autoencoder"])) network.useArena(this.#plan.decoderArenaBytes);
  }

  #allOf(names: readonly NetworkName[]): readonly Runner[] {
    return names.flatMap((name) => this.#runners[name] ?? []);
  }
}
