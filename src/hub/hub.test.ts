// The hub's API, against a server that answers as it does: what is read of a repository, what each refusal becomes, that nothing of a
// hostile answer is believed, and that a token reaches the hub and nobody else.
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { readJson } from "../checkpoints/read-file";
import { OnestrokeError } from "../common/errors";
import { modelHub, type HubOptions } from "./hub";
import { parseRepositoryName } from "./repository-name";
import { startFakeHub, type FakeHub, type FakeHubOptions, type Intercept } from "./testing/fake-hub";
import { SD_TURBO, weights } from "./testing/layouts";
import { HubToken } from "./token";

const TOKEN = "hf_aVerySecretToken";
let server: FakeHub | undefined;
afterEach(() => server?.close());

async function started(options: Partial<FakeHubOptions> = {}): Promise<FakeHub> {
  const files = { "a.json": '{"a":1}', "deep/er/w.safetensors": weights("w"), "empty.txt": "" };
  const gated = { files, gated: "auto", license: "other" } as const;
  server = await startFakeHub({
    repositories: {
      "own/model": { files, license: "cc-by-nc-4.0", revisions: { fp16: { "b.json": "{}" }, "refs/pr/1": { "c.json": "{}" } } },
      "own/gated": gated,
      "own/private": { files, isPrivate: true },
    },
    token: TOKEN,
    strangerToken: "hf_stranger",
    ...options,
  });
  return server;
}

const open = (hub: FakeHub, name: string, options: HubOptions = {}) =>
  modelHub({ base: hub.base, ...options }).open(parseRepositoryName(name));
const withToken = (hub: FakeHub, value = TOKEN): HubOptions => ({ token: new HubToken(value, hub.base) });

describe("a repository", () => {
  it("is what the hub lists at the commit of its branch", async () => {
    const hub = await started();
    const found = await open(hub, "own/model");
    const commit = hub.commit("own/model");
    expect(found).toMatchObject({ commit, isGated: false, license: { id: "cc-by-nc-4.0", commercial: false } });
    expect(found.addresses).toEqual([`${hub.base}/own/model/resolve/${commit}/`]);
    expect(await found.store.exists("a.json")).toBe(true);
    expect(await found.store.exists("deep")).toBe(false);
    expect(found.file("a.json", 7).hash).toEqual({ algorithm: "git-blob", hex: expect.stringMatching(/^[0-9a-f]{40}$/) });
    expect(found.file("deep/er/w.safetensors", 0)).toMatchObject({ byteLength: weights("w").byteLength, hash: { algorithm: "sha256" } });
  });

  it("knows sizes without a request, and reads small and large files through the hub's redirects", async () => {
    const hub = await started();
    const { store } = await open(hub, "own/model");
    const asked = hub.requests.length;
    const source = await store.open("deep/er/w.safetensors");
    expect([source.size, hub.requests.length]).toEqual([weights("w").byteLength, asked]);
    const bytes = new Uint8Array(source.size);
    await source.read(0, bytes);
    expect(bytes).toEqual(new Uint8Array(weights("w")));
    expect(await readJson(store, "a.json")).toEqual({ a: 1 });
    expect(hub.requests.slice(asked).map(({ kind }) => kind)).toEqual(["resolve", "file", "resolve", "small-file"]);
  });

  it.each(["fp16", "refs/pr/1"])("has other revisions: %s", async (revision) => {
    const hub = await started();
    const { commit, store } = await open(hub, `own/model@${revision}`);
    expect(commit).toBe(hub.commit("own/model", revision));
    expect(await store.exists("a.json")).toBe(false);
  });

  it("is listed page by page, and its commit may be named", async () => {
    const hub = await started({ pageSize: 2 });
    const { store } = await open(hub, `own/model@${hub.commit("own/model")}`);
    for (const path of ["a.json", "deep/er/w.safetensors", "empty.txt"]) expect(await store.exists(path)).toBe(true);
    expect(hub.requests.filter(({ kind }) => kind === "tree").length).toBe(3);
  });

  it("has its mirrors' addresses after the hub's own", async () => {
    const hub = await started();
    const { addresses, commit } = await open(hub, "own/model", { mirrors: ["https://mirror.test/hf/"] });
    expect(addresses[1]).toBe(`https://mirror.test/hf/own/model/resolve/${commit}/`);
  });
});

