// Which of a model's networks stay on the GPU, and which take turns there, so that a picture needs no more memory than a budget. Pure
// arithmetic: what each network needs is counted on its graph (wgsl/needs.ts) or measured, before anything is loaded.
import type { NetworkName } from "../common/model-facts";

export interface NetworkNeed {
  readonly name: NetworkName;
  /** As its weights lie on the GPU. */
  readonly weightBytes: number;
  /** What they are loaded through, before there are intermediate tensors. */
  readonly loadingBytes: number;
  /** Its intermediate tensors, for one picture. */
  readonly arenaBytes: number;
}

export interface MemoryPlan {
  /** The most that is on the GPU at one time. */
  readonly peakBytes: number;
  /** Networks that leave when one of the others needs their place; empty where all stay. */
  readonly turns: readonly NetworkName[];
  /** Whether the intermediate tensors of denoiser and autoencoder take turns too, so that a latent waits elsewhere on its way between them. */
  readonly parts: boolean;
}

/**
 * The plan that brings back least, of those within the budget. The denoiser, which is the largest, leaves for a new text only where
 * nothing else helps. Where no plan is within the budget: the one that comes nearest.
 * @param parts as in the plan
 */
export function planMemory(needs: readonly NetworkNeed[], budgetBytes: number, parts = false): MemoryPlan {
  const plans = turnsOf(needs).map((turns) => ({ turns, parts, peakBytes: peakBytes(needs, { turns, parts }) }));
  const [nearest] = plans.toSorted((left, right) => left.peakBytes - right.peakBytes);
  return plans.find((plan) => plan.peakBytes <= budgetBytes) ?? nearest ?? { turns: [], parts, peakBytes: 0 };
}

/** Whether `other` has to be gone while `running` runs. A latent goes from the denoiser to the autoencoder, so the weights of both stay. */
export function givesWay({ turns }: Pick<MemoryPlan, "turns">, running: NetworkName, other: NetworkName): boolean {
  return other !== running && !arePartners(running, other) && turns.includes(other);
}

function arePartners(running: NetworkName, other: NetworkName): boolean {
  return running !== other && [running, other].every((name) => name === "denoiser" || name === "autoencoder");
}

/**
 * How much more the denoiser's intermediate tensors may take within the budget while the same networks take turns. Below 0 where nothing
 * fits.
 */
export function denoiserRoom(needs: readonly NetworkNeed[], plan: Turns, budgetBytes: number): number {
  const besideIt = needs.filter(({ name }) => !givesWay(plan, name, "denoiser"));
  return budgetBytes - Math.max(0, ...besideIt.map((running) => bytesWhile(running, needs, plan)));
}

type Turns = Pick<MemoryPlan, "turns" | "parts">;

function peakBytes(needs: readonly NetworkNeed[], plan: Turns): number {
  return Math.max(0, ...needs.map((running) => bytesWhile(running, needs, plan)));
}

/** What is on the GPU while one of the networks runs. */
function bytesWhile(running: NetworkNeed, needs: readonly NetworkNeed[], plan: Turns): number {
  return needs
    .filter(({ name }) => name !== running.name && !givesWay(plan, running.name, name))
    .reduce((sum, { name, weightBytes, arenaBytes }) => {
      const hasTensors = !(plan.parts && arePartners(running.name, name));
      return sum + weightBytes + (hasTensors ? arenaBytes : 0);
    }, ownBytes(running));
}

/** Of a network that runs, and comes before that. */
export function ownBytes({ weightBytes, loadingBytes, arenaBytes }: NetworkNeed): number {
  return weightBytes + Math.max(loadingBytes, arenaBytes);
}

/** Every choice of networks that take turns; first those without the denoiser, and of them first what costs least to bring back. */
function turnsOf(needs: readonly NetworkNeed[]): readonly (readonly NetworkName[])[] {
  const choices = needs.reduce<readonly (readonly NetworkNeed[])[]>((sets, need) => [...sets, ...sets.map((set) => [...set, need])], [[]]);
  const cost = (set: readonly NetworkNeed[]): number =>
    set.reduce((sum, { name, weightBytes }) => sum + (name === "denoiser" ? Number.MAX_SAFE_INTEGER / 2 : weightBytes), 0);
  return choices.toSorted((left, right) => cost(left) - cost(right)).map((set) => set.map(({ name }) => name));
}
