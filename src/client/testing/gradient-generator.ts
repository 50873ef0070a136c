// A generator over real sessions whose pipeline draws a gradient, and whose workers fail as a test says.
import { expect } from "vitest";
import type { ErrorCode } from "../../common/errors";
import type { Recipe } from "../../common/recipe";
import { RECIPE as ONE_STEP } from "../../common/testing/fakes";
import { gradientBackend, type Fault } from "../../worker/testing/gradient-backend";
import { superviseGenerator, type Generator } from "../generator";
import { SUPERVISION, type Supervision } from "../supervision";
import { sameThreadWorkers } from "./same-thread";

export const RECIPE: Recipe = { ...ONE_STEP, steps: 2 };

export const QUICK: Supervision = { ...SUPERVISION, tickMs: 4, backoffMs: [0, 1] };

/** @param faults a list for each worker that is spawned */
export function setUp(
  faults: readonly (readonly (Fault | undefined)[])[] = [],
  deafAfter: readonly (number | undefined)[] = [],
  whenBusy: "wait" | "replace" = "wait",
) {
  const workers = sameThreadWorkers(async (number) => gradientBackend(faults[number] ?? []), deafAfter);
  const generator = superviseGenerator(workers.spawn, { modelsRoot: "https://page.example/models/" }, whenBusy, QUICK);
  return { generator, spawned: workers.spawned };
}

export async function pixels(generator: Generator, recipe: Partial<Recipe> = {}): Promise<string> {
  const { picture } = await generator.generate({ ...RECIPE, ...recipe });
  return Buffer.from(picture.data).toString("base64");
}

export const code = (expected: ErrorCode) => expect.objectContaining({ code: expected });
