// The document of a frame in other people's pages. What follows the `#` in its address is the picture, as in a link; `?origin=` names the
// page that may ask for others. Without it only pages of this origin may.
import { configureElements } from "../element/define";
import { serveFrame } from "./serve-frame";
import "./embed.css";

configureElements({ modelsRoot: "models/" });
const image = document.createElement("onestroke-image");
image.setAttribute("loading", "eager");
for (const [name, value] of new URLSearchParams(location.hash.slice(1))) image.setAttribute(name, value);
document.body.append(image);

if (window.origin === "null") {
  // Such a frame may start no worker.
  document.body.textContent = "This frame is sandboxed without allow-same-origin, so its browser lets it draw nothing.";
} else if (window.parent !== window) {
  serveFrame(image, new URLSearchParams(location.search).get("origin") ?? location.origin);
}
