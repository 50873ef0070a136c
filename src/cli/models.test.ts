// The commands as a person calls them, against a hub on this machine: a repository is drawn with by its name, stays for the next time,
// is listed, verified and removed; Ctrl+C keeps what has arrived.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { startFakeHub, type FakeHub } from "../hub/testing/fake-hub";
import { readPngText, RECIPE_KEYWORD } from "../image/png-text";
import { FILES } from "../pipeline/ort/testing/tiny-export";
import { answer } from "./models/commands";

const root = await mkdtemp(join(tmpdir(), "onestroke-commands-"));
afterAll(() => rm(root, { recursive: true, force: true }));

let server: FakeHub;
let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(root, "hub-"));
  server = await startFakeHub({
    repositories: {
      "own/graphs": { files: FILES, license: "cc-by-nc-4.0" },
      "own/other": { files: { "model_index.json": '{"_class_name":"FluxPipeline"}' } },
    },
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly log: string;
}

function run(
  command: "generate" | "models",
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
  onStart: (stop: () => void) => void = () => undefined,
): Promise<Ran> {
  const env = { ...process.env, HF_HUB_CACHE: cache, HF_ENDPOINT: server.base, HF_TOKEN: "", HF_HUB_OFFLINE: "", ...more };
  const child = spawn(process.execPath, ["--import", "tsx", `src/cli/${command}.ts`, ...args], { env });
  let [out, log] = ["", ""];
  child.stdout.on("data", (text) => (out += String(text)));
  child.stderr.on("data", (text) => (log += String(text)));
  onStart(() => void child.kill("SIGINT"));
  return new Promise((resolve) => void child.on("close", (code) => resolve({ code, out, log })));
}

/** Commands of this process use the test's hub and cache. */
function inProcess(): void {
  vi.stubEnv("HF_HUB_CACHE", cache);
  vi.stubEnv("HF_ENDPOINT", server.base);
}

const draw = (more: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  run(
    "generate",
    [
      "--model",
      "own/graphs",
      "--engine",
      "ort-wasm",
      "--prompt",
      "sea",
      "--width",
      "16",
      "--height",
      "16",
      "--out",
      join(cache, "sea.png"),
    ],
    more,
  );

test("a repository is drawn with by its name, and the next time without the network", async () => {
  expect(await draw({ HF_HUB_OFFLINE: "1" })).toMatchObject({ code: 1, log: expect.stringContaining("offline:") });
  const first = await draw();
  expect(first.log).toMatch(/own\/graphs: .* of /);
  expect(first.code).toBe(0);
  const recipe: unknown = JSON.parse(readPngText(await readFile(join(cache, "sea.png"))).get(RECIPE_KEYWORD) ?? "");
  expect(recipe).toMatchObject({ model: "own/graphs", prompt: "sea" });
  const asked = server.requests.length;
  expect((await draw({ HF_HUB_OFFLINE: "1" })).code).toBe(0);
  expect(server.requests.length).toBe(asked);
});

test("models: shown, fetched, listed, verified, removed", async () => {
  inProcess();
  const shown = (await answer(["show", "own/graphs"])).text;
  expect(shown).toContain("cc-by-nc-4.0, not for commercial use");
  expect(shown).toContain("--engine ort-webgpu");
  expect((await answer(["show", "vignette"])).text).toMatch(/^Vignette\n {2}vignette\nlicence: MIT\n/);
  expect((await answer(["show", "own/other"])).text).toMatch(/cannot be drawn with: .*FluxPipeline/);
  expect(readdirSync(cache)).toEqual([]);
  expect((await answer(["get", "own/graphs"])).json).toMatchObject({ model: "own/graphs", outline: { readAs: "graphs" } });
  expect((await answer(["list"])).json).toMatchObject({ models: [{ model: "own/graphs" }], repositories: [{ repository: "own/graphs" }] });
  expect((await answer(["verify", "own/graphs"])).text).toContain("as they were published");
  expect((await answer(["remove", "own/graphs"])).text).toContain("freed");
  expect(readdirSync(cache)).toEqual([]);
  await expect(answer(["verify", "own/graphs"])).rejects.toMatchObject({
    code: "model-missing",
    remedy: expect.stringContaining("models -- get"),
  });
});

test.each([
  [[], "usage"],
  [["fetch", "own/graphs"], "usage"],
  [["toString", "own/graphs"], "usage"],
  [["get"], "usage"],
  [["list", "own/graphs"], "usage"],
  [["get", "own/graphs", "own/other"], "usage"],
  [["get", "graphs"], "graphs"],
  [["get", "../graphs"], "../graphs"],
  [["get", "own/none"], "private or misspelt"],
  [["remove", "own/none"], "nothing of own/none"],
  [["get", "vignette"], "ships with the project"],
  [["verify", "vignette"], "ships with the project"],
  [["remove", "vignette"], "ships with the project"],
  [["hash", "sd-turbo"], "does not ship with the project"],
])("models %j is refused", async (args, message) => {
  inProcess();
  await expect(answer(args)).rejects.toMatchObject({ message: expect.stringContaining(message) });
});

test("Ctrl+C keeps what has arrived, and the next run goes on", async () => {
  let stop = (): void => undefined;
  server.intercept(({ kind, path }, response, file) => {
    // The last large file's bytes never end.
    if (kind !== "file" || path !== "text_encoder/model.onnx" || file === undefined) return false;
    if (!existsSync(join(cache, "models--own--graphs"))) return false;
    response.writeHead(200).write(file.bytes.subarray(0, 100), () => stop());
    return true;
  });
  const stopped = await run("models", ["get", "own/graphs"], {}, (kill) => (stop = kill));
  expect(stopped).toMatchObject({ code: 1, log: expect.stringContaining("goes on from there") });
  expect(readdirSync(join(cache, "models--own--graphs/blobs")).length).toBeGreaterThan(0);
  server.intercept(undefined);
  expect(await run("models", ["get", "own/graphs", "--json"])).toMatchObject({
    code: 0,
    out: expect.stringContaining('"readAs":"graphs"'),
  });
});
