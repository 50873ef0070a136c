// `npm run shell-pictures`: draws the pictures that stand for the page elsewhere, into `public`: icons, screenshots for those who install
// it, and the card that is shown with a link to it. All come from the icon's SVG and from the built page, so run `npm run build` first.
import { mkdir } from "node:fs/promises";
import { chromium } from "@playwright/test";
import { preview } from "vite";
import { chromiumPath } from "./bootstrap/environment.mjs";
import { drawCard } from "./shell-pictures/card";
import { drawIcons } from "./shell-pictures/icons";
import { drawScreenshots } from "./shell-pictures/screenshots";

const OUT = "public";

const executablePath = chromiumPath();
const server = await preview({ preview: { port: 0 } });
const browser = await chromium.launch({
  ...(executablePath === undefined ? {} : { executablePath }),
  args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
});
try {
  await mkdir(`${OUT}/icons`, { recursive: true });
  await mkdir(`${OUT}/screenshots`, { recursive: true });
  await drawIcons(browser, OUT);
  const pictures = await drawScreenshots(browser, server.resolvedUrls?.local[0] ?? "", OUT);
  await drawCard(browser, pictures, OUT);
} finally {
  await browser.close();
  await server.close();
}
