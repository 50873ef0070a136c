// Where what comes to an open page leads: an address from the address bar or the system, and a picture that is pasted.
import { afterEach, expect, test, vi } from "vitest";
import { RECIPE } from "../common/testing/fakes";
import { encodePng } from "../image/png";
import { RECIPE_KEYWORD } from "../image/png-text";
import { receiveLaunches } from "./launches";
import { draw, setUp } from "./testing/fake-app";

afterEach(() => vi.unstubAllGlobals());

/** An open page, and two ways to an address of it. */
async function openPage() {
  const page = new EventTarget();
  const location = { hash: "" };
  const consumers: ((launch: { targetURL: string; files: [] }) => void)[] = [];
  vi.stubGlobal("window", { launchQueue: { setConsumer: (consumer: (typeof consumers)[0]) => consumers.push(consumer) } });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("location", location);
  vi.stubGlobal("navigator", { userAgent: "a browser" });
  const it = setUp();
  receiveLaunches(it.app);
  await draw(it.app, { prompt: "half a sentence" });
  return {
    ...it,
    paste: (hash: string) => {
      location.hash = hash;
      page.dispatchEvent(new Event("hashchange"));
    },
    launch: (hash: string) => consumers[0]?.({ targetURL: `https://page.example/${hash}`, files: [] }),
  };
}

test.each(["paste", "launch"] as const)(
  "%s: the examination's address opens it and leaves the controls alone; a link closes it",
  async (way) => {
    const page = await openPage();
    page[way]("#doctor");
    expect(page.state()).toMatchObject({ doctor: { isOpen: true }, draft: { prompt: "half a sentence" } });
    page[way]("#prompt=a+fox");
    await vi.waitFor(() => expect(page.state().shown?.recipe.prompt).toBe("a fox"));
    expect(page.state().doctor.isOpen).toBe(false);
    expect(page.asked.map(({ prompt }) => prompt)).toEqual(["half a sentence", "a fox"]);
  },
);

test("a pasted PNG brings its recipe back, and one without a recipe is drawn over", async () => {
  const page = new EventTarget();
  vi.stubGlobal("window", {});
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  const { app, state } = setUp();
  const startFromFile = vi.fn<typeof app.startFromFile>(async () => undefined);
  receiveLaunches({ ...app, startFromFile });
  const paste = async (texts: ReadonlyMap<string, string>): Promise<void> => {
    const bytes = await encodePng({ width: 1, height: 1, data: new Uint8ClampedArray(4) }, texts);
    const files = [new File([bytes], "image.png", { type: "image/png" })];
    page.dispatchEvent(Object.assign(new Event("paste"), { clipboardData: { files, types: ["Files"] } }));
  };
  await paste(new Map([[RECIPE_KEYWORD, JSON.stringify({ ...RECIPE, prompt: "a pier" })]]));
  await vi.waitFor(() => expect(state().shown?.recipe.prompt).toBe("a pier"));
  expect(startFromFile).not.toHaveBeenCalled();
  await paste(new Map());
  await vi.waitFor(() => expect(startFromFile).toHaveBeenCalledOnce());
  expect(state().draft.prompt).toBe("a pier");
});
