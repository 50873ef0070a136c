// Tabs that share a GPU: who is asked, who gives, and how long the one that asks waits.
import { afterEach, expect, test, vi } from "vitest";
import { neighboursOf, type Neighbours } from "./neighbours";

const opened: Neighbours[] = [];
let channels = 0;

afterEach(() => {
  for (const each of opened.splice(0)) each.close();
  vi.unstubAllGlobals();
});

/** Tabs on a channel of their own, each with what it gives. */
function tabs(...gives: readonly (() => Promise<void> | undefined)[]): readonly Neighbours[] {
  const name = `neighbours of test ${channels++}`;
  const made = gives.map((give) => neighboursOf(give, name));
  opened.push(...made);
  return made;
}

const nothing = (): undefined => undefined;

test("an idle tab gives back what it has, and is waited for", async () => {
  let isGiven = false;
  const [asking] = tabs(nothing, async () => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    isGiven = true;
  });
  expect(await asking?.ask()).toBe(true);
  expect(isGiven).toBe(true);
});

test("who asks is not asked, and who has nothing is not waited for", async () => {
  const own = vi.fn(nothing);
  const other = vi.fn(nothing);
  const [asking] = tabs(own, other);
  expect(await asking?.ask()).toBe(false);
  expect(own).not.toHaveBeenCalled();
  expect(other).toHaveBeenCalledTimes(1);
});

test("a tab alone is answered by nobody", async () => {
  const [asking] = tabs(nothing);
  expect(await asking?.ask()).toBe(false);
});

test("where a browser denies the channel, as in other pages' frames, a tab is alone", async () => {
  vi.stubGlobal(
    "BroadcastChannel",
    class {
      constructor() {
        throw new DOMException("denied", "SecurityError");
      }
    },
  );
  const give = vi.fn(nothing);
  const [asking] = tabs(give);
  expect(await asking?.ask()).toBe(false);
  expect(give).not.toHaveBeenCalled();
});

test("of several that give, the slowest is waited for; one that fails in it has given too", async () => {
  const given: string[] = [];
  const [asking] = tabs(
    nothing,
    async () => void given.push("quick"),
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      given.push("slow");
    },
    () => Promise.reject(new Error("its device was lost")),
  );
  expect(await asking?.ask()).toBe(true);
  expect(given.toSorted()).toEqual(["quick", "slow"]);
});

test("what strangers say on the channel is passed over", async () => {
  const give = vi.fn(nothing);
  const name = `neighbours of test ${channels++}`;
  const tab = neighboursOf(give, name);
  opened.push(tab);
  const stranger = new BroadcastChannel(name);
  for (const data of [undefined, "wanted", { says: "wanted" }, { says: "given", from: 1 }, { says: "more", from: "a" }])
    stranger.postMessage(data);
  stranger.postMessage({ says: "wanted", from: "a stranger" });
  await vi.waitFor(() => expect(give).toHaveBeenCalledTimes(1));
  stranger.close();
});
