// Whatever a checkpoint's file contains, reading it gives something bounded or one `OnestrokeError`: never an error of the
// language, an endless loop or a huge allocation. Sizes of results stand for time and memory.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffusersManifest } from "../checkpoints/diffusers-manifest";
import { isJsonObject, parseJsonObject, type JsonObject } from "../common/json";
import { memorySource, memoryStore } from "../checkpoints/memory-source";
import { readSafetensorsHeader } from "../checkpoints/safetensors";
import { FIXTURES, goldenJson } from "../checkpoints/testing/fixtures";
import { bounded, damagedBytes, damagedJson, RUNS } from "../checkpoints/testing/mutate";
import { float16Tensor, float32Tensor, safetensorsFile } from "../checkpoints/testing/safetensors-file";
import { GraphBuilder } from "../engine/graph-builder";
import { autoencoderKlDecoder, parseAutoencoderKlConfig } from "../networks/autoencoder-kl";
import { autoencoderTinyDecoder, parseAutoencoderTinyConfig } from "../networks/autoencoder-tiny";
import { clipText, parseClipTextConfig } from "../networks/clip-text";
import { imfDit, parseImfConfig } from "../networks/imf-dit";
import { pagodaDecoder, parsePagodaConfig } from "../networks/pagoda";
import { parseSitConfig, sit } from "../networks/sit";
import { unet2dCondition } from "../networks/unet-2d-condition";
import { parseUnetConfig } from "../networks/unet-config";
import { decodeModel } from "../ort/onnx-graph/decode";
import { encodeModel } from "../ort/onnx-graph/encode";
import { steerGraph } from "../ort/steer-graph";
import { attentionModel, type Form } from "../ort/testing/attention-model";
import { scheduleFor } from "../samplers/sampler";
import { samplerFromConfig } from "../samplers/scheduler-file";
import { tokenizerJsonFromMerges } from "../tokenizer/clip-definition";
import { openClipTokenizer } from "../tokenizer/clip-tokenizer";

const config = (fixture: string) => goldenJson(`${FIXTURES}/${fixture}/config.json`);
const SIT = config("esc-sit");
const SIDE = { batch: 1, height: 4, width: 4 } as const;

const NETWORKS: readonly (readonly [name: string, published: JsonObject, build: (json: unknown, g: GraphBuilder) => unknown])[] = [
  [
    "UNet",
    config("unet-sdxs"),
    (json, g) => unet2dCondition(g, parseUnetConfig(json), { ...SIDE, height: 16, width: 16, textTokens: 77, steering: "nag" }),
  ],
  ["CLIP", config("clip-text-gelu"), (json, g) => clipText(g, parseClipTextConfig(json), { batch: 1 })],
  ["AutoencoderKL", config("vae-kl"), (json, g) => autoencoderKlDecoder(g, parseAutoencoderKlConfig(json), SIDE)],
  ["AutoencoderTiny", config("vae-tiny"), (json, g) => autoencoderTinyDecoder(g, parseAutoencoderTinyConfig(json), SIDE)],
  ["SiT", SIT, (json, g) => sit(g, parseSitConfig(json), { batch: 1 })],
  ["iMF", { ...SIT, family: "imf-dit", depth: 5, aux_head_depth: 2 }, (json, g) => imfDit(g, parseImfConfig(json), { batch: 1 })],
  [
    "PaGoDA",
    {
      family: "pagoda-decoder",
      input_size: 16,
      output_size: 32,
      model_channels: 32,
      num_head_channels: 32,
      encoder_channel_mult: [1, 2],
      decoder_channel_mult: [1, 1, 2],
      attention_resolutions: [2],
    },
    (json, g) => pagodaDecoder(g, parsePagodaConfig(json), { batch: 1 }),
  ],
];

describe.each(NETWORKS)("config.json of %s", (_, published, build) => {
  test("builds a graph that ends, or is refused", async () => {
    await fc.assert(
      fc.asyncProperty(damagedJson(published), async (json) => {
        const g = new GraphBuilder();
        await bounded(() => build(json, g));
        expect(g.build().nodes.length).toBeLessThan(40_000);
      }),
      RUNS,
    );
  });
});

describe("scheduler_config.json", () => {
  const published = goldenJson(`${FIXTURES}/repo-sd-turbo-tiny/scheduler/scheduler_config.json`);
  const lcm = { ...published, _class_name: "LCMScheduler", original_inference_steps: 50 };

  test.each([published, lcm, goldenJson("models/vignette/scheduler/scheduler_config.json")])(
    "gives a table of finite numbers, or is refused",
    async (file) => {
      const steps = fc.integer({ min: 1, max: 8 });
      const rules = fc.constantFrom(undefined, "consistency" as const, "euler" as const, "tcd" as const);
      await fc.assert(
        fc.asyncProperty(damagedJson(file), steps, rules, async (json, count, rule) => {
          const schedule = await bounded(() => scheduleFor(samplerFromConfig(isJsonObject(json) ? json : {}, { rule }), count));
          const numbers = schedule?.steps.flatMap(({ inputScale, sigma, x0, next }) => [
            inputScale,
            sigma,
            ...Object.values(x0),
            ...Object.values(next),
          ]);
          expect((numbers ?? []).every(Number.isFinite)).toBe(true);
        }),
        RUNS,
      );
    },
  );
});

