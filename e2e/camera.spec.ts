// A picture to draw over from the camera: asked for on a click only, one frame, and off again. Chromium brings a camera for tests, which
// shows a moving test picture.
import { expect, test } from "./studio";
import { SMALL_LINK, Studio } from "./studio";

test.use({
  launchOptions: async ({ launchOptions }, use) =>
    use({ ...launchOptions, args: [...(launchOptions.args ?? []), "--use-fake-device-for-media-stream"] }),
});

test("one frame is taken when somebody asks, and the camera is off again", async ({ page, context }) => {
  const studio = new Studio(page);
  await page.addInitScript(() => {
    const tracks: MediaStreamTrack[] = [];
    Reflect.set(window, "tracks", tracks);
    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = async function (this: MediaDevices, wish) {
      const stream = await getUserMedia.call(this, wish);
      tracks.push(...stream.getTracks());
      return stream;
    };
  });
  const tracks = () =>
    page.evaluate(() => (Reflect.get(window, "tracks") as MediaStreamTrack[]).map(({ kind, readyState }) => [kind, readyState]));
  await studio.open(`${SMALL_LINK}&steps=2`);
  expect(await tracks(), "nothing is asked for by itself").toEqual([]);

  // Nobody has allowed it, and a browser without a window cannot ask.
  await page.getByRole("button", { name: "Use the camera" }).click();
  await expect(
    page.getByRole("paragraph").filter({ hasText: "The browser does not let this page use the camera. Allow it" }),
  ).toBeVisible();
  await expect(page.getByRole("slider", { name: "Drawn over it" })).toBeHidden();

  await context.grantPermissions(["camera"]);
  await page.getByRole("button", { name: "Use the camera" }).press("Enter");
  await expect(page.getByRole("slider", { name: "Drawn over it" })).toBeVisible();
  await expect.poll(tracks).toEqual([["video", "ended"]]);
  const frame = await studio.pixelsOf(page.getByRole("button", { name: "Choose another picture" }).locator("canvas"));
  expect(frame.width, "as large as the camera's").toBeGreaterThan(320);
  expect(new Set(frame.bytes.filter((_, at) => at % 4 !== 3)).size, "it shows something").toBeGreaterThan(8);
  await studio.drawn({ prompt: "a meadow" });
  await expect(page.getByText(/over a picture, 1 of 2 steps/)).toBeVisible();
  expect(studio.complaints).toEqual([]);
});
