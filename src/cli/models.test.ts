// Files of a model come with what the catalogue says of it, which an engine that reads files alone would miss.
import { expect, test } from "vitest";
import { modelFiles } from "./models";

test("an id comes with its entry", async () => {
  expect((await modelFiles("nitrosd-realism")).entry).toMatchObject({
    id: "nitrosd-realism",
    components: { unet: {} },
    family: "sdxl",
  });
});

test("a folder speaks for itself", async () => {
  const { base, entry } = await modelFiles("models/vignette");
  expect(entry).toBeUndefined();
  expect(await base?.exists("unet/model.onnx")).toBe(true);
});

test.each(["no-such-model", "/does/not/exist/vignette", "someone/sdxl-turbo", "./vignette"])(
  "%s is neither, whatever its last part",
  async (name) => {
    await expect(modelFiles(name)).rejects.toMatchObject({ code: "model-missing" });
  },
);
