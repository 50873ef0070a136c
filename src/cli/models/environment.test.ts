// The environment's words for folder, hub and network mean what they mean to the hub's own tools.
import { homedir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startFakeHub } from "../../hub/testing/fake-hub";
import { cacheFolder, hubOf, type Environment } from "./environment";
import { bytesText, progressLine, progressText } from "./progress";

it.each<[Environment, string]>([
  [{}, join(homedir(), ".cache/huggingface/hub")],
  [{ XDG_CACHE_HOME: "/x" }, join("/x/huggingface/hub")],
  [{ HF_HOME: "/h", XDG_CACHE_HOME: "/x" }, join("/h/hub")],
  [{ HF_HOME: "~/h" }, join(homedir(), "h/hub")],
  [{ HF_HUB_CACHE: "/c", HF_HOME: "/h" }, "/c"],
  [{ HUGGINGFACE_HUB_CACHE: "/old" }, "/old"],
  [{ HF_HUB_CACHE: "", HF_HOME: " " }, join(homedir(), ".cache/huggingface/hub")],
])("%j keeps models in %s", (environment, folder) => expect(cacheFolder(environment)).toBe(folder));

it.each(["1", "ON", "yes", "true", "True"])("HF_HUB_OFFLINE=%s forbids the network", (value) => {
  expect(hubOf({ HF_HUB_OFFLINE: value })).toBeUndefined();
});
it.each(["0", "", "off", "false"])("control: HF_HUB_OFFLINE=%s does not", (value) => {
  expect(hubOf({ HF_HUB_OFFLINE: value })).toBeDefined();
});

it("HF_ENDPOINT is the hub that is asked, with HF_TOKEN", async () => {
  const server = await startFakeHub({ repositories: { "own/private": { files: {}, isPrivate: true } }, token: "hf_t" });
  const at = { repository: "own/private", revision: "main" };
  const HF_ENDPOINT = `${server.base}/`;
  await expect(hubOf({ HF_ENDPOINT, HF_TOKEN: "hf_t\n" })?.open(at)).resolves.toMatchObject({ commit: server.commit("own/private") });
  await expect(hubOf({ HF_ENDPOINT })?.open(at)).rejects.toMatchObject({ code: "model-missing" });
  await server.close();
});

it.each<Environment>([
  { HF_ENDPOINT: "hub.test" },
  { HF_ENDPOINT: "ftp://hub.test" },
  { HF_ENDPOINT: "http://hub.test", HF_TOKEN: "hf_t" },
  { HF_TOKEN: "two words" },
])("%j is refused", (environment) => expect(() => hubOf(environment)).toThrow(expect.objectContaining({ code: "invalid-input" })));

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 kB"],
  [15_300, "15 kB"],
  [1_730_000_000, "1.7 GB"],
  [2e12, "2.0 TB"],
])("%i bytes are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

it.each<[Parameters<typeof progressText>, string]>([
  [[1e9, 2e9, 1e7, undefined], "1.0 GB of 2.0 GB, 10 MB/s, 2 min left"],
  [[1e9, 2e9, 1e8, undefined], "1.0 GB of 2.0 GB, 100 MB/s, 10 s left"],
  [[0, 9e9, 1e5, undefined], "0 B of 9.0 GB, 100 kB/s, 25.0 h left"],
  [[1e9, 2e9, undefined, undefined], "1.0 GB of 2.0 GB"],
  [[1e9, 2e9, 0, undefined], "1.0 GB of 2.0 GB"],
  [[1e9, 2e9, 1e7, "offline"], "1.0 GB of 2.0 GB, waiting for the network"],
])("%j reads %s", (progress, text) => expect(progressText(...progress)).toBe(text));

it("a terminal's line is rewritten, a log's lines come now and then, and both say the end", () => {
  const lines = (isTTY: boolean): readonly string[] => {
    const written: string[] = [];
    let at = 0;
    const line = progressLine("m", { isTTY, write: (text) => written.push(text) }, () => at);
    for (let second = 0; second <= 30; second++) {
      at = second * 1000;
      line.say({ file: "f", hereBytes: second * 1e6, totalBytes: 30e6 });
    }
    line.end();
    return written;
  };
  expect(lines(false)).toEqual([
    "m: 0 B of 30 MB\n",
    "m: 10 MB of 30 MB, 1.0 MB/s, 20 s left\n",
    "m: 20 MB of 30 MB, 1.0 MB/s, 10 s left\n",
    "m: 30 MB of 30 MB\n",
  ]);
  const terminal = lines(true);
  expect(terminal.length).toBe(32);
  expect(terminal.slice(0, -1).every((text) => text.startsWith("\rm: "))).toBe(true);
  expect(terminal.at(-1)).toBe("\n");
});
