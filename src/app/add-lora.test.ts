// A LoRA's file is added while a picture is being drawn with another one of its name.
import { expect, test } from "vitest";
import { startedThenWaiting } from "./testing/fake-app";

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
