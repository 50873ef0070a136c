// A LoRA's file is added while a picture is being drawn with another one of its name, or after one was.
import { expect, test } from "vitest";
import { OnestrokeError } from "../common/errors";
import { createApp } from "./store";
import { drawingOf, IDLE, NO_MODELS_KEPT, startedThenWaiting } from "./testing/fake-app";

test("a file under the name of one that is being drawn with is drawn with all the same, and that picture ends", async () => {
  const { app, asked, state, release, isAsked } = await startedThenWaiting();
  const file = (text: string) => new File([text], "ink.safetensors");
  const first = app.addLora(file("one"));
  await isAsked(2);
  const second = app.addLora(file("other"));
  await isAsked(3);
  release[2]?.();
  await Promise.all([first, second]);
  expect(asked.map(({ loras = [] }) => loras.map(({ name }) => name))).toEqual([[], ["ink"], ["ink"]]);
  expect(state()).toMatchObject({ shown: { recipe: { loras: [{ name: "ink" }] } }, job: undefined, error: undefined });
});

test("a file that takes the place of another and is cancelled is drawn with by the next Draw: a kept picture is of the other file", async () => {
  const { app, asked, state, release, isAsked } = await startedThenWaiting();
  const file = (text: string) => new File([text], "ink.safetensors");
  app.edit({ seed: "5", seedKept: true });
  const first = app.addLora(file("one"));
  await isAsked(2);
  release[1]?.();
  await first;
  await app.draw();
  expect(asked, "control: what is there is shown").toHaveLength(2);
  const second = app.addLora(file("other"));
  await isAsked(3);
  app.cancel();
  await second;
  const drawing = app.draw();
  await isAsked(4);
  release[3]?.();
  await drawing;
  await app.draw();
  expect(asked, "and is there from then on").toHaveLength(4);
  expect(state()).toMatchObject({ job: undefined, error: undefined });
});

test("a file that is no LoRA is taken out again, and the error says why; the one before of its name stays", async () => {
  const lent = new Map<string, Blob>();
  const models = {
    ...NO_MODELS_KEPT,
    lendLora: (name: string, file: Blob) => void lent.set(name, file),
    loraOf: (name: string) => lent.get(name),
  };
  let code: "model-unsupported" | "gpu-lost" | undefined;
  const generate: typeof IDLE.generate = async (recipe) => {
    if (code !== undefined) throw new OnestrokeError(code, "ink is a LoHa");
    return drawingOf(recipe);
  };
  const app = createApp({ ...IDLE, generate }, models, "", () => undefined);
  const state = () => app.store.getState();
  await app.start();
  const [good, bad] = [new File(["good"], "ink.safetensors"), new File(["bad"], "ink.safetensors")];
  code = "model-unsupported";
  await app.addLora(bad);
  expect(state()).toMatchObject({ draft: { loras: [] }, error: { code }, notice: undefined });
  code = undefined;
  await app.addLora(good);
  app.edit({ loras: [{ name: "ink", weight: 0.5 }] });
  code = "model-unsupported";
  await app.addLora(bad);
  expect(state()).toMatchObject({ draft: { loras: [{ name: "ink", weight: 0.5 }] }, error: { code } });
  expect(lent.get("ink")).toBe(good);
  // Control: what is not the file's fault takes nothing out.
  code = "gpu-lost";
  await app.addLora(bad);
  expect(state().draft.loras).toEqual([{ name: "ink", weight: 1 }]);
});

test("a file that is added while the model cannot be loaded is not the one at fault, and stays", async () => {
  const load: typeof IDLE.load = async () => Promise.reject(new OnestrokeError("model-corrupt", "the model is damaged"));
  const app = createApp({ ...IDLE, load }, NO_MODELS_KEPT, "", () => undefined);
  await app.start();
  await app.addLora(new File(["good"], "ink.safetensors"));
  expect(app.store.getState()).toMatchObject({ draft: { loras: [{ name: "ink", weight: 1 }] }, error: { code: "model-corrupt" } });
});

test("a file that four like this were drawn with is there from then on", async () => {
  const { app, asked, release, isAsked, state } = await startedThenWaiting();
  app.edit({ seed: "5", seedKept: true });
  const adding = app.addLora(new File(["one"], "ink.safetensors"));
  await isAsked(2);
  app.cancel();
  await adding;
  const exploring = app.explore();
  for (const count of [3, 4, 5, 6]) {
    await isAsked(count);
    expect(state().freshLoras.size, "control: until one is drawn it is not known").toBe(count === 3 ? 1 : 0);
    release[count - 1]?.();
  }
  await exploring;
  app.choose(0);
  await app.draw();
  expect(asked, "the one that was chosen is not drawn a second time").toHaveLength(6);
});
