// Reference tensors for tests, and how results are compared with them.
// `test/fixtures` is part of the repository; the larger set beside it may be absent.
import { existsSync, readFileSync } from "node:fs";
import type { TestContext } from "vitest";
import { nodeStore } from "../node-file";
import { parseJsonObject, type JsonObject } from "../../common/json";
import { openTensors, type TensorReader } from "../tensor-reader";

export const FIXTURES = "test/fixtures";

/** Whole vocabularies and repositories: tests compare with them where a checkout has them. */
export const SHARED_FIXTURES = "../shared/fixtures";

/** Skips a test of the shared fixtures where they are absent, and states the reason. */
export function needsSharedFixtures({ skip }: TestContext): void {
  skip(!existsSync(SHARED_FIXTURES), `${SHARED_FIXTURES} is absent: published vocabularies are not ours to commit`);
}

export function golden(folder: string): Promise<TensorReader> {
  return openTensors(nodeStore(`${FIXTURES}/${folder}`), ["golden.safetensors"]);
}

export function goldenJson(path: string): JsonObject {
  return parseJsonObject(readFileSync(path, "utf8"), path);
}

/** RMS(actual - expected) / RMS(expected); infinite when the lengths differ. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let magnitude = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += ((actual[i] ?? NaN) - (expected[i] ?? NaN)) ** 2;
    magnitude += (expected[i] ?? NaN) ** 2;
  }
  return Math.sqrt(difference / magnitude);
}
