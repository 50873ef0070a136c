// Every code stands for a failure that can happen, and an error crosses the worker's boundary unchanged.
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

test("a failure may bring its own remedy, and keeps it across the worker", () => {
  const error = new OnestrokeError("model-unsupported", "no", { remedy: "Do this." });
  expect([error.remedy, OnestrokeError.fromWire(error.toWire()).remedy]).toEqual(["Do this.", "Do this."]);
  expect(new OnestrokeError("model-unsupported", "no").remedy, "control").toBe(REMEDIES["model-unsupported"]);
});

test("a message has an end and nothing in it that steers a terminal", () => {
  expect(new OnestrokeError("invalid-input", "a\u001b[31mb\u0000\r\n\tc").message).toBe("a\ufffd[31mb\ufffd\ufffd\n\tc");
  expect(new OnestrokeError("invalid-input", "x".repeat(10_000_000)).message.length).toBeLessThan(5000);
});
