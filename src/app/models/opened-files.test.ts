// A folder or a file from the disk becomes a model of its own, whatever it is called.
import { expect, test } from "vitest";
import { parseRecipe } from "../../common/recipe";
import { RECIPE } from "../../common/testing/fakes";
import { filesOfChooser, filesOfEntry, isWeightFile, openedFile, openedFolder } from "./opened-files";

const file = (name: string, bytes = 3): File => new File([new Uint8Array(bytes)], name);

test.each(["my model", "vignette", "owner/name", "..", "sd-turbo+large-decoder"])(
  "a folder called %s is a model that recipes can name",
  (folder) => {
    const { plan, files } = openedFolder(folder, new Map([["unet/config.json", file("config.json")]]));
    expect(parseRecipe({ ...RECIPE, model: plan.model }).model).toBe(plan.model);
    expect(["vignette", "owner/name", "sd-turbo+large-decoder"]).not.toContain(plan.model);
    expect(plan.repositories).toMatchObject([{ revision: "", files: [{ path: "unet/config.json", byteLength: 3 }] }]);
    expect([...files.keys()]).toEqual([`${plan.model}/unet/config.json`]);
  },
);

test("one file is called without its ending", () => {
  expect(openedFile(file("dream.v2.safetensors"))).toMatchObject({ isOneFile: true, plan: { model: "dream.v2" } });
  expect(["a.CKPT", "a.gguf", "a.png", "a.json"].map((name) => isWeightFile({ name }))).toEqual([true, true, false, false]);
});

test("a chosen folder's files lose its name", () => {
  const chosen = ["model/model_index.json", "model/unet/config.json"].map((path) =>
    Object.defineProperty(file("x"), "webkitRelativePath", { value: path }),
  );
  const { folder, files } = filesOfChooser(chosen);
  expect(folder).toBe("model");
  expect([...files.keys()]).toEqual(["model_index.json", "unet/config.json"]);
});

test("a dropped folder is walked to its end, though its entries come in portions", async () => {
  const leaf = (name: string) => ({ name, isFile: true, isDirectory: false, file: (give: (found: File) => void) => give(file(name)) });
  const folder = (name: string, portions: object[][]): FileSystemDirectoryEntry => {
    const left = [...portions, []];
    const made = {
      name,
      isFile: false,
      isDirectory: true,
      createReader: () => ({ readEntries: (give: (found: object[]) => void) => give(left.shift() ?? []) }),
    };
    // oxlint-disable-next-line no-unsafe-type-assertion
    return made as unknown as FileSystemDirectoryEntry;
  };
  const files = await filesOfEntry(
    folder("model", [[leaf("model_index.json")], [folder("unet", [[leaf("config.json")], [leaf("weights")]])]]),
  );
  expect([...files.keys()]).toEqual(["model_index.json", "unet/config.json", "unet/weights"]);
});
