// How long a cancelled picture is waited for: as long as the pipeline takes to let go of it, and a moment more.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { OnestrokeError } from "../common/errors";
import type { FromWorker } from "../protocol/messages";
import type { Recipe } from "../common/recipe";
import type { Backend, LoadedModel } from "./backend";
import { Session } from "./session";
import { GRADIENT_INFO, gradientBackend } from "./testing/gradient-backend";

const MODEL = { id: "gradient", root: "https://page.example/models/gradient/" };
const RECIPE: Recipe = {
  model: "gradient",
  prompt: "a hill",
  negative: "",
  steering: { method: "none" },
  steps: 1,
  seed: "7",
  width: 32,
  height: 16,
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A session that draws with `generate` for as long as that takes. */
function sessionOf(generate: LoadedModel["generate"]) {
  const posted: FromWorker[] = [];
  const backend: Backend = { ...gradientBackend(), load: async () => ({ info: GRADIENT_INFO, generate, dispose: () => undefined }) };
  const session = new Session(
    async () => backend,
    (message) => posted.push(message),
  );
  return { session, answers: () => posted.filter((message) => message.type === "failed" || message.type === "drawn") };
}

test.each<[string, LoadedModel["generate"], number]>([
  [
    "one that lets go at once is answered within 100 ms",
    (_, { signal }) =>
      new Promise((__, reject) => signal?.addEventListener("abort", () => reject(new OnestrokeError("cancelled", "let go")))),
    1,
  ],
  ["control: one that does not is waited for, so that no two pictures share the device", () => new Promise(() => undefined), 0],
])("a cancelled picture: %s", async (_, generate, count) => {
  const { session, answers } = sessionOf(generate);
  session.receive({ type: "generate", id: 1, model: MODEL, recipe: RECIPE });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(answers()).toEqual([]);
  session.receive({ type: "cancel", id: 1 });
  await vi.advanceTimersByTimeAsync(100);
  expect(answers().map((answer) => answer.type === "failed" && answer.error.code)).toEqual(Array(count).fill("cancelled"));
});
