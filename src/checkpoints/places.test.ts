// A model's folder on the page's own server is found whatever it is called, and never on another server or outside the models. What is
// known of its weights beforehand is known of its parts.
import fc from "fast-check";
import { expect, test } from "vitest";
import { modelName } from "../common/recipe";
import type { ComponentNumbers } from "../common/stored-pieces";
import type { ComponentFormats } from "../common/weight-format";
import { nodeStore } from "./node-file";
import { folderAddress, manifestOf, modelFolder } from "./places";

const ROOT = "http://host.test/app/models/";

test.each([
  ["vignette", "vignette/"],
  ["students/one", "students/one/"],
  ["My Model (fp16)", "My%20Model%20(fp16)/"],
  ["a?b#c", "a%3Fb%23c/"],
  ["https:other.test", "https%3Aother.test/"],
  ["100%", "100%25/"],
])("%s", (repository, below) => expect(folderAddress(repository, ROOT)).toBe(`${ROOT}${below}`));

test("whatever a recipe names stays below the models", () => {
  const names = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(..."a.:/\\?#%2e@ "), maxLength: 20 }));
  fc.assert(
    fc.property(names, (name) => {
      const { href } = new URL(folderAddress(modelName(name), ROOT));
      expect(href.startsWith(ROOT) && href.length > ROOT.length).toBe(true);
    }),
  );
});

test("what its weights are stored in is told of each part, where that is known, and of none that it does not have", async () => {
  const files = modelFolder(nodeStore("models/vignette"));
  const known = async (weightFormats?: ComponentFormats) => {
    const storedNumbers: ComponentNumbers = { unet: ["f32"], transformer: ["f16"] };
    const { components } = await manifestOf({ ...files, weightFormats, ...(weightFormats && { storedNumbers }) });
    expect(components.unet?.storedNumbers).toEqual(weightFormats && ["f32"]);
    expect(components.text_encoder?.storedNumbers).toBeUndefined();
    return new Map(
      Object.entries(components).flatMap(([name, { weightFormat }]) => (weightFormat === undefined ? [] : [[name, weightFormat]])),
    );
  };
  const formats = { unet: "q8", text_encoder: "q4" } as const;
  expect(await known({ ...formats, transformer: "q8" })).toEqual(new Map(Object.entries(formats)));
  expect(await known(), "control").toEqual(new Map());
});
