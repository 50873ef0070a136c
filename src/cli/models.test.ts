// Files of a model come with what the catalogue says of it, which an engine that reads files alone would miss.
import { expect, test } from "vitest";
import { openModelFiles } from "./models";

test("an id comes with its entry", async () => {
  expect((await openModelFiles("nitrosd-realism")).entry).toMatchObject({
    id: "nitrosd-realism",
    components: { unet: {} },
    family: "sdxl",
  });
});

test("a folder speaks for itself", async () => {
  const { store, entry } = await openModelFiles("models/vignette");
  expect(entry).toBeUndefined();
  expect(await store.exists("unet/model.onnx")).toBe(true);
});

test("what is neither", async () => {
  await expect(openModelFiles("no-such-model")).rejects.toMatchObject({ code: "model-missing" });
});
