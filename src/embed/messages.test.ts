import fc from "fast-check";
import { expect, test } from "vitest";
import { callOf, greetingOf, idOf, replyOf } from "./messages";

const RECIPE = { model: "vignette", prompt: "a pier", steps: 1, seed: "2", width: 64, height: 64 };

test("calls and greetings are read", () => {
  expect(callOf({ type: "draw", id: 1, recipe: RECIPE })).toMatchObject({
    type: "draw",
    id: 1,
    recipe: { prompt: "a pier", negative: "" },
  });
  expect(callOf({ type: "cancel", id: 1, more: "ignored" })).toEqual({ type: "cancel", id: 1 });
  expect(greetingOf({ type: "onestroke-greeting", nonce: "n" })).toEqual({ type: "onestroke-greeting", nonce: "n" });
  expect(replyOf({ type: "onestroke-reply", nonce: "n" })).toEqual({ type: "onestroke-reply", nonce: "n" });
});

test("what has another form is ignored, and a broken recipe is refused by its field", () => {
  for (const data of [null, 1, "draw", [], {}, { type: "draw" }, { type: "draw", id: "1", recipe: RECIPE }, { type: "load", id: 1 }]) {
    expect(callOf(data)).toBeUndefined();
  }
  expect(() => callOf({ type: "draw", id: 1, recipe: { ...RECIPE, width: 1e9 } })).toThrow(
    expect.objectContaining({ detail: { field: "width" } }),
  );
  expect(idOf({ id: 0.5 })).toBeUndefined();
});

test("I4: nothing is taken from a prototype", () => {
  const inherited = Object.create({ type: "cancel", id: 1 });
  expect(callOf(inherited)).toBeUndefined();
  expect(callOf(JSON.parse('{"__proto__": {"type": "cancel", "id": 1}}'))).toBeUndefined();
});

test("I4: any value is ignored or refused with the one class of error", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (data) => {
      try {
        expect(callOf({ type: "draw", id: 1, recipe: data })).toMatchObject({ type: "draw" });
      } catch (error) {
        expect(error).toMatchObject({ code: "invalid-input" });
      }
      expect(replyOf(data)).toBeUndefined();
    }),
  );
});
