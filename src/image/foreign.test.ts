// Other tools' PNGs, read field by field: what means the same is taken, the rest is named, and a hostile file gives nothing or a valid draft.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRecipe } from "../common/recipe";
import { RECIPE } from "../common/testing/fakes";
import { foreignRecipe } from "./foreign";
import { encodePng } from "./png";
import { readPngText } from "./png-text";

const comfy = (change: Readonly<Record<string, unknown>> = {}, sampler: Readonly<Record<string, unknown>> = {}, kind = "KSampler") => ({
  "3": {
    class_type: kind,
    inputs: {
      seed: 156680208700286,
      steps: 4,
      cfg: 1,
      sampler_name: "lcm",
      scheduler: "sgm_uniform",
      denoise: 1,
      model: ["4", 0],
      positive: ["6", 0],
      negative: ["7", 0],
      latent_image: ["5", 0],
      ...sampler,
    },
  },
  "4": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "turbo.safetensors" } },
  "5": { class_type: "EmptyLatentImage", inputs: { width: 512, height: 768, batch_size: 1 } },
  "6": { class_type: "CLIPTextEncode", inputs: { text: "a fox\nin snow", clip: ["4", 1] } },
  "7": { class_type: "CLIPTextEncode", inputs: { text: "fog", clip: ["4", 1] } },
  "8": { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["4", 2] } },
  "9": { class_type: "SaveImage", inputs: { filename_prefix: "ComfyUI", images: ["8", 0] } },
  ...change,
});

const read = (keyword: string, value: unknown) => foreignRecipe(new Map([[keyword, JSON.stringify(value)]]));
const ALL = { prompt: "a fox in snow", negative: "fog", seed: "156680208700286", steps: 4, width: 512, height: 768 };

describe("ComfyUI", () => {
  test("a plain graph", () => {
    expect(read("prompt", comfy())).toEqual({
      tool: "ComfyUI",
      taken: ALL,
      left: ["cfg", "sampler_name", "scheduler", "CheckpointLoaderSimple"],
    });
  });

  const without = (...names: readonly (keyof typeof ALL)[]) =>
    Object.fromEntries(Object.entries(ALL).filter(([name]) => !names.some((each) => each === name)));

  test.each([
    ["a text that another node makes", comfy({}, { positive: ["10", 0] }), without("prompt"), "positive"],
    ["a text in a node that is not there", comfy({}, { negative: ["99", 0] }), without("negative"), "negative"],
    [
      "a text that is no text",
      comfy({ "6": { class_type: "CLIPTextEncode", inputs: { text: ["11", 0] } } }),
      without("prompt"),
      "positive",
    ],
    ["a seed from another node", comfy({}, { seed: ["12", 0] }), without("seed"), "seed"],
    ["a seed beyond JavaScript's whole numbers", comfy({}, { seed: 2 ** 60 }), without("seed"), "seed"],
    ["more steps than a student takes", comfy({}, { steps: 20 }), without("steps"), "steps"],
    [
      "a picture of a batch",
      comfy({ "5": { class_type: "EmptyLatentImage", inputs: { width: 512, height: 768, batch_size: 4 } } }),
      without("seed"),
      "seed",
    ],
    [
      "a picture that began as another",
      comfy({ "5": { class_type: "VAEEncode", inputs: {} } }, { denoise: 0.6 }),
      without("seed", "width", "height"),
      "denoise",
    ],
    [
      "a size that no picture here has",
      comfy({ "5": { class_type: "EmptyLatentImage", inputs: { width: 8192, height: 768, batch_size: 1 } } }),
      without("width", "height"),
      "latent_image",
    ],
  ])("%s is left, and said", (_, graph, taken, left) => {
    const recipe = read("prompt", graph);
    expect(recipe?.taken).toEqual(taken);
    expect(recipe?.left).toContain(left);
  });

  test("the advanced sampler calls its seed otherwise", () => {
    const recipe = read("prompt", comfy({}, { seed: undefined, noise_seed: 5, add_noise: "enable" }, "KSamplerAdvanced"));
    expect(recipe?.taken).toMatchObject({ seed: "5" });
    expect(recipe?.left).toContain("add_noise");
  });

  test("of two samplers, or none that is known, nothing is guessed", () => {
    expect(read("prompt", comfy({ "20": { class_type: "KSampler", inputs: {} } }))).toMatchObject({ taken: {} });
    expect(read("prompt", comfy({}, {}, "SamplerCustomAdvanced"))).toMatchObject({
      taken: {},
      left: expect.arrayContaining(["SamplerCustomAdvanced"]),
    });
  });

  test.each([[{}], [[]], [null], ["a fox"], [{ "3": 4 }], [{ "3": { class_type: 1, inputs: {} } }]])("%j is no graph", (value) => {
    expect(read("prompt", value)).toBeUndefined();
  });
});

