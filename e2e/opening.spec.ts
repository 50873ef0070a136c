// Pictures that come to the page: dropped, pasted or chosen. Ours and other tools' bring back what they were drawn from, and a hostile file
// is refused in words and changes nothing.
import type { Page } from "@playwright/test";
import { encodePng } from "../src/image/png";
import { RECIPE_KEYWORD } from "../src/image/png-text";
import { expect, test } from "./studio";

const PIXELS = { width: 2, height: 2, data: new Uint8ClampedArray(16).fill(255) };
const RECIPE = {
  model: "vignette",
  prompt: "a fox",
  negative: "",
  steering: { method: "none" },
  steps: 1,
  seed: "5",
  width: 64,
  height: 64,
};
const COMFY = {
  "1": {
    class_type: "KSampler",
    inputs: { seed: 6, steps: 2, cfg: 1, sampler_name: "lcm", denoise: 1, positive: ["2", 0], negative: ["3", 0], latent_image: ["4", 0] },
  },
  "2": { class_type: "CLIPTextEncode", inputs: { text: "an owl" } },
  "3": { class_type: "CLIPTextEncode", inputs: { text: "" } },
  "4": { class_type: "EmptyLatentImage", inputs: { width: 64, height: 64, batch_size: 1 } },
};

const png = async (keyword: string, value: unknown): Promise<Buffer> =>
  Buffer.from(await encodePng(PIXELS, new Map([[keyword, JSON.stringify(value)]])));

/** Gives the page files as a person does who drops or pastes them. */
async function give(page: Page, how: "drop" | "paste", bytes: Buffer, name: string, type: string): Promise<void> {
  await page.evaluate(
    ([event, base64, fileName, mime]) => {
      const data = new DataTransfer();
      data.items.add(
        new File([Uint8Array.from(atob(base64 ?? ""), (letter) => letter.charCodeAt(0))], fileName ?? "", { type: mime ?? "" }),
      );
      const init = { bubbles: true, cancelable: true };
      document.body.dispatchEvent(
        event === "drop"
          ? new DragEvent("drop", { ...init, dataTransfer: data })
          : new ClipboardEvent("paste", { ...init, clipboardData: data }),
      );
    },
    [how, bytes.toString("base64"), name, type],
  );
}

const notice = (page: Page) => page.locator("form > p").first();

test.afterEach(({ studio }) => {
  expect(studio.complaints).toEqual([]);
});

test("one that was saved here, dropped and pasted", async ({ studio }) => {
  for (const how of ["drop", "paste"] as const) {
    await give(studio.page, how, await png(RECIPE_KEYWORD, { ...RECIPE, prompt: `a fox, ${how}` }), "fox.png", "image/png");
    await expect(studio.prompt()).toHaveValue(`a fox, ${how}`);
    await expect(studio.seed()).toHaveValue("5");
    await studio.finished();
    await expect(studio.picture()).toHaveAttribute("aria-label", `a fox, ${how}`);
  }
});

test("one of ComfyUI and one of InvokeAI: what means the same is taken, and the rest is named", async ({ studio }) => {
  await give(studio.page, "drop", await png("prompt", COMFY), "owl.png", "image/png");
  await expect(studio.prompt()).toHaveValue("an owl");
  await expect(notice(studio.page)).toHaveText(
    "This picture was made with ComfyUI. Taken over: prompt, what is left out, steps, seed, size. Not taken over: cfg, sampler_name.",
  );
  await expect(studio.page.getByRole("radio", { name: "2", exact: true })).toBeChecked();
  await studio.finished();
  const metadata = { positive_prompt: "a heron", seed: 8, steps: 30, width: 64, height: 64, cfg_scale: 7.5, app_version: "5.0.0" };
  await give(studio.page, "drop", await png("invokeai_metadata", metadata), "heron.png", "image/png");
  await expect(studio.prompt()).toHaveValue("a heron");
  await expect(notice(studio.page)).toHaveText(
    "This picture was made with InvokeAI. Taken over: prompt, seed, size. Not taken over: steps, cfg_scale.",
  );
  await studio.finished();
  await studio.wish({ steps: 1 });
});

test("I3 hostile files are refused in words, and change nothing", async ({ studio }) => {
  const whole = await png(RECIPE_KEYWORD, RECIPE);
  const claim = Buffer.from(whole);
  // The length of the first text: almost 4 GiB.
  claim.writeUInt32BE(0xfffffff0, 33);
  const checksum = Buffer.from(whole);
  checksum[60] = (checksum[60] ?? 0) ^ 1;
  const hostile: readonly (readonly [string, Buffer, string])[] = [
    ["a chunk of 4 GiB", claim, "image/png"],
    ["a wrong checksum", checksum, "image/png"],
    ["half a file", whole.subarray(0, 70), "image/png"],
    [
      "an SVG that calls itself a PNG",
      Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><script>window.pwned = 1</script></svg>"),
      "image/png",
    ],
    ["a ZIP that calls itself a PNG", Buffer.from("PK\u0003\u0004 and so on"), "image/png"],
    ["a recipe that is none", await png(RECIPE_KEYWORD, { ...RECIPE, steps: 99 }), "image/png"],
    ["a recipe with another's prototype", await png(RECIPE_KEYWORD, JSON.parse('{"__proto__": {"prompt": "a fox"}}')), "image/png"],
    ["a page", Buffer.from("<script>window.pwned = 1</script>"), "text/html"],
  ];
  const before = await studio.drawn({ prompt: "as it was", seed: "3" });
  for (const [name, bytes, type] of hostile) {
    await studio.page.getByLabel("Leave out", { exact: true }).fill("");
    await expect(notice(studio.page), name).toBeHidden();
    await give(studio.page, "drop", bytes, "picture.png", type);
    await expect(notice(studio.page), name).toContainText(
      type === "image/png" ? "holds no recipe of Onestroke" : "The page takes pictures",
    );
    await expect(studio.prompt()).toHaveValue("as it was");
    await studio.page.getByLabel("Leave out", { exact: true }).fill(" ");
  }
  expect((await studio.finished()).pixels).toBe(before.pixels);
  expect(await studio.page.evaluate(() => "pwned" in window)).toBe(false);
});
