// Rules of the command line: the model decides what the options leave out, mistakes are
// named before a model is opened, and a batch line means the same as the options do.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MOST_TEXT_ROWS } from "../../common/limits";
import type { Recipe } from "../../common/recipe";
import { FACTS } from "../../common/testing/fakes";
import { parseOptions } from "./options";
import { USAGE } from "./usage";

const NASA = { method: "nasa", scale: 0.25 } as const;
const NAG = { method: "nag", scale: 3, tau: 2, alpha: 0.5, sigmaEnd: 4 } as const;
const VSF = { method: "vsf", scale: 3, offset: 0.2 } as const;
const MODEL = { ...FACTS, defaultSize: 256, steering: { method: "nasa", nasa: NASA, nag: NAG, vsf: VSF, sigmaEnd: 4 } } as const;
const BASE = ["--prompt", "a hill", "--out", "hill.png"];

async function requests(...args: string[]): Promise<readonly Recipe[]> {
  const { jobs } = await parseOptions(args);
  return jobs.map((job) => job.recipe(MODEL));
}

describe("generate's options", () => {
  test("defaults: the embedded student, one step, seed 0, the model's size, no steering", async () => {
    const { model, jobs } = await parseOptions(BASE);
    expect(model).toBe("vignette");
    expect(jobs.map((job) => [job.file, job.recipe(MODEL)])).toEqual([
      [
        "hill.png",
        { model: "gradient", prompt: "a hill", negative: "", steering: { method: "none" }, steps: 1, seed: "0", width: 256, height: 256 },
      ],
    ]);
  });

  const steering = async (...args: string[]) => (await requests(...BASE, "--negative", "rain", ...args))[0]?.steering;

  test("a negative without a scale takes the model's own; with one, that", async () => {
    expect(await steering()).toEqual(NASA);
    expect(await steering("--nasa", "0.5")).toEqual({ ...NASA, scale: 0.5 });
    expect(await steering("--nag", "4")).toEqual({ ...NAG, scale: 4 });
  });

  test("--sigma-end says until when, with any method; else the model does", async () => {
    expect(await steering("--sigma-end", "2.5")).toEqual({ ...NASA, sigmaEnd: 2.5 });
    expect(await steering("--nag", "4", "--sigma-end", "0")).toEqual({ ...NAG, scale: 4, sigmaEnd: 0 });
    expect(await steering("--vsf", "4")).toEqual({ ...VSF, scale: 4 });
    expect(await steering("--vsf", "4", "--vsf-offset", "0.5")).toEqual({ ...VSF, scale: 4, offset: 0.5 });
  });

  test("the help names the options of steering", () => {
    for (const option of ["--negative", "--nasa", "--nag", "--vsf", "--vsf-offset", "--sigma-end"]) expect(USAGE).toContain(option);
  });

  test("--start names the picture that is drawn over, and --strength how much of it", async () => {
    const start = async (...args: string[]) => (await parseOptions([...BASE, ...args])).jobs[0]?.start;
    expect(await start()).toBeUndefined();
    expect(await start("--start", "pier.png")).toEqual({ file: "pier.png", strength: 0.5 });
    expect(await start("--start", "pier.png", "--strength", "0.25")).toEqual({ file: "pier.png", strength: 0.25 });
    for (const wrong of ["1.1", "-0.1", "much", ""]) {
      await expect(start("--start", "pier.png", `--strength=${wrong}`)).rejects.toMatchObject({ detail: { field: "strength" } });
    }
    await expect(start("--strength", "0.5")).rejects.toMatchObject({ message: expect.stringContaining("--start") });
    const file = join(await mkdtemp(join(tmpdir(), "onestroke-")), "batch.jsonl");
    await writeFile(file, JSON.stringify({ prompt: "a hill", out: "hill.png", start: "pier.png", strength: 0.75 }));
    expect((await parseOptions(["--batch", file])).jobs[0]?.start).toEqual({ file: "pier.png", strength: 0.75 });
    for (const option of ["--start", "--strength"]) expect(USAGE).toContain(option);
  });

  test("--gpu-memory is in gigabytes, and left to the pipeline where it is not said", async () => {
    expect((await parseOptions([...BASE, "--gpu-memory", "2.2"])).memoryBytes).toBe(2.2e9);
    expect((await parseOptions(BASE)).memoryBytes).toBeUndefined();
  });

  test("--text-rows says how much of a long text is read, of a batch's too; as much as on the page where not said", async () => {
    expect((await parseOptions(BASE)).textRows).toBe(MOST_TEXT_ROWS);
    expect((await parseOptions([...BASE, "--text-rows", "2"])).textRows).toBe(2);
    const file = join(await mkdtemp(join(tmpdir(), "onestroke-")), "batch.jsonl");
    await writeFile(file, JSON.stringify({ prompt: "a hill", out: "hill.png" }));
    expect((await parseOptions(["--batch", file, "--text-rows", "3"])).textRows).toBe(3);
  });

  test("--lora names files and weights, in order; recipes carry what the opened model says of them", async () => {
    const { file, jobs } = await parseOptions([...BASE, "--lora", "dir/lcm.safetensors", "--lora", "C:/a b:c.pt:-0.5"]);
    expect(file.loras).toEqual([
      { file: "dir/lcm.safetensors", weight: 1 },
      { file: "C:/a b:c.pt", weight: -0.5 },
    ]);
    const loras = [{ name: "lcm", weight: 1 }];
    expect(jobs.map((job) => job.recipe({ ...MODEL, loras }).loras)).toEqual([loras]);
    for (const wrong of ["a:5", "a:-4.1"])
      await expect(parseOptions([...BASE, "--lora", wrong])).rejects.toMatchObject({ detail: { field: "lora" } });
  });

  test("--tokenizer and --prediction are for a model in one file", async () => {
    const { file } = await parseOptions([...BASE, "--tokenizer", "words", "--prediction", "v_prediction"]);
    expect(file).toEqual({ tokenizer: "words", prediction: "v_prediction", loras: [] });
    await expect(parseOptions([...BASE, "--prediction", "x0"])).rejects.toMatchObject({ detail: { field: "prediction" } });
  });

  test("--count draws consecutive seeds into numbered files", async () => {
    const { jobs } = await parseOptions([...BASE, "--seed", "18446744073709551614", "--count", "2"]);
    expect(jobs.map((job) => [job.file, job.recipe(MODEL).seed])).toEqual([
      ["hill-1.png", "18446744073709551614"],
      ["hill-2.png", "18446744073709551615"],
    ]);
  });

  test("--sampler chooses a rule, of a batch's too; none where not said", async () => {
    expect((await parseOptions(BASE)).sampler).toBeUndefined();
    expect((await parseOptions([...BASE, "--sampler", "consistency"])).sampler).toBe("consistency");
    const file = join(await mkdtemp(join(tmpdir(), "onestroke-")), "batch.jsonl");
    await writeFile(file, JSON.stringify({ prompt: "a hill", out: "hill.png" }));
    expect((await parseOptions(["--batch", file, "--sampler", "tcd"])).sampler).toBe("tcd");
  });

  test("--weights says in which numbers weights lie on the GPU; as in the file where not said", async () => {
    expect((await parseOptions(BASE)).weights).toBeUndefined();
    expect((await parseOptions([...BASE, "--weights", "q8"])).weights).toBe("q8");
  });

  async function batch(line: string): Promise<readonly Recipe[]> {
    const file = join(await mkdtemp(join(tmpdir(), "onestroke-")), "batch.jsonl");
    await writeFile(file, `${line}\n\n`);
    return requests("--batch", file);
  }

  test("a batch line means what the options mean", async () => {
    const line = { prompt: "a hill", out: "hill.png", negative: "rain", nasa: 0.5, "sigma-end": 4, seed: 3, width: 128 };
    const said = ["--negative", "rain", "--nasa", "0.5", "--sigma-end", "4", "--seed", "3", "--width", "128"];
    const fromOptions = await requests(...BASE, ...said);
    expect(await batch(JSON.stringify(line))).toEqual(fromOptions);
  });

  test("a byte order mark before the first line, and lines that end as Windows ends them, are no part of it", async () => {
    const line = JSON.stringify({ prompt: "a hill", out: "hill.png" });
    const plain = await batch(line);
    expect(await batch(`\uFEFF${line}\r`)).toEqual(plain);
    const file = join(await mkdtemp(join(tmpdir(), "onestroke-")), "utf16.jsonl");
    await writeFile(file, Buffer.from(`\uFEFF${line}\r\n`, "utf16le"));
    expect(await requests("--batch", file)).toEqual(plain);
  });

  test("a batch that is not there, or no text, is invalid input", async () => {
    await expect(parseOptions(["--batch", "no-such-file.jsonl"])).rejects.toMatchObject({ code: "invalid-input" });
    const file = join(await mkdtemp(join(tmpdir(), "onestroke-")), "bytes.jsonl");
    await writeFile(file, Uint8Array.of(0x7b, 0xff));
    await expect(parseOptions(["--batch", file])).rejects.toMatchObject({ code: "invalid-input" });
  });

  test("variations of the seed, in their order", async () => {
    const [recipe] = await requests(...BASE, "--variation", "8:0.3,9:1");
    expect(recipe?.variations).toEqual([
      { seed: "8", strength: 0.3 },
      { seed: "9", strength: 1 },
    ]);
    await expect(requests(...BASE, "--variation", "8")).rejects.toMatchObject({ code: "invalid-input", detail: { field: "variations" } });
  });

  test("null in a batch line is what is not said, and a seed of 64 bits is a string", async () => {
    const line = { prompt: "a hill", out: "hill.png", negative: null, nasa: null, width: null, seed: "18446744073709551615" };
    expect(await batch(JSON.stringify(line))).toEqual(await requests(...BASE, "--seed", "18446744073709551615"));
  });

  test.each([
    ["no prompt", '{"prompt": null, "out": "a.png"}', "--prompt"],
    ["a number for a prompt", '{"prompt": 7, "out": "a.png"}', "prompt"],
    ["a misspelt key", '{"prompt": "a", "out": "a.png", "sed": 1}', '"sed"'],
    ["a seed whose digits JSON loses", '{"prompt": "a", "out": "a.png", "seed": 9007199254740993}', "seed"],
    ["steps that are true", '{"prompt": "a", "out": "a.png", "steps": true}', "steps"],
    ["a line that is no JSON", "a hill", "line 1"],
  ])("a batch line with %s is refused, by name", async (_, line, named) => {
    await expect(batch(line)).rejects.toMatchObject({ code: "invalid-input", message: expect.stringContaining(named) });
  });

  test.each([
    ["no prompt", ["--out", "a.png"]],
    ["no file", ["--prompt", "a"]],
    ["an unknown option", [...BASE, "--cfg", "7"]],
    ["a seed of no digits", [...BASE, "--seed", ""]],
    ["a seed with a point", [...BASE, "--seed", "1.5"]],
    ["a seed beyond 64 bits", [...BASE, "--seed", "18446744073709551616"]],
    ["no steps", [...BASE, "--steps", "0"]],
    ["a width in words", [...BASE, "--width", "wide"]],
    ["a steering out of range", [...BASE, "--negative", "x", "--nasa", "3"]],
    ["a steering without a number", [...BASE, "--negative", "x", "--nag", ""]],
    ["an end below 0", [...BASE, "--negative", "x", "--sigma-end=-1"]],
    ["more copies than anyone waits for", [...BASE, "--count", "1000000000"]],
    ["weights in no format that is known", [...BASE, "--weights", "q5"]],
    ["weights for graphs that bring their own", [...BASE, "--weights", "q8", "--engine", "ort-wasm"]],
    ["a sampler that is none", [...BASE, "--sampler", "magic"]],
    ["no text rows", [...BASE, "--text-rows", "0"]],
    ["more text rows than there are", [...BASE, "--text-rows", "9"]],
    ["no memory", [...BASE, "--gpu-memory", "0"]],
    ["memory that is no number", [...BASE, "--gpu-memory", "4GB"]],
    ["half a text row", [...BASE, "--text-rows", "1.5"]],
    ["two steerings", [...BASE, "--negative", "x", "--nasa", "1", "--nag", "2"]],
    ["two other steerings", [...BASE, "--negative", "x", "--vsf", "1", "--nag", "2"]],
    ["an offset without VSF", [...BASE, "--negative", "x", "--vsf-offset", "1"]],
  ])("%s is refused as invalid input", async (_, args) => {
    await expect(parseOptions(args)).rejects.toMatchObject({ code: "invalid-input" });
  });
});
