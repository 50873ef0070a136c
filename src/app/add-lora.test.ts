// A LoRA's file is added while a picture is being drawn with another one of its name, or after one was.
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
