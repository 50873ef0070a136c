// One CLIP text encoder with its tokenizer: it turns a row of token ids into the states that the denoiser reads.
import { component, type Manifest } from "../../checkpoints/manifest";
import type { Device } from "../../engine/device";
import type { Plan } from "../../engine/plan";
import { runPlan } from "../../engine/run";
import { openTextEncoder } from "../../networks";
import type { TextEncoder as TextEncoderRole } from "../../networks/roles";
import { openClipTokenizer, type ClipTokenizer } from "../../tokenizer/clip-tokenizer";
import { checkTokenizer } from "../check-parts";
import type { TextEncoder, TextRow } from "../engine";
import type { Work } from "../work";
import { textGraph, textState, type TextState } from "./graphs";
import { Network, type NetworkNumbers } from "./network";

export class WgslTextEncoder implements TextEncoder {
  readonly role: TextEncoderRole;
  readonly tokenizer: ClipTokenizer;
  readonly network: Network;
  readonly #state: TextState;

  private constructor(role: TextEncoderRole, tokenizer: ClipTokenizer, network: Network, state: TextState) {
    this.role = role;
    this.tokenizer = tokenizer;
    this.network = network;
    this.#state = state;
  }

  /** Every encoder of a model: one, SDXL's two, or none if it draws classes. @throws OnestrokeError `model-*`, `cancelled` */
  static openAll(manifest: Manifest, device: Device, numbers: NetworkNumbers, signal?: AbortSignal): Promise<readonly WgslTextEncoder[]> {
    const suffixes = { "stable-diffusion": [""], "stable-diffusion-xl": ["", "_2"], "class-to-image": [] } as const;
    const state = textState(manifest);
    const opened = suffixes[manifest.pipeline].map(async (suffix) => {
      const part = component(manifest, `text_encoder${suffix}`);
      const { store, folder } = component(manifest, `tokenizer${suffix}`);
      const role = openTextEncoder(part);
      const tokenizer = await openClipTokenizer(store, folder, signal);
      checkTokenizer(tokenizer, role);
      const network = new Network(device, { ...numbers, name: `text_encoder${suffix}`, component: part, unused: role.unused });
      return new WgslTextEncoder(role, tokenizer, network, state);
    });
    return Promise.all(opened);
  }

  /** Uploads the weights and compiles the plan. */
  plan(work: Work): Promise<Plan> {
    return this.network.plan("text", (g) => textGraph(g, this.role, this.#state), work);
  }

  /** @throws OnestrokeError as `Network.plan` and `runPlan` */
  async encode(ids: Int32Array, work: Work): Promise<TextRow> {
    const plan = await this.plan(work);
    for (const [name, values] of Object.entries(this.role.inputs(ids))) plan.write(name, values);
    await runPlan(plan, work.signal);
    const hidden = Float32Array.from(await plan.read("hidden"));
    const pooled = this.role.projection === undefined ? undefined : Float32Array.from(await plan.read("pooled"));
    return { hidden, channels: this.role.channels, pooled };
  }
}
