// The element in React, and beside it a picture that the page draws itself.
import { createGenerator, parseRecipe, type Drawing } from "onestroke";
import { configureElements } from "onestroke/element";
import { StrictMode, useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";

declare module "react" {
  // React asks for its own namespace to be extended.
  namespace JSX {
    interface IntrinsicElements {
      "onestroke-image": React.HTMLAttributes<HTMLElement> & {
        readonly prompt: string;
        readonly seed?: string;
        readonly size?: string;
        readonly loading?: "eager" | "lazy";
        /** React 19 listens to events of custom elements by their names. */
        readonly ondrawn?: (event: CustomEvent<Drawing>) => void;
      };
    }
  }
}

const files = { modelsRoot: "onestroke/models/", workerAddress: "onestroke/image-worker.js" };
configureElements({ ...files, storageWorkerAddress: "onestroke/storage-worker.js" });
const generator = createGenerator(files);

function OwnPicture({ prompt }: { readonly prompt: string }): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const abort = new AbortController();
    const recipe = parseRecipe({ model: "vignette", prompt, steps: 1, seed: "2", width: 64, height: 64 });
    generator.generate(recipe, { signal: abort.signal }).then(
      ({ picture }) => canvas.current?.getContext("2d")?.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0),
      (error: unknown) => abort.signal.aborted || reportError(error),
    );
    return () => abort.abort();
  }, [prompt]);
  return <canvas ref={canvas} width={64} height={64} role="img" aria-label={prompt} />;
}

function App(): ReactNode {
  const [prompt, setPrompt] = useState("a cabin in a forest");
  const [drawn, setDrawn] = useState("");
  return (
    <main>
      <input aria-label="Describe a picture" defaultValue={prompt} onBlur={(event) => setPrompt(event.target.value)} />
      <onestroke-image prompt={prompt} seed="2" size="64x64" loading="eager" ondrawn={({ detail }) => setDrawn(detail.recipe.prompt)} />
      <OwnPicture prompt={prompt} />
      <p role="status">{drawn}</p>
    </main>
  );
}

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
