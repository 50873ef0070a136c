// A LoRA that is dropped on the page is added to the model that draws: it has a slider, which draws another picture, and is taken out again.
// One that was made for another model says so.
import { createHash } from "node:crypto";
import type { Page } from "@playwright/test";
import { float32Tensor, safetensorsFile } from "../src/checkpoints/testing/safetensors-file";
import { expect, test } from "./studio";

const LAYER = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_q";

/** The model is read again for it, on a software GPU with other work beside it. */
const READ_MS = 5 * 60_000;

/** Rank 1 over a layer of the embedded student, or over one that it does not have. */
function loraFile(layer: string, times = 1): string {
  const ramp = (shape: readonly number[]) =>
    float32Tensor(
      Array.from({ length: 192 }, (_, i) => times * Math.sin(i)),
      shape,
    );
  const file = safetensorsFile(
    new Map([
      [`${layer}.lora_up.weight`, ramp([192, 1])],
      [`${layer}.lora_down.weight`, ramp([1, 192])],
    ]),
  );
  return Buffer.from(file).toString("base64");
}

function drop(page: Page, name: string, base64: string): Promise<void> {
  return page.evaluate(
    ([fileName, text]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], fileName));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    },
    [name, base64] as const,
  );
}

test("a LoRA is dropped, turned down and taken out", async ({ studio }) => {
  const { page } = studio;
  const plain = await studio.drawn({ prompt: "a windmill", seed: "3" });
  await drop(page, "ink.safetensors", loraFile(LAYER));
  const slider = page.getByRole("slider", { name: "ink" });
  await expect(slider).toBeVisible();
  await expect(page.locator("figcaption")).toContainText("ink 1", { timeout: READ_MS });
  const full = await studio.finished();
  expect(full.pixels).not.toBe(plain.pixels);
  // The recipe says which file it was.
  const hash = createHash("sha256")
    .update(Buffer.from(loraFile(LAYER), "base64"))
    .digest("hex")
    .slice(0, 12);
  await expect(page).toHaveURL(new RegExp(`lora=ink%3A1%40${hash}`));
  await page.locator("summary", { hasText: "Technical details" }).click();
  await expect(page.getByText(`ink (${hash})`)).toBeVisible();
  await page.locator("summary", { hasText: "Technical details" }).click();

  // Another file of that name is another LoRA, and one that the link's is not is said.
  await drop(page, "ink.safetensors", loraFile(LAYER, 2));
  await expect(page).not.toHaveURL(new RegExp(hash), { timeout: READ_MS });
  const other = await studio.finished();
  expect(other.pixels).not.toBe(full.pixels);
  await page.evaluate((at) => (location.hash = `prompt=a+windmill&seed=4&size=64x64&lora=ink%3A1%40${at}`), hash);
  await expect(page.locator("form > p", { hasText: `another file of ink (${hash})` })).toBeVisible({ timeout: READ_MS });

  await slider.fill("0");
  expect((await studio.drawn({ seed: "3" })).pixels).toBe(plain.pixels);

  await page.getByRole("button", { name: "Take out ink" }).click();
  await expect(slider).toBeHidden();
  expect((await studio.drawn({ seed: "3" })).pixels).toBe(plain.pixels);
});

test("a LoRA for another model says so", async ({ studio }) => {
  const { page } = studio;
  await drop(page, "other.safetensors", loraFile("lora_unet_down_blocks_9_attentions_0_proj_in"));
  await expect(studio.alert()).toContainText("other does not fit vignette", { timeout: READ_MS });
  // It takes no part in what is drawn from then on.
  await expect(page.getByRole("button", { name: "Take out other" })).toBeHidden();
  await studio.drawn({ prompt: "a windmill", seed: "3" });
});