describe("a refusal", () => {
  it.each<[string, string, string, RegExp, (hub: FakeHub) => HubOptions]>([
    ["a name that does not exist", "own/modle", "model-missing", /private or misspelt/, () => ({})],
    ["the same for a known account", "own/modle", "model-missing", /private or misspelt/, withToken],
    ["a private repository", "own/private", "model-missing", /private or misspelt/, () => ({})],
    ["a private one of somebody else", "own/private", "model-missing", /private or misspelt/, (hub) => withToken(hub, "hf_stranger")],
    ["a branch that does not exist", "own/model@fp8", "model-missing", /no such branch/, () => ({})],
    ["a token that is revoked", "own/model", "download-gated", /does not accept the access token/, (hub) => withToken(hub, "hf_old")],
  ])("%s", async (_, name, code, message, options) => {
    const hub = await started();
    await expect(open(hub, name, options(hub))).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each<[string, (hub: FakeHub) => HubOptions]>([
    ["without a token", () => ({})],
    ["with a token that accepted nothing", (hub) => withToken(hub, "hf_stranger")],
  ])("of a gated file names the page where the licence is accepted, %s", async (_, options) => {
    const hub = await started();
    const { store, isGated } = await open(hub, "own/gated", options(hub));
    expect(isGated).toBe(true);
    const page = `${hub.base}/own/gated`;
    await expect(readJson(store, "a.json")).rejects.toMatchObject({
      code: "download-gated",
      detail: { page },
      remedy: expect.stringContaining(page),
    });
  });

  it("control: gated and private repositories open with the right token", async () => {
    const hub = await started();
    for (const name of ["own/gated", "own/private"])
      expect(await readJson((await open(hub, name, withToken(hub))).store, "a.json")).toEqual({ a: 1 });
  });

  it.each([429, 500, 503])("%i is a failed download", async (status) => {
    const hub = await started({ intercept: (_, response) => (response.writeHead(status).end(), true) });
    await expect(open(hub, "own/model")).rejects.toMatchObject({ code: "download-failed" });
  });

  it("of a repository that was closed says so", async () => {
    const closed: Intercept = (_, response) => {
      response.setHeader("X-Error-Message", "Access to this resource is disabled.");
      response.writeHead(403).end();
      return true;
    };
    const hub = await started({ intercept: closed });
    await expect(open(hub, "own/model")).rejects.toMatchObject({ code: "model-missing", message: expect.stringContaining("closed") });
  });

  it("a server that is not there is a failed download, a cancel a cancel", async () => {
    await expect(modelHub({ base: "http://127.0.0.1:9" }).open(parseRepositoryName("a/b"))).rejects.toMatchObject({
      code: "download-failed",
    });
    const hub = await started({ intercept: () => true });
    const controller = new AbortController();
    const opening = modelHub({ base: hub.base }).open(parseRepositoryName("own/model"), controller.signal);
    controller.abort();
    await expect(opening).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("a hostile answer", () => {
  const file = { type: "file", path: "a.json", size: 1, oid: "a".repeat(40) };
  const sha = "c".repeat(40);
  /** Answers the description with `info` and the listing with `tree`. */
  const answering =
    (tree: unknown, info: unknown = { sha }): Intercept =>
    ({ kind }, response) => (response.end(typeof tree === "string" ? tree : JSON.stringify(kind === "info" ? info : tree)), true);

  it("control: the listing without a fault", async () => {
    const hub = await started({ intercept: answering([file]) });
    expect(await (await open(hub, "own/model")).store.exists("a.json")).toBe(true);
  });

  it.each<[string, unknown, RegExp]>([
    ["a path above the repository", [{ ...file, path: "../a.json" }], /outside the repository/],
    ["a path through it", [{ ...file, path: "a/../../b.json" }], /outside the repository/],
    ["an absolute path", [{ ...file, path: "/etc/passwd" }], /outside the repository/],
    ["a path of Windows", [{ ...file, path: "..\\a.json" }], /outside the repository/],
    ["a path with a control character", [{ ...file, path: "a\u0000.json" }], /outside the repository/],
    ["an endless path", [{ ...file, path: "a".repeat(5000) }], /outside the repository/],
    ["the same path twice", [file, file], /twice/],
    ["a negative size", [{ ...file, size: -1 }], /bytes/],
    ["an infinite size", '[{"type":"file","path":"a","size":1e999}]', /./],
    ["no size", [{ ...file, size: undefined }], /bytes/],
    ["no hash of git", [{ ...file, oid: "A".repeat(40) }], /hash/],
    ["no SHA-256", [{ ...file, lfs: { oid: "b".repeat(63), size: 1 } }], /hash/],
    ["two sizes", [{ ...file, lfs: { oid: "b".repeat(64), size: 2 } }], /two sizes/],
    ["too many files", Array.from({ length: 20_001 }, (_, i) => ({ ...file, path: `${i}` })), /more than 20000/],
    ["a list of something else", [null, 3], /as a file/],
    ["an object", { error: "none" }, /not a list/],
    ["a web page", "<!DOCTYPE html><title>Log in</title>", /web page/],
    ["text", "Too many requests", /not JSON/],
  ])("%s", async (_, tree, message) => {
    const hub = await started({ intercept: answering(tree) });
    await expect(open(hub, "own/model")).rejects.toMatchObject({ code: "download-failed", message: expect.stringMatching(message) });
  });

  it.each<[string, unknown]>([
    ["no commit", {}],
    ["a commit that is a path", { sha: "../../other" }],
    ["a list", [1]],
  ])("a description with %s", async (_, info) => {
    const hub = await started({ intercept: answering([file], info) });
    await expect(open(hub, "own/model")).rejects.toMatchObject({ code: "download-failed", message: expect.stringContaining("commit") });
  });

  it("another commit than the one that was asked for", async () => {
    const hub = await started({ intercept: answering([file]) });
    await expect(open(hub, `own/model@${"d".repeat(40)}`)).rejects.toMatchObject({ code: "download-failed" });
  });

  it("a listing whose next page is itself, or is elsewhere", async () => {
    const hub = await started();
    const linking = (next: string) =>
      hub.intercept(({ kind }, response) => {
        if (kind !== "tree") return false;
        response.setHeader("Link", `<${next}>; rel="next"`);
        response.end("[]");
        return true;
      });
    linking("?recursive=true");
    await expect(open(hub, "own/model")).rejects.toMatchObject({
      code: "download-failed",
      message: expect.stringContaining("without an end"),
    });
    linking("https://elsewhere.test/steal?cursor=1");
    await expect(open(hub, "own/model")).rejects.toMatchObject({ code: "download-failed" });
    expect(hub.requests.filter(({ kind }) => kind === "tree").every(({ repository }) => repository === "own/model")).toBe(true);
  });

  it("a file that is longer than the listing says", async () => {
    const hub = await started({ intercept: ({ kind }, response) => kind === "tree" && (response.end(JSON.stringify([file])), true) });
    const { store } = await open(hub, "own/model");
    await expect(readJson(store, "a.json")).rejects.toMatchObject({
      code: "model-corrupt",
      message: expect.stringContaining("lists it with 1"),
    });
  });
});

describe("a token", () => {
  it("goes to the hub, and neither to where it redirects to nor to another server", async () => {
    const hub = await started();
    const { store } = await open(hub, "own/gated", withToken(hub));
    const source = await store.open("deep/er/w.safetensors");
    await source.read(0, new Uint8Array(source.size));
    const sent = (kind: string) => hub.requests.filter((request) => request.kind === kind).map(({ authorization }) => authorization);
    expect(sent("resolve")).toEqual([`Bearer ${TOKEN}`]);
    expect(sent("tree")).toEqual([`Bearer ${TOKEN}`]);
    expect(sent("file")).toEqual([undefined]);
    const other = await startFakeHub({ repositories: { "own/model": { files: SD_TURBO } } });
    await new HubToken(TOKEN, hub.base).authorize(fetch)(`${other.base}/api/models/own/model/revision/main`);
    expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
    await other.close();
  });

  it("is in nothing that is printed, copied or thrown", async () => {
    const hub = await started();
    const token = new HubToken(` ${TOKEN}\n`, hub.base);
    expect(inspect(token, { showHidden: true, depth: 9 }) + JSON.stringify({ token })).not.toContain(TOKEN);
    const { store } = await open(hub, "own/private", { token });
    hub.intercept((_, response) => (response.writeHead(403).end(), true));
    const thrown = [
      await open(hub, "own/model", { token }).catch((e: unknown) => e),
      await readJson(store, "a.json").catch((e: unknown) => e),
    ];
    for (const error of thrown) {
      expect(error).toBeInstanceOf(OnestrokeError);
      expect(
        inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(OnestrokeError.from(error, "cancelled").toWire()),
      ).not.toContain(TOKEN);
    }
  });

  it.each(["", "two words", "ä", "a\nb"])("%j is none", (value) => {
    expect(() => new HubToken(value, "https://hub.test")).toThrow(expect.objectContaining({ code: "invalid-input" }));
  });

  it("is not sent over http, except on this machine", () => {
    expect(() => new HubToken(TOKEN, "http://hub.test")).toThrow(expect.objectContaining({ message: expect.not.stringContaining(TOKEN) }));
    expect(() => new HubToken(TOKEN, "http://127.0.0.1:8080")).not.toThrow();
  });
});
