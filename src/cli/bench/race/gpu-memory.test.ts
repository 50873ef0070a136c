// What counts as memory: every buffer from its making to its first end.
import { expect, test } from "vitest";
import { watchMemory } from "./gpu-memory";

test("the peak is of buffers that are there together, and an end counts once", () => {
  const gpu = { createBuffer: ({ size }: GPUBufferDescriptor) => ({ size, destroy: () => undefined }) };
  const memory = watchMemory(gpu);
  const buffer = (size: number) => gpu.createBuffer({ size, usage: 0 });
  expect(memory.peakBytes()).toBe(0);
  const first = buffer(100);
  buffer(50);
  expect(memory.peakBytes()).toBe(150);
  first.destroy();
  first.destroy();
  buffer(90);
  expect(memory.peakBytes()).toBe(150);
  buffer(20);
  expect(memory.peakBytes()).toBe(160);
});
