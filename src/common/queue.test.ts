// Jobs run one at a time and in order, and a job that fails does not affect the others.
import { expect, test } from "vitest";
import { SerialQueue } from "./queue";

test("jobs do not overlap and keep their order", async () => {
  const queue = new SerialQueue();
  const log: string[] = [];
  const job = (name: string) => async () => {
    log.push(`${name} starts`);
    await new Promise((resolve) => setTimeout(resolve, 2));
    log.push(`${name} ends`);
  };
  await Promise.all([queue.run(job("a")), queue.run(job("b"))]);
  expect(log).toEqual(["a starts", "a ends", "b starts", "b ends"]);
});

test("a failure is the caller's alone", async () => {
  const queue = new SerialQueue();
  const failing = queue.run(async () => {
    throw new Error("boom");
  });
  const next = queue.run(async () => "fine");
  await expect(failing).rejects.toThrow("boom");
  await expect(next).resolves.toBe("fine");
});
