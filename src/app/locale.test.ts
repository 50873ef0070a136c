// Numbers are written as people write them where they live, in English sentences.
import { expect, test } from "vitest";
import { numbersLocale } from "./locale";

const size = (languages: readonly string[]): string =>
  new Intl.NumberFormat(numbersLocale(languages), { style: "unit", unit: "gigabyte", maximumFractionDigits: 1 }).format(1234.5);

test.each([
  [["de-DE", "en"], "1.234,5 GB"],
  [["de"], "1.234,5 GB"],
  [["en-US"], "1,234.5 GB"],
  [["en"], "1,234.5 GB"],
  [[], "1,234.5 GB"],
  [["no language"], "1,234.5 GB"],
])("%j: %s", (languages, expected) => {
  expect(size(languages)).toBe(expected);
});

test("words stay English", () => {
  const minutes = new Intl.NumberFormat(numbersLocale(["de-DE"]), { style: "unit", unit: "minute", unitDisplay: "long" });
  expect(minutes.format(5)).toBe("5 minutes");
});
