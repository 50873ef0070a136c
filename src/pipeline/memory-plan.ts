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
}

/**
 * The plan that brings back least, of those within the budget. The denoiser, which is the largest, leaves for a new text only where
 * nothing else helps. Where no plan is within the budget: the one that comes nearest.
 */
export function planMemory(needs: readonly NetworkNeed[], budgetBytes: number): MemoryPlan {
  const plans = turnsOf(needs).map((turns) => ({ turns, peakBytes: peakBytes(needs, turns) }));
  const [nearest] = plans.toSorted((left, right) => left.peakBytes - right.peakBytes);
  return plans.find((plan) => plan.peakBytes <= budgetBytes) ?? nearest ?? { turns: [], peakBytes: 0 };
}

/** Whether `other` has to be gone while `running` runs. A latent goes from the denoiser to the autoencoder, so these two never part. */
export function givesWay({ turns }: Pick<MemoryPlan, "turns">, running: NetworkName, other: NetworkName): boolean {
  const arePartners = [running, other].every((name) => name === "denoiser" || name === "autoencoder");
  return other !== running && !arePartners && turns.includes(other);
}

/**
 * How much more the denoiser's intermediate tensors may take within the budget while the same networks take turns. Below 0 where nothing
 * fits.
 */
export function denoiserRoom(needs: readonly NetworkNeed[], { turns }: Pick<MemoryPlan, "turns">, budgetBytes: number): number {
  const besideIt = needs.filter(({ name }) => !givesWay({ turns }, name, "denoiser"));
  return budgetBytes - Math.max(0, ...besideIt.map((running) => bytesWhile(running, needs, turns)));
}

function peakBytes(needs: readonly NetworkNeed[], turns: readonly NetworkName[]): number {
  return Math.max(0, ...needs.map((running) => bytesWhile(running, needs, turns)));
}

/** What is on the GPU while one of the networks runs. */
function bytesWhile(running: NetworkNeed, needs: readonly NetworkNeed[], turns: readonly NetworkName[]): number {
  return needs
    .filter(({ name }) => name !== running.name && !givesWay({ turns }, running.name, name))
    .reduce((sum, { weightBytes, arenaBytes }) => sum + weightBytes + arenaBytes, ownBytes(running));
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
