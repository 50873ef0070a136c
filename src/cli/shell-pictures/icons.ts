// The icons of an installed page. Systems that cut icons to a shape of their own get one that is filled to the edge and whose mark stays
// within the circle that is never cut (W3C, Web Application Manifest, "icon masks": a radius of 40 %).
import { readFile } from "node:fs/promises";
import type { Browser } from "@playwright/test";

/** The mark's farthest corner is at 0.38 of the side from the middle, with the width of its line; it may be at 0.4 at most. */
const MASKABLE_SCALE = 0.94;

/** Apple rounds the corners by itself. */
const APPLE_SIZE = 180;

/** @param out the folder of the page's public files */
export async function drawIcons(browser: Browser, out: string): Promise<void> {
  const any = await readFile(`${out}/icon.svg`, "utf8");
  const filled = any
    .replace(/ rx="\d+"/, "")
    .replace("<g>", `<g transform="translate(16 16) scale(${MASKABLE_SCALE}) translate(-16 -16)">`);
  const page = await browser.newPage();
  const draw = async (svg: string, size: number, path: string): Promise<void> => {
    await page.setViewportSize({ width: size, height: size });
    await page.setContent(`<style>html, body { margin: 0 } svg { display: block; inline-size: 100vw }</style>${svg}`);
    await page.screenshot({ path: `${out}/icons/${path}.png`, omitBackground: true });
  };
  for (const size of [192, 512]) {
    await draw(any, size, `any-${size}`);
    await draw(filled, size, `maskable-${size}`);
  }
  await draw(filled, APPLE_SIZE, "apple-touch");
  await page.close();
}
