// Each kind of file that people have, dropped on the page from the disk: it draws, or it says what it is and what to do. One small model of
// the first family is written in three formats, and draws the same picture from each.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Page } from "@playwright/test";
import { BASES } from "../src/catalogue/bases";
import { ggufFile } from "../src/checkpoints/formats/testing/gguf-file";
import { clipShapes, prefixed, unetShapes, vaeShapes, type ShapeList } from "../src/checkpoints/formats/testing/original-file";
import { called, global, tensor, torchFile } from "../src/checkpoints/formats/testing/torch-file";
import { float32Tensor, safetensorsFile } from "../src/checkpoints/testing/safetensors-file";
import { toFloat16 } from "../src/common/float16";
import { startFakeHub, type FakeHub } from "../src/hub/testing/fake-hub";
import { guard } from "./guarded";
import { faultsBut } from "./landscapes";
import { writePageOfHub } from "./page-of-hub";
import { startStaticHost, type StaticHost } from "./static-host";
import { expect, SMALL, Studio, test, type Drawn } from "./studio";

/** Another model is compiled for it, on a software GPU with other work beside it. */
const DRAW_MS = 10 * 60_000;
const TOKENIZER = "test/fixtures/clip-tokenizer-tiny";

let folder = "";
let pageFolder = "";
let hub: FakeHub;
let host: StaticHost;
let studio: Studio;
let faults: readonly string[] = [];

test.beforeAll(async ({ browser }) => {
  test.setTimeout(20 * 60_000);
  folder = mkdtempSync(join(tmpdir(), "onestroke-dropped-"));
  pageFolder = mkdtempSync(join(tmpdir(), "onestroke-page-"));
  const tokenizer = Object.fromEntries(
    ["vocab.json", "merges.txt"].map((name) => [`tokenizer/${name}`, readFileSync(join(TOKENIZER, name), "utf8")]),
  );
  hub = await startFakeHub({ repositories: { [BASES.sd15.repository]: { files: tokenizer } } });
  writePageOfHub(pageFolder, hub.base, hub.files);
  host = await startStaticHost(pageFolder);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  faults = await guard(context);
  studio = new Studio(await context.newPage());
  // A model that is not here, so that nothing is loaded before the first file is dropped.
  await studio.page.goto(`${host.url}#prompt=a+windmill&seed=3&model=someone%2Felse`);
  await expect(studio.alert()).toContainText("is not on this device");
  await studio.page.getByRole("button", { name: "Keep this seed" }).click();
});

test.afterAll(async () => {
  expect(faultsBut(hub, faults)).toEqual([]);
  await studio.page.context().close();
  await Promise.all([host.close(), hub.close()]);
  for (const each of [folder, pageFolder]) rmSync(each, { recursive: true, force: true });
});

/** Drops a file or a folder of the disk in the middle of the page, as the browser itself does. */
async function dropPath(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [resolve(path)], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, x: 600, y: 400, data });
  await session.detach();
}

async function drop(name: string, bytes: Uint8Array | string): Promise<void> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  await dropPath(studio.page, path);
}

/** The picture that the page draws by itself with what was dropped. Its address names the model once it is there. */
async function drawnWith(model: string): Promise<Drawn> {
  await expect(studio.page.getByRole("button", { name: `Model: ${model}` })).toBeVisible();
  await expect(studio.page).toHaveURL((url) => new URLSearchParams(url.hash.slice(1)).get("model") === model, { timeout: DRAW_MS });
  return studio.finished();
}

/** The same, small and in one step, in place of what the page begins by itself: a file does not say that a step would do. */
async function drawnSmallWith(model: string): Promise<Drawn> {
  await expect(studio.page.getByRole("button", { name: `Model: ${model}` })).toBeVisible();
  await expect(studio.phase("drawing")).toBeVisible({ timeout: DRAW_MS });
  await studio.cancel().click();
  const drawn = await studio.drawn({ steps: 1, side: SMALL });
  await expect(studio.page).toHaveURL((url) => new URLSearchParams(url.hash.slice(1)).get("model") === model);
  return drawn;
}

