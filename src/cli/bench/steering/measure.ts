// Two ways to price a step. Whole runs, alternating, are what a user waits for, and need a GPU.
// On a software adapter a run takes a minute, so every distinct dispatch is timed alone instead,
// also alternating, and counts as often as it occurs.
import { measure, median, type Budget, type Clock, type Contender } from "../measure";
import { invariant } from "../../../common/errors";
import type { Plan } from "../../../engine/plan";
import { runPlan, submitDispatches } from "../../../engine/run";
import { STEP_RATES, type DistinctDispatch } from "./dispatches";
import { steeringFields, WAYS, type Way } from "./network";
import type { Measured, TimedDispatch } from "./report";

type Plans = Readonly<Record<Way, Plan>>;

/** Milliseconds of a step. */
export async function measureRuns(plans: Plans, budget: Budget): Promise<Readonly<Record<Way, Measured>>> {
  const contenders = WAYS.map((way) =>
    steered(plans[way], way, async (plan, times) => {
      for (let run = 0; run < times; run++) {
        plan.dirty |= STEP_RATES;
        await runPlan(plan);
      }
    }),
  );
  const [none = [], nasa = [], nag = [], vsf = []] = await measureWarm(plans, contenders, budget);
  const measured = (rounds: readonly number[]): Measured => ({ ms: median(rounds), rounds });
  return { none: measured(none), nasa: measured(nasa), nag: measured(nag), vsf: measured(vsf) };
}

export async function measureAlone(
  plans: Plans,
  distinct: readonly DistinctDispatch[],
  budget: Budget,
  clock?: Clock,
): Promise<readonly TimedDispatch[]> {
  const contenders = distinct.map(({ way, index, kernel }) => {
    const dispatch = plans[way].dispatches[index];
    invariant(dispatch?.label === kernel.name, "plan and schedule agree");
    return steered(plans[way], way, async (plan, times) => {
      submitDispatches(
        plan,
        Array.from({ length: times }, () => dispatch),
      );
    });
  });
  const rounds = await measureWarm(plans, contenders, budget, clock);
  return distinct.map((dispatch, index) => ({ ...dispatch, rounds: rounds[index] ?? [] }));
}

/** Submits what `run` submits, with the steering input set for this way. */
function steered(plan: Plan, way: Way, run: (plan: Plan, times: number) => Promise<void>): Contender {
  const fields = steeringFields(way);
  return {
    run: (times) => {
      plan.write("steering", fields);
      return run(plan, times);
    },
  };
}

async function measureWarm(plans: Plans, contenders: readonly Contender[], budget: Budget, clock?: Clock) {
  const { queue } = plans.none.device.gpu;
  for (const contender of contenders) await contender.run(1);
  await queue.onSubmittedWorkDone();
  return measure(queue, contenders, budget, clock);
}
