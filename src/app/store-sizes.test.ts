// The size that nobody has chosen is the one that the model draws here, which is known once it is loaded. One that somebody has chosen, or
// that a link names, stays.
import { expect, test, vi } from "vitest";
import type { Generator } from "../library";
import type { ModelFacts } from "../common/model-facts";
import { FIRST_DRAFT, linkOfDraft } from "./draft";
import { drawingOf, MODEL, setUp } from "./testing/fake-app";

const QUICK: ModelFacts = {
  ...MODEL,
  defaultSize: 512,
  trainedSizes: [
    { side: 256, multiple: 8 },
    { side: 512, multiple: 16 },
  ],
};

function page(query = "", facts = QUICK) {
  const load = vi.fn<Generator["load"]>(async () => facts);
  const generate: Generator["generate"] = async (recipe) => ({ ...drawingOf(recipe), model: facts });
  return { ...setUp(query, generate, undefined, undefined, { load }), load };
}

test("on a quick GPU the first picture is large, and made ready for as that; control: elsewhere it is small", async () => {
  const quick = page();
  await quick.app.start();
  expect(quick.asked[0]).toMatchObject({ width: 512, height: 512 });
  expect(quick.load.mock.calls[0]?.[1]?.size).toBeUndefined();
  const slow = page("", { ...QUICK, defaultSize: 256 });
  await slow.app.start();
  expect(slow.asked[0]).toMatchObject({ width: 256, height: 256 });
});

test("a link that names a size is drawn at that; control: one that names none is drawn as large as here", async () => {
  const linked = page("prompt=a+pier&seed=3&size=256x256");
  await linked.app.start();
  expect(linked.asked[0]).toMatchObject({ prompt: "a pier", width: 256, height: 256 });
  expect(linked.load.mock.calls[0]?.[1]?.size).toEqual({ width: 256, height: 256 });
  const open = page("prompt=a+pier&seed=3");
  await open.app.start();
  expect(open.asked[0]).toMatchObject({ prompt: "a pier", width: 512, height: 512 });
  await open.app.openLink("prompt=a+hill&seed=4");
  expect(open.asked[1], "the model is there by now").toMatchObject({ prompt: "a hill", width: 512, height: 512 });
});

test("what somebody chooses while the model is loaded stays, and so does what was drawn", async () => {
  const { app, asked, state } = page();
  app.edit({ width: 384, height: 256 });
  await app.start();
  expect(asked[0]).toMatchObject({ width: 384, height: 256 });
  await app.useEngine("ort-wasm");
  expect(state().draft).toMatchObject({ width: 384, height: 256 });
});

test("an address written before the model is there leaves the size open; control: not one that was chosen", () => {
  expect(new URLSearchParams(linkOfDraft(FIRST_DRAFT)).has("size")).toBe(false);
  expect(new URLSearchParams(linkOfDraft({ ...FIRST_DRAFT, isSizeOpen: false })).get("size")).toBe("256x256");
});
