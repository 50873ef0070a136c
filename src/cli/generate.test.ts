// The command as a user calls it: a good picture is written; a bad one gives an error and no file; and the options
// for long prompts reach the engine.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readPngText, RECIPE_KEYWORD } from "../image/png-text";
import { encodeModel } from "../ort/onnx-graph/encode";
import { decoder, FILES } from "../pipeline/ort/testing/tiny-export";
import { parseRecipe } from "../common/recipe";

const root = await mkdtemp(join(tmpdir(), "onestroke-generate-"));
afterAll(() => rm(root, { recursive: true, force: true }));

async function exported(name: string, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(root, name, path)), { recursive: true });
    await writeFile(join(root, name, path), bytes);
  }
  return join(root, name);
}

function generate(
  model: string,
  more: readonly string[] = [],
): { readonly code: number | null; readonly log: string; readonly drawn: boolean } {
  const out = join(root, "picture.png");
  const options = ["--model", model, "--engine", "ort-wasm", "--prompt", "sea", "--width", "16", "--height", "16", "--out", out, ...more];
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "src/cli/generate.ts", ...options], { encoding: "utf8" });
  return { code: status, log: stderr, drawn: existsSync(out) };
}

test("a picture of one colour is an error", async () => {
  const grey = await exported("grey", { ...FILES, "vae_decoder/model.onnx": encodeModel(decoder(0)) });
  expect(generate(grey)).toEqual({ code: 1, log: expect.stringContaining("bad-image"), drawn: false });
});

test("control: one of several is written", async () => {
  expect(generate(await exported("drawn", FILES))).toMatchObject({ code: 0, drawn: true });
});

test("a recipe is written that can be read, whatever the folder is called, or nothing is drawn", async () => {
  const model = await exported("My Model (fp16) \u00fc", FILES);
  expect(generate(model)).toMatchObject({ code: 0, drawn: true });
  const text = readPngText(await readFile(join(root, "picture.png"))).get(RECIPE_KEYWORD) ?? "";
  expect(parseRecipe(JSON.parse(text))).toMatchObject({ model: "My Model (fp16) \u00fc", prompt: "sea" });
  await rm(join(root, "picture.png"));
  const small = generate(model, ["--width", "8", "--height", "8"]);
  expect(small).toEqual({ code: 1, log: expect.stringContaining("invalid-input: width"), drawn: false });
});

test("several pictures of one prompt have files and seeds of their own", async () => {
  const model = await exported("several", FILES);
  expect(generate(model, ["--count", "3"]).code).toBe(0);
  const files = await Promise.all([1, 2, 3].map((number) => readFile(join(root, `picture-${number}.png`))));
  const recipes = files.map((file) => parseRecipe(JSON.parse(readPngText(file).get(RECIPE_KEYWORD) ?? "")));
  expect(recipes.map(({ seed }) => seed)).toEqual(["0", "1", "2"]);
  expect(new Set(files.map(String)).size).toBe(3);
});

test("a long prompt is read in rows, and with --text-rows 1 it is cut", async () => {
  const model = await exported("long", FILES);
  const sea = Array.from({ length: 90 }, () => "sea").join(" ");
  const draw = async (...more: readonly string[]) => {
    expect(generate(model, ["--prompt", `${sea} calm`, ...more]).code).toBe(0);
    return readFile(join(root, "picture.png"));
  };
  expect(await draw()).not.toEqual(await draw("--text-rows", "1"));
  expect(await draw("--text-rows", "8")).toEqual(await draw());
});
