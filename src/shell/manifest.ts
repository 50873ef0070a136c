// The web app manifest: how Onestroke looks and behaves once it is installed. Addresses are relative to the manifest, which lies beside
// the page, so they hold under any path.
// It has no `id`. An id is relative to the host and not to the page, so two copies under two paths of one host would
// be taken for one app. Without it the app is known by `start_url`, which is its path.
import type { ManifestOptions } from "vite-plugin-pwa";

const icon = (size: number, purpose: "any" | "maskable") => ({
  src: `icons/${purpose}-${size}.png`,
  sizes: `${size}x${size}`,
  type: "image/png",
  purpose,
});

export const MANIFEST: Partial<ManifestOptions> = {
  name: "Onestroke",
  short_name: "Onestroke",
  description: "Pictures from a sentence, in one step, drawn on your own device.",
  lang: "en",
  start_url: "./",
  scope: "./",
  display: "standalone",
  // What the browser paints until the page comes. A manifest can't tell dark from light; the page's own colours can.
  background_color: "#0e1013",
  theme_color: "#0e1013",
  categories: ["graphics", "productivity"],
  icons: [
    { src: "icon.svg", sizes: "any", type: "image/svg+xml", purpose: "any" },
    ...[192, 512].flatMap((size) => [icon(size, "any"), icon(size, "maskable")]),
  ],
  screenshots: [
    {
      src: "screenshots/wide.jpg",
      sizes: "1280x800",
      type: "image/jpeg",
      form_factor: "wide",
      label: "A picture and the sentence that it was drawn from",
    },
    { src: "screenshots/narrow.jpg", sizes: "780x1688", type: "image/jpeg", form_factor: "narrow", label: "The same on a phone" },
  ],
  // A window that is open is used again as it is, and hears what was wanted (app/launches.ts): what somebody has typed in it stays.
  launch_handler: { client_mode: ["focus-existing", "auto"] },
  // The service worker answers this address, so a shared text is never sent to the host (common/shared-text.ts).
  share_target: { action: "./", method: "GET", enctype: "application/x-www-form-urlencoded", params: { title: "title", text: "text" } },
  file_handlers: [{ action: "./", accept: { "image/png": [".png"] } }],
};
