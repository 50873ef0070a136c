// When the page may be taken away for a newer version: never while it has something to do.
import { expect, test } from "vitest";
import type { Activity } from "./models/state";
import { createAppStore, isAtRest } from "./state";

const DOWNLOADING: Activity = { kind: "downloading", offer: undefined, progress: undefined, bytesPerSecond: undefined };

test("U2 a model that is downloaded or checked keeps the page from changing, and one that was looked at does not", () => {
  const store = createAppStore("");
  const restsWith = (activity: Activity | undefined): boolean => {
    const activities = new Map(activity === undefined ? [] : [["owner/name", activity] as const]);
    store.setState((state) => ({ models: { ...state.models, activities } }));
    return isAtRest(store.getState());
  };
  store.setState({ model: { kind: "missing" } });
  expect(
    [undefined, DOWNLOADING, { kind: "verifying", progress: undefined } as const, { kind: "asking to remove" } as const].map(restsWith),
  ).toEqual([true, false, false, true]);
  store.setState({ model: { kind: "loading", progress: undefined, share: 0 } });
  expect(restsWith(undefined)).toBe(false);
});