describe("InvokeAI", () => {
  const METADATA = {
    app_version: "5.1.0",
    generation_mode: "txt2img",
    positive_prompt: "a fox",
    negative_prompt: "fog",
    width: 512,
    height: 768,
    seed: 5,
    steps: 4,
    cfg_scale: 1,
    scheduler: "lcm",
    model: { name: "turbo" },
    loras: [],
  };

  test("what means the same is taken, the rest is named", () => {
    expect(read("invokeai_metadata", METADATA)).toEqual({
      tool: "InvokeAI",
      taken: { prompt: "a fox", negative: "fog", width: 512, height: 768, seed: "5", steps: 4 },
      left: ["generation_mode", "cfg_scale", "scheduler", "model"],
    });
  });

  test("numbers that no picture here has are left", () => {
    const recipe = read("invokeai_metadata", { ...METADATA, steps: 30, seed: -1, width: "512" });
    expect(recipe?.taken).toEqual({ prompt: "a fox", negative: "fog" });
    expect(recipe?.left).toEqual(expect.arrayContaining(["steps", "seed", "width", "height"]));
  });
});

describe("what comes from anywhere", () => {
  /** What is taken makes a recipe, whatever it is. */
  function check(texts: ReadonlyMap<string, string>): void {
    const recipe = foreignRecipe(texts);
    if (recipe !== undefined) expect(() => parseRecipe({ ...RECIPE, ...recipe.taken })).not.toThrow();
  }

  test("any JSON under any of the keywords gives a recipe's fields or nothing", () => {
    const keyword = fc.constantFrom("prompt", "parameters", "invokeai_metadata");
    const names = fc.constantFrom(
      "seed",
      "steps",
      "width",
      "height",
      "positive_prompt",
      "class_type",
      "inputs",
      "__proto__",
      "constructor",
    );
    const values = fc.jsonValue();
    fc.assert(
      fc.property(keyword, fc.oneof(values, fc.dictionary(names, values)), (name, value) =>
        check(new Map([[name, JSON.stringify(value)]])),
      ),
      { numRuns: 500 },
    );
  });

  test("a graph with any change gives a recipe's fields or nothing", () => {
    const text = JSON.stringify(comfy());
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(40), fc.string(), (at, length, instead) => {
        check(new Map([["prompt", text.slice(0, at) + instead + text.slice(at + length)]]));
      }),
      { numRuns: 500 },
    );
  });

  test("deep nesting and links in a circle end", () => {
    check(new Map([["prompt", "[".repeat(100_000)]]));
    const circle = comfy({}, { positive: ["3", 0], negative: ["3", 0], latent_image: ["3", 0] });
    expect(read("prompt", circle)).toMatchObject({ taken: { steps: 4 } });
  });

  test("any bytes changed in a PNG end in texts or a refusal, and its texts in a recipe's fields or nothing", async () => {
    const picture = { width: 2, height: 2, data: new Uint8ClampedArray(16) };
    const whole = await encodePng(picture, new Map([["prompt", JSON.stringify(comfy())]]));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, bytes) => {
        const changed = whole.slice();
        changed.set(bytes.subarray(0, Math.min(bytes.length, whole.length - at)), at);
        let texts: ReadonlyMap<string, string> = new Map();
        try {
          texts = readPngText(changed);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "invalid-input" });
        }
        check(texts);
      }),
      { numRuns: 1_000 },
    );
  });
});
