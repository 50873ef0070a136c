// Measures how a plan's heaviest products are best computed on this adapter. For each shape, the way that is taken now and a few others
// are timed, two at a time, on the plan's own weights and on memory of their own. What is timed is what a choice changes: all
// dispatches that a product and its neighbours have with one choice and not with the other, so that a fusion which it undoes counts
// against it.
import { OnestrokeError } from "../common/errors";
import { arenaBytes, type ArenaLayout } from "./arena";
import { isFaster } from "./faster";
import { gpuTimer, type GpuTimer } from "./gpu-time";
import type { KernelTarget } from "./kernel";
import { choiceOf, otherChoices, planGemm, resultRowsOf } from "./kernels/gemm/plan";
import { neighbourhood } from "./neighbourhood";
import type { Node } from "./ops";
import type { Plan } from "./plan";
import { fittingLayout } from "./plan-memory";
import { bindDispatches, compilePrograms, type PreparedDispatch } from "./prepared";
import { stageGraph, stagesOf, type PlannedProduct, type StagedDispatch, type Stages } from "./stages";
import type { ProductChoice, Tuning } from "./tuning";
import type { Weights } from "./weights";

export interface TuneOptions {
  /** What is known already, and not measured again. */
  readonly known: Tuning;
  /** GPU memory that measuring may take besides the plan's. */
  readonly roomBytes: number;
  /** Milliseconds. */
  readonly now: () => number;
  /** By `now`: nothing is begun after it. */
  readonly until: number;
  readonly signal?: AbortSignal | undefined;
  /** Default: the GPU's clock, or `now`. */
  readonly timer?: Pick<GpuTimer, "time"> | undefined;
}

/** Shapes of a plan that are measured. */
const MOST_SHAPES = 16;

/** What one time is taken of: long beside the clocks of browsers (0.1 ms), short for a picture that is asked for meanwhile. */
const PASS_MS = 8;
const MOST_REPEATS = 500;
/** To find out how many repeats that are, passes become so many times as long. */
const LONGER = 4;

/**
 * What is known now: all of `known`, and what was found out. Ends where time is over or `signal` says so, with what is known by then.
 * @throws OnestrokeError `gpu-lost`
 */
export async function tunePlan(plan: Plan, weights: Weights, options: TuneOptions): Promise<Tuning> {
  const { device, format } = plan;
  const { known, signal, now, until, roomBytes } = options;
  const target = device.target(format);
  if (!target.traits.tunesProducts) return known;
  const isOver = (): boolean => signal?.aborted === true || now() >= until;
  const own = gpuTimer(device, now);
  const race: Race = { plan, weights, target, timer: options.timer ?? own, isOver, roomBytes, signal };
  let found = known;
  try {
    for (const shape of heaviest(plan.products)) {
      if (isOver()) break;
      const choice = await bestChoice(shape, found, race);
      if (choice !== undefined) found = new Map(found).set(shape.product.name, choice);
    }
    return found;
  } finally {
    own.destroy();
  }
}

interface Race {
  readonly plan: Plan;
  readonly weights: Weights;
  readonly target: KernelTarget;
  readonly timer: Pick<GpuTimer, "time">;
  readonly roomBytes: number;
  readonly isOver: () => boolean;
  readonly signal: AbortSignal | undefined;
}

/** Each challenger meets the choice that has won so far. Undefined where there is nothing to find out, or no time for it. */
async function bestChoice({ product, nodes }: HeavyShape, known: Tuning, race: Race): Promise<ProductChoice | undefined> {
  const { plan, target, isOver, signal } = race;
  const current = planGemm(product.shape, { ...target, tuning: known });
  let held = choiceOf(current);
  // A kept choice that cannot be taken is none.
  if (isSame(known.get(product.name), held)) return undefined;
  const around = neighbourhood(plan.graph, spread(nodes));
  const staged = (choice: ProductChoice): Stages => stageGraph(around, { ...target, tuning: new Map(known).set(product.name, choice) });
  const others = otherChoices(current, target);
  let met = 0;
  for (const other of others) {
    if (isOver()) break;
    const isWon = await isBetter([staged(held), staged(other)], race);
    if (isWon === true) held = other;
    if (isWon !== undefined) met++;
  }
  // Out of time, some have to do. Without any, as where all of it went by in compiling, or where there is no room, there is another time.
  return signal?.aborted !== true && (met > 0 || others.length === 0) ? held : undefined;
}

