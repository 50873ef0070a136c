// Messages of errors are parts of sentences, as a terminal says them. The page says them as sentences.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sentence } from "./sentence";

const MESSAGE = /(?:OnestrokeError\("[\w-]+"|\b(?:invalid|unfit)\(\w*"?[\w-]*"?),\s*["`]([a-z]+ [^"`]*)/g;

test("every message that can reach the page begins with a capital, but for names", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !/\.test\.|testing\/|^cli\//.test(file),
  );
  const messages = files.flatMap((file) =>
    [...readFileSync(join("src", file), "utf8").matchAll(MESSAGE)].map(([, message = ""]) => message),
  );
  // What is said of a file begins with its name.
  const whole = messages.filter((message) => !message.startsWith("has "));
  expect(whole.length, "control: they are found").toBeGreaterThan(60);
  expect(whole.filter((message) => /^[a-z]/.test(sentence(message)))).toEqual([]);
  for (const name of ["unet/config.json is not there", "ink was made for another model", "${name} is missing"]) {
    expect(sentence(name)).toBe(name);
  }
});