describe("tokenizers", () => {
  const vocabulary = parseJsonObject(readFileSync(`${FIXTURES}/clip-tokenizer-tiny/vocab.json`, "utf8"), "vocab.json");
  const merges = readFileSync(`${FIXTURES}/clip-tokenizer-tiny/merges.txt`, "utf8");
  const definition = tokenizerJsonFromMerges(vocabulary, merges);
  const settings = { model_max_length: 77, pad_token: "!", added_tokens_decoder: { 597: { content: "<my-toy>", special: false } } };
  const { model, ...pipeline } = definition;
  const written = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

  test("tokenizer.json and its settings give rows of ids below the vocabulary's size, or are refused", async () => {
    await fc.assert(
      fc.asyncProperty(
        damagedJson({ pipeline, settings, model: { ...(isJsonObject(model) ? model : {}), vocab: 0, merges: 0 } }),
        async (json) => {
          const damaged = isJsonObject(json) ? json : {};
          const whole = { ...Object(damaged["pipeline"]), model: { ...(isJsonObject(model) ? model : {}), ...Object(damaged["model"]) } };
          if (whole.model.vocab === 0) whole.model = { ...whole.model, vocab: vocabulary };
          if (whole.model.merges === 0) whole.model = { ...whole.model, merges: merges.split("\n").slice(1, -1) };
          const store = memoryStore(
            "m",
            new Map([
              ["tokenizer.json", written(whole)],
              ["tokenizer_config.json", written(damaged["settings"] ?? {})],
            ]),
          );
          await bounded(async () => {
            const tokenizer = await openClipTokenizer(store, "");
            const row = tokenizer.encode("a boat <my-toy> at dawn!");
            expect(row.length).toBeLessThanOrEqual(4096);
            expect([...row].every((id) => id >= 0 && id < tokenizer.vocabularySize)).toBe(true);
          });
        },
      ),
      RUNS,
    );
  });

  test("merges.txt and added_tokens.json as bytes", async () => {
    await fc.assert(
      fc.asyncProperty(damagedBytes(written(merges)), damagedBytes(written({ "<my-toy>": 597 })), async (damagedMerges, added) => {
        const files = [
          ["vocab.json", written(vocabulary)],
          ["merges.txt", damagedMerges],
          ["added_tokens.json", added],
        ] as const;
        await bounded(async () => (await openClipTokenizer(memoryStore("m", new Map(files)), "")).encode("a boat"));
      }),
      RUNS,
    );
  });
});

test("model_index.json leads to the files of its folder, or is refused", async () => {
  const published = goldenJson(`${FIXTURES}/repo-sd-turbo-tiny/model_index.json`);
  await fc.assert(
    fc.asyncProperty(damagedJson(published), fc.boolean(), async (json, asBytes) => {
      const bytes = new TextEncoder().encode(JSON.stringify(json));
      const store = memoryStore("m", new Map([["model_index.json", asBytes ? bytes.subarray(0, bytes.length - 9) : bytes]]));
      expect(await bounded(() => diffusersManifest(store))).toBeUndefined();
    }),
    RUNS,
  );
});

test("a safetensors header gives ranges within the file, or is refused", async () => {
  const file = safetensorsFile(
    new Map([
      ["conv_in.weight", float32Tensor([1, 2, 3, 4], [2, 2])],
      ["conv_in.bias", float16Tensor([1, 2])],
    ]),
  );
  await fc.assert(
    fc.asyncProperty(damagedBytes(file), async (bytes) => {
      const header = await bounded(() => readSafetensorsHeader(memorySource("f", bytes)));
      for (const { begin, end } of header?.tensors.values() ?? []) expect(begin <= end && end <= bytes.length).toBe(true);
    }),
    RUNS,
  );
});

test.each<Form>(["plain", "flat", "standard"])("an ONNX file (%s) is rewritten, or refused", async (form) => {
  const file = encodeModel(attentionModel(form));
  await fc.assert(
    fc.asyncProperty(damagedBytes(file), async (bytes) => {
      const size = await bounded(() => encodeModel(steerGraph(decodeModel(bytes), { by: "nag", weighs: false })).byteLength);
      expect(size ?? 0).toBeLessThan(20 * file.byteLength);
    }),
    RUNS,
  );
});