/** Without attention at the full size of the latent, and with one layer of it elsewhere: the rest is most of the work and none of the point. */
const UNET: ShapeList = Object.fromEntries(
  Object.entries(unetShapes()).filter(([name]) => !/^(?:input_blocks\.1|output_blocks\.[23])\.1\.|transformer_blocks\.1\./.test(name)),
);
const SHAPES: ShapeList = {
  ...prefixed("model.diffusion_model.", UNET),
  ...prefixed("first_stage_model.", vaeShapes()),
  ...prefixed("cond_stage_model.transformer.", clipShapes()),
};

/**
 * Weights that a picture comes of: norms leave what they norm, and sums keep their size.
 * @param spoiled gives other values to some of them
 */
function paintings(
  spoiled: (name: string) => number | undefined = () => undefined,
): ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Uint8Array<ArrayBuffer> }> {
  let state = 1;
  const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32 - 0.5;
  return new Map(
    Object.entries(SHAPES).map(([name, shape]) => {
      const [outputs = 1, ...inputs] = shape;
      const [fanIn, isBias] = [inputs.reduce((size, axis) => size * axis, 1), name.endsWith(".bias")];
      const values = Float32Array.from({ length: outputs * fanIn }, () => {
        const other = spoiled(name);
        if (other !== undefined) return other;
        if (inputs.length === 0) return isBias ? 0 : 1;
        return random() * Math.sqrt(12 / fanIn);
      });
      const halves = Uint16Array.from(values, toFloat16);
      return [name, { shape, data: new Uint8Array(halves.buffer) }];
    }),
  );
}

function asTorch(weights: ReturnType<typeof paintings>): Uint8Array {
  const strides = (shape: readonly number[]) => shape.map((_, i) => shape.slice(i + 1).reduce((size, axis) => size * axis, 1));
  const entries = [...weights].map(([name, { shape, data }], key) => ({ name, shape, data, key: String(key) }));
  const state = new Map(entries.map(({ name, shape, key }) => [name, tensor("Half", key, shape, strides(shape))]));
  return torchFile(new Map([["state_dict", state]]), Object.fromEntries(entries.map(({ key, data }) => [key, data])));
}

test("a checkpoint in one file: .safetensors, .ckpt and .gguf draw the same picture; a LoRA in its own names another one", async () => {
  const weights = paintings();
  const { page } = studio;
  await drop("paintings.safetensors", asSafetensors(weights));
  const { pixels, statistics } = await drawnSmallWith("paintings");
  expect(statistics.contrast, "it is a picture and no plain colour").toBeGreaterThan(0.01);

  await drop("old.ckpt", asTorch(weights));
  expect((await drawnSmallWith("old")).pixels).toBe(pixels);

  await drop("small.gguf", ggufFile(Object.fromEntries([...weights].map(([name, one]) => [name, { type: 1, ...one }]))));
  expect((await drawnSmallWith("small")).pixels).toBe(pixels);

  const layer = "lora_unet_middle_block_1_transformer_blocks_0_attn2_to_q";
  const ramp = (shape: readonly number[]) =>
    float32Tensor(
      Array.from({ length: 64 }, (_, i) => 3 * Math.sin(i)),
      shape,
    );
  const lora = new Map([
    [`${layer}.lora_up.weight`, ramp([64, 1])],
    [`${layer}.lora_down.weight`, ramp([1, 64])],
  ]);
  await drop("ink.safetensors", safetensorsFile(lora));
  await expect(page.getByRole("slider", { name: "ink" })).toBeVisible();
  await expect(page.locator("figcaption")).toContainText("ink 1", { timeout: DRAW_MS });
  expect((await studio.finished()).pixels).not.toBe(pixels);
});

function asSafetensors(weights: ReturnType<typeof paintings>): Uint8Array {
  return safetensorsFile(new Map([...weights].map(([name, one]) => [name, { dtype: "F16" as const, ...one }])));
}

