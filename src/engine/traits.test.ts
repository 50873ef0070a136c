// Which adapters compute in which way, as far as their names and features tell.
import { expect, test } from "vitest";
import { adapterClass, type AdapterClass } from "./traits";

const CASES: readonly (readonly [vendor: string, architecture: string, float16: boolean, kind: AdapterClass])[] = [
  ["amd", "rdna-3", true, "hardwareWithFastFloat16"],
  ["intel", "gen-12lp", true, "hardwareWithFewRegisters"],
  ["apple", "metal-3", true, "hardwareWithFloat16Tiles"],
  ["nvidia", "turing", true, "hardwareWithFastFloat16"],
  ["nvidia", "ampere", true, "hardware"],
  ["nvidia", "pascal", true, "hardware"],
  ["qualcomm", "adreno-7xx", true, "hardware"],
  ["", "", true, "hardware"],
  // Without float16 there is nothing to choose.
  ["amd", "rdna-3", false, "hardware"],
  ["nvidia", "turing", false, "hardware"],
];

test.each(CASES)("%s %s, float16 %s: %s", (vendor, architecture, float16, kind) => {
  expect(adapterClass({ vendor, architecture, software: false, float16 })).toBe(kind);
});

test("what runs on the processor computes as software, whatever its vendor", () => {
  expect(adapterClass({ vendor: "amd", architecture: "rdna-3", software: true, float16: true })).toBe("softwareWithFloat16");
  expect(adapterClass({ vendor: "amd", architecture: "rdna-3", software: true, float16: false })).toBe("software");
});
