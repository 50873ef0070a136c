// A shared text becomes the prompt of a link, as the page reads it; an address that shares nothing stays what it is.
import { expect, test } from "vitest";
import { recipeFromQuery } from "./permalink";
import { linkOfShare } from "./shared-text";
import { RECIPE } from "./testing/fakes";

const PAGE = "https://page.example/some/path/";

test.each([
  ["text=a+fox", "a fox"],
  ["title=A+page&text=a+fox", "a fox"],
  ["title=a+title&text=", "a title"],
  ["text=%20%20a+fox%0A", "a fox"],
  [`text=${encodeURIComponent("a & b #1 = ü 🦊 <b>")}`, "a & b #1 = ü 🦊 <b>"],
])("%s becomes the prompt", (query, prompt) => {
  const link = new URL(linkOfShare(new URL(`?${query}#seed=5`, PAGE)) ?? "");
  expect(link.href).toMatch(/^https:\/\/page\.example\/some\/path\/#/);
  expect(recipeFromQuery(link.hash.slice(1), RECIPE)).toEqual({ ...RECIPE, prompt });
});

test.each(["", "?text=", "?title=+&text=+", "?prompt=a+fox", "#text=a+fox"])("%o shares nothing", (address) => {
  expect(linkOfShare(new URL(address, PAGE))).toBeUndefined();
});
