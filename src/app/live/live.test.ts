// Live drawing without a page: what is drawn and what is not, which pictures are kept, and that nothing is asked of the generator while it
// is off or the page is hidden.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { drawingOf, setUp, waiting } from "../testing/fake-app";
import type { Sight } from "./live";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Long enough for a picture to stand. */
const PAUSE_MS = 1_600;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

type Generate = Parameters<typeof setUp>[1];

/** An app that shows its first picture and draws live. */
async function liveApp(generate?: Generate, sight?: Sight) {
  const it = setUp("", generate, undefined, sight);
  await it.app.start();
  await pass();
  it.app.setLive(true);
  await pass();
  const prompts = () => it.asked.slice(1).map(({ prompt }) => prompt);
  const kept = () => it.state().gallery.entries.map(({ recipe }) => recipe.prompt);
  return { ...it, prompts, kept, first: it.asked[0]?.prompt ?? "" };
}

/** A page that a test hides and shows. */
function curtain() {
  const listeners: (() => void)[] = [];
  let isSeen = true;
  return {
    sight: { isSeen: () => isSeen, onChange: (listen: () => void) => void listeners.push(listen) },
    draw: (isOpen: boolean) => {
      isSeen = isOpen;
      for (const listen of listeners) listen();
    },
  };
}

describe("each change is drawn", () => {
  test("whatever it is, with its own seed, and several at once are one", async () => {
    const { app, asked } = await liveApp();
    expect(asked, "turning it on draws nothing that is there").toHaveLength(1);
    const changes = [{ prompt: "a pier" }, { negative: "fog" }, { steps: 2 }, { seed: "77" }, { width: 128, height: 64 }] as const;
    for (const change of changes) {
      app.edit(change);
      await pass();
      expect(asked.at(-1)).toMatchObject(change);
    }
    expect(asked).toHaveLength(1 + changes.length);
    app.edit({ prompt: "a" });
    app.edit({ prompt: "a h" });
    app.edit({ prompt: "a harbour" });
    await pass();
    expect(asked.slice(1 + changes.length)).toEqual([expect.objectContaining({ prompt: "a harbour", seed: "77" })]);
  });

  test("but not where it comes to the same picture, or to no recipe yet", async () => {
    const { app, asked, state, first } = await liveApp();
    app.edit({ prompt: `${first} ` });
    await pass();
    app.edit({ seed: "12 a" });
    await pass(PAUSE_MS);
    expect(asked).toHaveLength(1);
    expect(state()).toMatchObject({ error: undefined, job: undefined });
    app.edit({ seed: "12" });
    await pass();
    expect(asked, "control").toHaveLength(2);
  });

  test("the newest wins, and the one before is cancelled", async () => {
    const { generate } = waiting();
    const signals: (AbortSignal | undefined)[] = [];
    const { app, prompts, state, first } = await liveApp(async (recipe, hooks) => {
      if (recipe.prompt === "a harbour" || signals.length === 0) return (signals.push(hooks?.signal), drawingOf(recipe));
      signals.push(hooks?.signal);
      return generate(recipe, hooks);
    });
    for (const prompt of ["a", "a h", "a harbour"]) {
      app.edit({ prompt });
      await pass();
      expect(state().shown?.recipe.prompt).toBe(prompt === "a harbour" ? prompt : first);
    }
    expect(prompts()).toEqual(["a", "a h", "a harbour"]);
    expect(signals.slice(1).map((signal) => signal?.aborted)).toEqual([true, true, false]);
  });

  test("a space typed behind a word that is being drawn does not cancel it", async () => {
    const { generate, release } = waiting();
    const { app, prompts, state } = await liveApp((recipe, hooks) =>
      recipe.prompt === "a pier" ? generate(recipe, hooks) : Promise.resolve(drawingOf(recipe)),
    );
    app.edit({ prompt: "a pier" });
    await pass();
    app.edit({ prompt: "a pier " });
    await pass();
    expect(prompts()).toEqual(["a pier"]);
    release[0]?.();
    await pass();
    expect(state().shown?.recipe.prompt).toBe("a pier");
  });

  test("the first step of several is asked to be shown, and only while live", async () => {
    const asked: unknown[] = [];
    const { app } = await liveApp(async (recipe, hooks) => {
      asked.push(hooks?.firstStepShown);
      return drawingOf(recipe);
    });
    app.edit({ steps: 4 });
    await pass();
    app.setLive(false);
    await app.draw({ anew: true });
    expect(asked).toEqual([false, true, false]);
  });
});

test("what was asked for is drawn to its end, and then what was changed meanwhile", async () => {
  const { generate, release } = waiting();
  const { app, prompts, kept } = await liveApp((recipe, hooks) =>
    recipe.prompt === "asked" ? generate(recipe, hooks) : Promise.resolve(drawingOf(recipe)),
  );
  app.setLive(false);
  app.edit({ prompt: "asked" });
  const asked = app.draw();
  await pass();
  app.setLive(true);
  app.edit({ prompt: "changed" });
  await pass();
  expect(prompts()).toEqual(["asked"]);
  release[0]?.();
  await asked;
  await pass();
  expect(prompts()).toEqual(["asked", "changed"]);
  await vi.waitFor(() => expect(kept()).toContain("asked"));
});

