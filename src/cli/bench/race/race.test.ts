// How a race is run and reported, on a course that answers at once: who starts when, and what becomes of the times.
import { expect, test } from "vitest";
import type { Course } from "./course";
import { race } from "./index";
import { SIDES } from "./racer";

/** ONNX Runtime takes four times as long cold and twice as long warm, and the first cold heat is slow for both. */
function course(clock: Course["clock"], heats: string[]): Course {
  return {
    adapter: "made up",
    clock,
    cold: async (name, side) => {
      heats.push(`${name} ${side} cold`);
      const slow = heats.length <= SIDES.length ? 10 : 1;
      return side === "ours" ? { ms: 500 * slow, peakBytes: 3 * 2 ** 20 } : { ms: 2000 * slow, peakBytes: 7 * 2 ** 20 };
    },
    warm: async (name) => {
      heats.push(`${name} warm`);
      return { samples: { ours: [30, 10, 20], onnxruntime: [40, 40] }, difference: 1e-6 };
    },
    close: async () => undefined,
  };
}

test("cold heats alternate, and medians of both are compared", async () => {
  const heats: string[] = [];
  const lines: string[] = [];
  const { races } = await race(course("the wall", heats), ["taesd-256"], (line) => lines.push(line));
  const round = SIDES.map((side) => `taesd-256 ${side} cold`);
  expect(heats).toEqual([...round, ...round, ...round, "taesd-256 warm"]);
  expect(races).toMatchObject([
    {
      name: "taesd-256",
      cold: { oursMs: 500, onnxruntimeMs: 2000, ratio: 4, samples: { ours: [5000, 500, 500], onnxruntime: [20_000, 2000, 2000] } },
      warm: { oursMs: 20, onnxruntimeMs: 40, ratio: 2 },
      peakBytes: { ours: 3 * 2 ** 20, onnxruntime: 7 * 2 ** 20 },
      difference: 1e-6,
    },
  ]);
  expect(lines.at(-1)).toBe("| taesd-256 | 500 ms, 2.00 s | 4.00 | 20 ms, 40 ms | 2.00 | 3 MiB, 7 MiB |");
});

test("processor time is taken once, since it hardly varies", async () => {
  const heats: string[] = [];
  await race(course("the processor", heats), ["vignette-unet", "vignette-text"], () => undefined);
  const of = (name: string) => [...SIDES.map((side) => `${name} ${side} cold`), `${name} warm`];
  expect(heats).toEqual([...of("vignette-unet"), ...of("vignette-text")]);
});
