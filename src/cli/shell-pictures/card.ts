// The card that is shown where somebody links to the page: its name, what it does, and four pictures that it drew.
import { readFile } from "node:fs/promises";
import type { Browser } from "@playwright/test";

/** The size that most places show without cutting it. */
const SIZE = { width: 1200, height: 630 };

const STYLE = `
  body { margin: 0; inline-size: 1200px; block-size: 630px; overflow: hidden; background: #0e1013; color: #ece9e3; }
  body { display: grid; grid-template-columns: 1fr 684px; align-items: center; }
  section { padding-inline-start: 72px; }
  svg { display: block; inline-size: 112px; margin-block-end: 36px; }
  h1 { margin: 0 0 18px; font: 500 76px/1 "Iowan Old Style", Palatino, "Noto Serif", Georgia, serif; letter-spacing: -0.015em; }
  p { margin: 0; color: #b5b0a7; font: 29px/1.4 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; text-wrap: balance; }
  figure { display: grid; grid-template-columns: 330px 330px; gap: 16px; margin: 0; rotate: -4deg; }
  img { inline-size: 330px; border-radius: 22px; }
`;

/** @param pictures data URLs */
export async function drawCard(browser: Browser, pictures: readonly string[], out: string): Promise<void> {
  const icon = await readFile(`${out}/icon.svg`, "utf8");
  const page = await browser.newPage({ viewport: SIZE });
  const images = pictures.map((picture) => `<img src="${picture}">`).join("");
  await page.setContent(
    `<style>${STYLE}</style><section>${icon}<h1>Onestroke</h1><p>Pictures from a sentence, in one step, on your own device</p></section><figure>${images}</figure>`,
  );
  await page.screenshot({ path: `${out}/social.jpg`, quality: 90 });
  await page.close();
}
