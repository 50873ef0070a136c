// Makes `<onestroke-image>` known to the page. It is an entry of the library.
import { OnestrokeImage } from "./onestroke-image";
import { configureElements } from "./shared-engine";

export { configureElements };
export type { ElementOptions } from "./shared-engine";
export { OnestrokeImage };

declare global {
  interface HTMLElementTagNameMap {
    "onestroke-image": OnestrokeImage;
  }
}

// The library's models lie beside this script. Vite would take a literal address for a file of its own.
const here = import.meta.url;
configureElements({ modelsRoot: new URL("models/", here) });

// A page may load the script twice, as by two bundles.
if (customElements.get("onestroke-image") === undefined) customElements.define("onestroke-image", OnestrokeImage);
