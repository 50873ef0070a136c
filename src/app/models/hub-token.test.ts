// An access token is forgotten with the page, unless its owner says otherwise; and it is for one hub.
import { expect, test } from "vitest";
import { hubAccess, type Tokens } from "./hub-token";

const HUB = "https://hub.test/path";

function visits() {
  const map = new Map<string, string>();
  const tokens: Tokens = {
    get: async (hub) => map.get(hub),
    set: async (hub, token) => void map.set(hub, token),
    delete: async (hub) => void map.delete(hub),
  };
  const visit = (hub = HUB, denied?: Tokens) => {
    const used: (string | undefined)[] = [];
    return { used, access: hubAccess({ hub, useToken: (token) => used.push(token) }, denied ?? tokens) };
  };
  return { map, visit };
}

test("what is typed is used at once, and forgotten with the page", async () => {
  const { map, visit } = visits();
  const { used, access } = visit();
  expect(await access.use("secret")).toBe(false);
  expect(used).toEqual(["secret"]);
  expect(map.size).toBe(0);
  const next = visit();
  expect(await next.access.restore()).toBe(false);
  expect(next.used).toEqual([]);
});

test("kept on request, it is used in the next visit, at the same hub alone, until it is taken back", async () => {
  const { map, visit } = visits();
  const { access } = visit();
  await access.use("secret");
  expect(await access.keep(true)).toBe(true);
  const [next, other] = [visit(), visit("https://other.test")];
  expect([await next.access.restore(), next.used]).toEqual([true, ["secret"]]);
  expect(next.access.isThere()).toBe(true);
  expect([await other.access.restore(), other.used]).toEqual([false, []]);
  expect(await next.access.use("newer")).toBe(true);
  expect([...map.values()]).toEqual(["newer"]);
  expect(await next.access.keep(false)).toBe(false);
  expect(map.size).toBe(0);
  expect(next.used, "this visit goes on with it").toEqual(["secret", "newer"]);
  await next.access.keep(true);
  await next.access.use("");
  expect(map.size, "none is kept").toBe(0);
  expect(next.access.isThere()).toBe(false);
});

test("a browser that keeps nothing says so, and the token holds for the visit", async () => {
  const fails = () => Promise.reject(new DOMException("denied", "SecurityError"));
  const { used, access } = visits().visit(HUB, { get: fails, set: fails, delete: fails });
  expect(await access.restore()).toBe(false);
  await access.use("secret");
  expect(await access.keep(true)).toBe(false);
  expect(used).toEqual(["secret"]);
});

test("what is no hub's address does not end the page", async () => {
  const { access } = visits().visit("hub.test");
  expect(await access.restore()).toBe(false);
  expect(await access.use("secret")).toBe(false);
});