test("G16 weights that are no numbers are refused, and what drew before draws on", async () => {
  const { page } = studio;
  const before = await studio.finished();
  const isNormOut = (name: string): boolean => name === "model.diffusion_model.out.0.weight";
  await drop("holes.safetensors", asSafetensors(paintings((name) => (isNormOut(name) ? Number.NaN : undefined))));
  await expect(studio.alert()).toContainText("NaN or infinite", { timeout: DRAW_MS });
  await expect(page.getByRole("button", { name: "Model: small" })).toBeVisible();
  await studio.alert().getByRole("button", { name: "Close" }).click();
  expect((await studio.finished()).pixels).toBe(before.pixels);
});

test("G16 a picture of zeros alone is said to be none, and is neither shown nor kept", async () => {
  const { page } = studio;
  const before = await studio.finished();
  const kept = page.getByRole("navigation", { name: "Newest pictures" }).getByRole("button");
  const [entries, address] = [await kept.count(), page.url()];
  await drop("zeros.safetensors", asSafetensors(paintings(() => 0)));
  await expect(page.getByRole("button", { name: "Model: zeros" })).toBeVisible();
  await expect(studio.phase("drawing")).toBeVisible({ timeout: DRAW_MS });
  await studio.cancel().click();
  await studio.wish({ steps: 1, side: SMALL });
  await studio.draw().click();
  await expect(studio.alert()).toContainText("The picture is all one colour", { timeout: DRAW_MS });
  const shown = await studio.pixelsOf(studio.picture());
  expect([Buffer.from(shown.bytes).toString("base64"), await kept.count(), page.url()]).toEqual([before.pixels, entries, address]);
  await studio.alert().getByRole("button", { name: "Close" }).click();
});

test("a folder in diffusers' layout", async () => {
  await dropPath(studio.page, "models/vignette");
  await drawnWith("vignette (own)");
});

const named = (...names: readonly string[]): Uint8Array => safetensorsFile(new Map(names.map((name) => [name, float32Tensor([0])])));
const EVIL = torchFile(new Map([["state_dict", called(global("os", "system"), ["echo"])]]), {});

test.describe("explains itself", () => {
  for (const [what, name, bytes, message] of [
    ["a LoRA of a kind that is not merged", "loha.safetensors", named("lora_unet_mid_block_attentions_0_proj_in.hada_w1_a"), "LoHa"],
    ["Flux", "flux.safetensors", named("model.diffusion_model.double_blocks.0.img_attn.qkv.weight"), "Flux"],
    [
      "Stable Diffusion 3",
      "three.safetensors",
      named("model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight"),
      "Stable Diffusion 3",
    ],
    ["a .ckpt with code in it", "evil.ckpt", EVIL, "os.system"],
    ["half a file", "half.safetensors", named("a", "b").subarray(0, 40), "header"],
    ["a page that was saved in place of a file", "page.safetensors", "<!DOCTYPE html><html></html>", "web page"],
  ] as const) {
    test(what, async () => {
      await drop(name, bytes);
      await expect(studio.alert()).toContainText(message);
      await studio.alert().getByRole("button", { name: "Close" }).click();
      // What draws stays, and a LoRA that is none is not added to it.
      await expect(studio.page.getByRole("button", { name: "Model: vignette (own)" })).toBeVisible();
      await expect(studio.page.getByRole("slider", { name: "loha" })).toBeHidden();
    });
  }

  test("after all of them the model that drew before draws", async () => {
    await studio.drawn({ prompt: "a castle", steps: 1, side: SMALL });
    await expect(studio.page).toHaveURL((url) => new URLSearchParams(url.hash.slice(1)).get("model") === "vignette (own)");
  });

  test("a file of another kind changes nothing", async () => {
    await drop("notes.txt", "a windmill");
    await expect(studio.page.locator("form > p").first()).toContainText("takes");
  });
});
