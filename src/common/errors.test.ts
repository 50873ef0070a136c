// Every code stands for a failure that can happen, and crosses the worker's boundary as it is.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { OnestrokeError, REMEDIES } from "./errors";

const SOURCES = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !/\.test\.ts$|^errors\.ts$|(^|\/)testing\//.test(path))
  .map((path) => readFileSync(join("src", path), "utf8"))
  .join("\n");

test.each(Object.keys(REMEDIES))("%s is thrown somewhere", (code) => {
  expect(SOURCES).toMatch(new RegExp(`OnestrokeError(\\.from)?\\([^;]*"${code}"`));
});

test("an error keeps what it says on its way as plain data", () => {
  const error = new OnestrokeError("model-missing", "gone", { file: "unet/config.json" });
  const rebuilt = OnestrokeError.fromWire(structuredClone(error.toWire()));
  expect(rebuilt).toBeInstanceOf(OnestrokeError);
  expect(rebuilt).toMatchObject({ code: "model-missing", message: "gone", detail: { file: "unet/config.json" }, remedy: error.remedy });
});
