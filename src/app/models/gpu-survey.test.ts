// What the page says a device can do follows from what the browser says, and no model is ruled out.
import { expect, test, vi } from "vitest";
import { refusesFloat16 } from "../state";
import { strings } from "../strings";
import { doctor } from "../strings-doctor";
import { MODEL } from "../testing/fake-app";
import { givenGpu, outlook, surveyGpu, type GpuSurvey } from "./gpu-survey";

const GIB = 2 ** 30;
const GPU: GpuSurvey = { name: "a GPU", isSoftware: false, hasFloat16: true, maxBufferBytes: GIB, memoryBytes: 16 * GIB };

test.each<[string, number, Partial<GpuSurvey>, ReturnType<typeof outlook>]>([
  ["a small model", GIB, {}, "fits"],
  ["one that takes half of the memory", 9 * GIB, {}, "tight"],
  ["one that is larger than all of it", 17 * GIB, {}, "risky"],
  ["twice as much where numbers have 32 bits", 5 * GIB, { hasFloat16: false }, "tight"],
  ["a browser that does not tell the memory", 5 * GIB, { memoryBytes: undefined }, "tight"],
  ["a large model on a processor", GIB, { isSoftware: true }, "slow"],
  ["a small one on a processor", GIB / 4, { isSoftware: true }, "fits"],
  ["no WebGPU", 1, { name: undefined }, "no WebGPU"],
])("%s", (_, need, change, expected) => {
  expect(outlook(need, { ...GPU, ...change })).toBe(expected);
});

test("a browser without WebGPU, and one that fails", async () => {
  const gpu: Pick<GPU, "requestAdapter"> = { requestAdapter: vi.fn(() => Promise.reject(new Error("crashed"))) };
  expect(await surveyGpu(gpu)).toMatchObject({ name: undefined });
});

test("float16 that is offered and was refused is said to be so, and counts as none", () => {
  const of = (isRefused: boolean) =>
    refusesFloat16({ model: { kind: "ready", facts: { ...MODEL, ...(isRefused && { refusesFloat16: true }) } } });
  expect([of(true), of(false), refusesFloat16({ model: { kind: "missing" } })]).toEqual([true, false, false]);
  const given = givenGpu(GPU, true) ?? GPU;
  expect(outlook(5 * GIB, given)).toBe("tight");
  expect(strings.models.gpu(given)).toContain("no numbers of 16 bits");
  expect(givenGpu(GPU, false), "control").toBe(GPU);
  expect([doctor.float16(true, true), doctor.float16(true, false), doctor.float16(false, false)]).toEqual([
    "of 32 bits only: those of 16 are offered, but were refused when they were asked for",
    "of 16 and 32 bits",
    "of 32 bits only",
  ]);
});
