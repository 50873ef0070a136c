// Which of a model's networks compute in float32, on our own engine: a network's plans are compiled for one format, its weights serve both.
import { WIDE_NETWORKS, type WideNetwork } from "../../common/wide-network";
import type { NumberFormat } from "../../engine/tensor";
import type { Widening } from "../float16-guard";
import type { Network } from "./network";

export class WgslWidening implements Widening {
  readonly choices: readonly WideNetwork[];
  readonly #networks: Readonly<Record<WideNetwork, readonly Network[]>>;
  readonly #onChange: (inFloat32: readonly WideNetwork[]) => void;
  #inFloat32: readonly WideNetwork[] = [];

  /**
   * @param formats what each computes in when nothing is chosen
   * @param inFloat32 what is chosen from the beginning
   * @param onChange hears what is chosen after that, once the networks do
   */
  constructor(
    networks: Readonly<Record<WideNetwork, readonly Network[]>>,
    formats: Readonly<Record<WideNetwork, NumberFormat>>,
    inFloat32: readonly WideNetwork[],
    onChange: (inFloat32: readonly WideNetwork[]) => void,
  ) {
    this.choices = WIDE_NETWORKS.filter((network) => formats[network] === "f16");
    this.#networks = networks;
    this.#onChange = onChange;
    this.#use(inFloat32);
  }

  get inFloat32(): readonly WideNetwork[] {
    return this.#inFloat32;
  }

  choose(inFloat32: readonly WideNetwork[]): void {
    this.#use(inFloat32);
    this.#onChange(this.#inFloat32);
  }

  #use(inFloat32: readonly WideNetwork[]): void {
    this.#inFloat32 = this.choices.filter((network) => inFloat32.includes(network));
    for (const choice of this.choices) {
      for (const network of this.#networks[choice]) network.useFormat(this.#inFloat32.includes(choice) ? "f32" : "f16");
    }
  }
}
