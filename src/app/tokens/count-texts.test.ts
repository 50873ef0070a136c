// What somebody types is counted, and a recipe says how many rows its texts fill where one is longer than a row. Short texts, and recipes
// that were opened, say what they said before.
import { describe, expect, test, vi } from "vitest";
import type { CountedTexts, TextLength } from "../../common/drawing";
import type { Recipe } from "../../common/recipe";
import type { Generator } from "../../library";
import { createApp } from "../store";
import { draw, drawingOf, IDLE, inTurn, NO_MODELS_KEPT } from "../testing/fake-app";

/** Rows of four words, which are long words: what is short in bytes is drawn without a count. */
function lengthOf(text: string): TextLength {
  const tokens = text.split(" ").filter(Boolean).length;
  return { tokens, rows: Math.max(1, Math.ceil(tokens / 4)), lastRow: tokens % 4, perRow: 4, isLong: tokens > 4 };
}

const LONG = ["one", "two", "three", "four", "five"].map((word) => word.padEnd(20, ".")).join(" ");

function setUp(query = "", answer?: (texts: CountedTexts) => ReturnType<Generator["count"]>) {
  const asked: CountedTexts[] = [];
  const drawn: Recipe[] = [];
  const generate: Generator["generate"] = async (recipe) => {
    drawn.push(recipe);
    return drawingOf(recipe);
  };
  const generator: Generator = {
    ...IDLE,
    generate,
    generateTogether: inTurn(generate),
    count: async (texts) => {
      asked.push(texts);
      return answer === undefined ? { prompt: lengthOf(texts.prompt), negative: lengthOf(texts.negative) } : answer(texts);
    },
  };
  const app = createApp(generator, NO_MODELS_KEPT, query, () => undefined);
  return { app, asked, drawn, state: () => app.store.getState(), last: () => drawn.at(-1) };
}

describe("rows", () => {
  test("are in the recipe of a text that is longer than one, and in no other", async () => {
    const { app, last, state } = setUp();
    await draw(app, { prompt: "one two three" });
    expect(last()).not.toHaveProperty("rows");
    await draw(app, { prompt: LONG });
    expect(last()).toMatchObject({ prompt: LONG, rows: 2 });
    expect(state().lengths?.prompt).toEqual(lengthOf(LONG));
    await draw(app, { prompt: "one two" });
    expect(last()).not.toHaveProperty("rows");
  });

  test("are in four like it, and in a comparison, however soon they are asked for", async () => {
    const { app, drawn } = setUp();
    await draw(app, { prompt: "one" });
    app.edit({ prompt: LONG });
    await app.explore();
    expect(drawn.slice(1).map(({ rows }) => rows)).toEqual([2, 2, 2, 2]);
    app.edit({ negative: `${LONG} ${LONG}` });
    await app.compare(true);
    expect(drawn[5]).toMatchObject({ rows: 3 });
  });

  test("are those of the longer text, where it is read", async () => {
    const { app, last } = setUp();
    await draw(app, { prompt: LONG, negative: `${LONG} ${LONG}` });
    expect(last()).toMatchObject({ rows: 3 });
    await draw(app, { prompt: "one", negative: LONG });
    expect(last()).toMatchObject({ rows: 2 });
    await draw(app, { negative: " " });
    expect(last()).not.toHaveProperty("rows");
  });

  test.each([
    ["none, if it says none", `prompt=${LONG}`, undefined],
    ["its own, if it has some", `prompt=${LONG}&rows=4`, 4],
  ])("of a link that is opened are %s, until somebody types", async (_, query, rows) => {
    const { app, last } = setUp(query);
    await app.draw();
    expect(last()?.rows).toBe(rows);
    await draw(app, { seed: "9" });
    expect(last()?.rows).toBe(rows);
    await draw(app, { prompt: `${LONG} six` });
    expect(last()?.rows).toBe(2);
  });

  test("come back with a picture that is shown again", async () => {
    const { app, state } = setUp();
    await draw(app, { prompt: LONG, seed: "1", seedKept: true });
    const long = state().shown?.recipe;
    await draw(app, { prompt: "one" });
    if (long !== undefined) await app.bring(long);
    expect(state().draft).toMatchObject({ prompt: LONG, rows: 2 });
    await vi.waitFor(() => expect(state().lengths?.prompt.rows).toBe(2));
    expect(state().draft.rows).toBe(2);
  });
});

describe("counting", () => {
  test("asks one question at a time, the newest text last, and Draw waits for it", async () => {
    const release: (() => void)[] = [];
    const { app, asked, last } = setUp("", async ({ prompt, negative }) => {
      await new Promise<void>((resolve) => release.push(resolve));
      return { prompt: lengthOf(prompt), negative: lengthOf(negative) };
    });
    app.edit({ prompt: "o" });
    app.edit({ prompt: "on" });
    const drawing = draw(app, { prompt: LONG });
    expect(asked.map(({ prompt }) => prompt)).toEqual(["o"]);
    release[0]?.();
    await vi.waitFor(() => expect(asked.map(({ prompt }) => prompt)).toEqual(["o", LONG]));
    expect(last()).toBeUndefined();
    release[1]?.();
    await drawing;
    expect(last()).toMatchObject({ prompt: LONG, rows: 2 });
    expect(asked).toHaveLength(2);
  });

  test("is not waited for where a text is short, and a picture that was cancelled meanwhile is not drawn", async () => {
    const release: (() => void)[] = [];
    const { app, drawn, state } = setUp("", async ({ prompt, negative }) => {
      if (state().shown !== undefined) await new Promise<void>((resolve) => release.push(resolve));
      return { prompt: lengthOf(prompt), negative: lengthOf(negative) };
    });
    await draw(app, { prompt: "a hill" });
    await draw(app, { prompt: "a lake" });
    expect(drawn.map(({ prompt }) => prompt)).toEqual(["a hill", "a lake"]);
    const cancelled = draw(app, { prompt: LONG });
    app.cancel();
    for (let turn = 0; turn < 2; turn++) {
      await vi.waitFor(() => expect(release).toHaveLength(turn + 1));
      release[turn]?.();
    }
    await cancelled;
    expect(drawn).toHaveLength(2);
  });

  test("says nothing while the model is not loaded, and counts once it is", async () => {
    let isLoaded = false;
    const { app, state, last } = setUp("", async ({ prompt, negative }) =>
      isLoaded ? { prompt: lengthOf(prompt), negative: lengthOf(negative) } : undefined,
    );
    app.edit({ prompt: LONG });
    await vi.waitFor(() => expect(state().lengths).toBeUndefined());
    expect(state().draft.rows).toBeUndefined();
    isLoaded = true;
    await app.draw();
    expect(last()).toMatchObject({ rows: 2 });
  });
});
