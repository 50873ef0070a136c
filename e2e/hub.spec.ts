// What only a browser can show of a hub: that a page of another origin may read its answers, and that the browser itself takes the access
// token away where the hub redirects to another server.
import { expect, test } from "@playwright/test";
import { startFakeHub, type FakeHub } from "../src/hub/testing/fake-hub";

const WEIGHTS = Uint8Array.from({ length: 5000 }, (_, i) => i % 256);
let hub: FakeHub;
/** Any third origin, for the page. */
let elsewhere: FakeHub;

test.beforeAll(async () => {
  const files = { "config.json": '{"a":1}', "model.safetensors": WEIGHTS };
  hub = await startFakeHub({ repositories: { "own/gated": { files, gated: "auto" } }, token: "hf_t", pageSize: 1 });
  elsewhere = await startFakeHub({ repositories: {} });
});
test.afterAll(() => Promise.all([hub.close(), elsewhere.close()]));

interface Read {
  readonly status: number;
  readonly reason: string | null;
  readonly link: string | null;
  readonly range: string | null;
  readonly bytes: readonly number[];
}

const read = (url: string, headers: Readonly<Record<string, string>>): Promise<Read> =>
  fetch(url, { headers }).then(async (response) => ({
    status: response.status,
    reason: response.headers.get("x-error-code"),
    link: response.headers.get("link"),
    range: response.headers.get("content-range"),
    bytes: [...new Uint8Array(await response.arrayBuffer())],
  }));

test("a page of another origin reads listings, refusals and ranges, and the token stays at the hub", async ({ page }) => {
  await page.goto(elsewhere.base);
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Read> =>
    page.evaluate(`(${read.toString()})(${JSON.stringify(`${hub.base}${path}`)}, ${JSON.stringify(headers)})`);
  const token = { Authorization: "Bearer hf_t" };
  const commit = hub.commit("own/gated");
  expect(await ask(`/api/models/own/gated/tree/${commit}?recursive=true`, token)).toMatchObject({
    status: 200,
    link: expect.stringContaining("cursor=1"),
  });
  expect(await ask(`/own/gated/resolve/${commit}/model.safetensors`)).toMatchObject({ status: 401, reason: "GatedRepo" });
  const range = await ask(`/own/gated/resolve/${commit}/model.safetensors`, { ...token, Range: "bytes=1000-1003" });
  expect(range).toMatchObject({ status: 206, range: "bytes 1000-1003/5000", bytes: [...WEIGHTS.subarray(1000, 1004)] });
  expect(await ask(`/own/gated/resolve/${commit}/config.json`, token)).toMatchObject({
    status: 200,
    bytes: [...new TextEncoder().encode('{"a":1}')],
  });
  const sent = hub.requests.map(({ kind, authorization }) => [kind, authorization !== undefined]);
  expect(sent).toContainEqual(["resolve", true]);
  expect(sent.filter(([kind]) => kind === "file")).toEqual([["file", false]]);
});