/** Whether the second is faster in what it has and the first has not. Undefined where that was not found out. */
async function isBetter([before, after]: readonly [Stages, Stages], race: Race): Promise<boolean | undefined> {
  const { plan, target, timer, roomBytes, isOver } = race;
  const { device } = plan;
  const made: Made[] = [];
  try {
    const sides = [missingFrom(after, before), missingFrom(before, after)].map((dispatches) => {
      const stages = stagesOf({ inputs: new Map(), outputs: new Map() }, dispatches, target);
      return { stages, layout: fittingLayout(device, stages, target) };
    });
    if (sides.reduce((sum, { layout }) => sum + arenaBytes(layout), 0) > roomBytes) return undefined;
    for (const side of sides) made.push(await make(side, race));
    const [held, other] = made.map(({ dispatches }) => dispatches);
    if (held === undefined || other === undefined) return undefined;
    // The first run of each finds its memory and its pipelines.
    for (const first of [other, held]) {
      if (isOver()) return undefined;
      await timer.time(first, 1);
    }
    const repeats = await repeatsOf(held, race);
    const timeOf = (dispatches: readonly PreparedDispatch[]) => () => timer.time(dispatches, repeats);
    const isWon = await isFaster(timeOf(held), timeOf(other), isOver);
    return isWon || !isOver() ? isWon : undefined;
  } catch (error) {
    const code = error instanceof OnestrokeError ? error.code : undefined;
    if (race.signal?.aborted || code === "gpu-out-of-memory") return undefined;
    // What this adapter does not compile is no way to compute here.
    if (code === "gpu-unsupported") return false;
    throw error;
  } finally {
    for (const each of made) each.destroy();
  }
}

/** How often dispatches are repeated to take `PASS_MS`: by what more of them take more, because a single time may be of waiting alone. */
async function repeatsOf(dispatches: readonly PreparedDispatch[], { timer, isOver }: Race): Promise<number> {
  const once = await timer.time(dispatches, 1);
  let [repeats, moreMs] = [1, 0];
  do {
    repeats = Math.min(MOST_REPEATS, repeats === 1 ? 2 : LONGER * repeats);
    moreMs = (await timer.time(dispatches, repeats)) - once;
  } while (moreMs < PASS_MS / 2 && repeats < MOST_REPEATS && !isOver());
  return moreMs > 0 ? Math.min(MOST_REPEATS, Math.ceil((PASS_MS * (repeats - 1)) / moreMs)) : MOST_REPEATS;
}

interface Made {
  readonly dispatches: readonly PreparedDispatch[];
  destroy(): void;
}

async function make({ stages, layout }: { readonly stages: Stages; readonly layout: ArenaLayout }, race: Race): Promise<Made> {
  const { weights, target, signal } = race;
  const { device } = race.plan;
  // What the compiler has begun it ends, but a picture does not wait for that.
  const programs = await Promise.race([compilePrograms(device, stages.dispatches, target, { signal }), abortOf(signal)]);
  return device.checked("measuring", () => {
    const { dispatches, memory } = bindDispatches(device, { stages, layout, programs }, weights, target);
    return { dispatches, destroy: () => memory.destroy() };
  });
}

/** Rejects when the signal aborts. */
function abortOf(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Of the dispatches that `here` has and `there` has not, one of each kind, in their order. */
function missingFrom(there: Stages, here: Stages): readonly StagedDispatch[] {
  const known = new Set(there.dispatches.map(textOf));
  return here.dispatches.filter((dispatch) => {
    const text = textOf(dispatch);
    const isNew = !known.has(text);
    known.add(text);
    return isNew;
  });
}

function textOf({ kernel: { name, bindings, sizes, scalars, workgroups, code } }: StagedDispatch): string {
  return JSON.stringify([name, bindings, sizes, scalars, workgroups, code]);
}

interface HeavyShape extends Pick<PlannedProduct, "product"> {
  readonly nodes: readonly Node[];
}

/** Each shape once, by the multiply-adds of all its products, most first. */
function heaviest(products: readonly PlannedProduct[]): readonly HeavyShape[] {
  const shapes = new Map<string, HeavyShape>();
  for (const { product, node } of products) {
    const { nodes = [] } = shapes.get(product.name) ?? {};
    shapes.set(product.name, { product, nodes: [...nodes, node] });
  }
  const multiplyAdds = ({ product: { shape }, nodes }: HeavyShape) => nodes.length * resultRowsOf(shape) * shape.columns * shape.slices(1);
  return [...shapes.values()].toSorted((a, b) => multiplyAdds(b) - multiplyAdds(a)).slice(0, MOST_SHAPES);
}

/** The first, the middle one and the last: not all products of one shape have the same neighbours. */
function spread(nodes: readonly Node[]): readonly Node[] {
  const middle = nodes.length >> 1;
  return [...new Set([...nodes.slice(0, 1), ...nodes.slice(middle, middle + 1), ...nodes.slice(-1)])];
}

function isSame(one: ProductChoice | undefined, other: ProductChoice): boolean {
  return one?.tile === other.tile && one.splits === other.splits;
}