describe("nothing is drawn", () => {
  test("while it is off, and what is being drawn is cancelled when it is switched off", async () => {
    const { generate } = waiting();
    const { app, prompts, state } = await liveApp((recipe, hooks) =>
      recipe.prompt === "a pier" ? generate(recipe, hooks) : Promise.resolve(drawingOf(recipe)),
    );
    app.edit({ prompt: "a pier" });
    await pass();
    expect(state().job).toMatchObject({ isPassing: true });
    app.setLive(false);
    await pass();
    expect(state().job).toBeUndefined();
    app.edit({ prompt: "a harbour" });
    await pass(PAUSE_MS);
    expect(prompts()).toEqual(["a pier"]);
    app.setLive(true);
    await pass();
    expect(prompts(), "turning it on draws what was changed").toEqual(["a pier", "a harbour"]);
  });

  test("while the page is hidden, and what was changed is drawn once it is seen again", async () => {
    const page = curtain();
    const { generate } = waiting();
    const { app, prompts, state } = await liveApp(
      (recipe, hooks) => (recipe.prompt === "a pier" ? generate(recipe, hooks) : Promise.resolve(drawingOf(recipe))),
      page.sight,
    );
    app.edit({ prompt: "a pier" });
    await pass();
    page.draw(false);
    await pass();
    expect(state().job, "cancelled").toBeUndefined();
    app.edit({ prompt: "a harbour" });
    await pass(PAUSE_MS);
    expect(prompts()).toEqual(["a pier"]);
    page.draw(true);
    await pass();
    expect(prompts()).toEqual(["a pier", "a harbour"]);
  });
});

describe("a picture is kept", () => {
  test("once typing has paused, and those on the way to it are neither kept nor steps back", async () => {
    const { app, kept, state, queries, first } = await liveApp();
    for (const prompt of ["a", "a pier", "a pier in"]) {
      app.edit({ prompt });
      await pass(200);
      expect(state()).toMatchObject({ isPassing: true, shown: { recipe: { prompt } } });
    }
    app.edit({ prompt: "a pier in fog" });
    await pass(PAUSE_MS);
    expect(state()).toMatchObject({ isPassing: false, status: "Drawn in 6 ms" });
    // Files are packed in time of their own.
    await vi.waitFor(() => expect(kept().toSorted()).toEqual([first, "a pier in fog"]));
    expect(queries).toHaveLength(2);
    await app.undo();
    expect(state()).toMatchObject({ isPassing: false, shown: { recipe: { prompt: first } } });
    await pass(PAUSE_MS);
    expect(kept()).toHaveLength(2);
  });

  test("by Draw, which draws nothing where the picture is there or on its way", async () => {
    const { app, prompts, kept, state } = await liveApp();
    app.edit({ prompt: "a pier" });
    await pass();
    app.edit({ prompt: "a pier " });
    await pass();
    await app.draw();
    await pass();
    expect(prompts()).toEqual(["a pier"]);
    await vi.waitFor(() => expect(kept()).toContain("a pier"));
    // Control: the next one has another seed, as ever.
    const { seed } = state().draft;
    await app.draw();
    expect(prompts()).toEqual(["a pier", "a pier "]);
    expect(state().shown?.recipe.seed).not.toBe(seed);
  });

  test("by switching off", async () => {
    const { app, kept } = await liveApp();
    app.edit({ prompt: "a pier" });
    await pass();
    app.setLive(false);
    await vi.waitFor(() => expect(kept()).toContain("a pier"));
  });

  test("of a comparison the steered side alone", async () => {
    const { app, kept, state } = await liveApp();
    app.edit({ negative: "fog" });
    await pass(PAUSE_MS);
    await app.compare(true);
    await vi.waitFor(() => expect(kept()).toHaveLength(2));
    for (const prompt of ["a", "a pier"]) {
      app.edit({ prompt });
      await pass(100);
    }
    expect(state()).toMatchObject({ isComparing: true, shown: { recipe: { prompt: "a pier", negative: "fog" } } });
    await pass(PAUSE_MS);
    await vi.waitFor(() => expect(kept()).toContain("a pier"));
    expect(kept(), "and no picture that only passed").toHaveLength(3);
    await app.undo();
    expect(state().shown?.recipe, "another prompt is a step of its own").toMatchObject({ negative: "fog" });
    expect(state().shown?.recipe.prompt).not.toBe("a pier");
  });

  test("by turning to another picture", async () => {
    const { app, asked, kept, state } = await liveApp();
    app.edit({ prompt: "a pier" });
    await pass();
    if (asked[0] !== undefined) await app.bring(asked[0]);
    expect(state()).toMatchObject({ isPassing: false, shown: { recipe: asked[0] }, trail: { at: 2 } });
    await vi.waitFor(() => expect(kept()).toContain("a pier"));
    await app.undo();
    expect(state().shown?.recipe.prompt).toBe("a pier");
  });

  test("by going back from it, so that it can be come back to", async () => {
    const { app, kept, state, first } = await liveApp();
    app.edit({ prompt: "a pier" });
    await pass();
    expect(state().isPassing).toBe(true);
    await app.undo();
    expect(state().shown?.recipe.prompt).toBe(first);
    await vi.waitFor(() => expect(kept()).toContain("a pier"));
    await app.redo();
    expect(state()).toMatchObject({ isPassing: false, shown: { recipe: { prompt: "a pier" } } });
  });
});

test("the pace of what was drawn is there for who wants it", async () => {
  const { app, state } = await liveApp();
  for (const prompt of ["a", "a pier"]) {
    app.edit({ prompt });
    await pass(100);
  }
  expect(state().live.frames).toHaveLength(2);
});
